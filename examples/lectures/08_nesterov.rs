//! Nesterov's momentum: the look-ahead form and the change of variables.
//!
//! `cargo run --release --example gallery -- nesterov`

use cotangent::ndarray::Array1;
use cotangent::optim::{Nesterov, Sgd};
use cotangent::prelude::Var;
use lab::{Axis, Deck, Experiment, Hue, Lab, Path, Plot, Result, Surface, Table, scientific, xy};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Nesterov momentum",
    deck: Deck::Optimization,
    slides: "Nesterov Momentum; Nesterov Accelerate Gradient (NAG)",
    quotes: &[
        "It enjoys stronger theoretical converge guarantees for convex functions and in practice it \
         also consistently works slightly better than standard momentum.",
        "A little is annoying (requires gradient at xₜ + ρvₜ instead of at xₜ). With change of \
         variables, it is resolved.",
    ],
    formulas: &[
        r"v_{t+1} = \rho v_t - \alpha \nabla f(x_t + \rho v_t) \qquad x_{t+1} = x_t + v_{t+1}",
        r"\tilde{x}_t = x_t + \rho v_t",
        r"\tilde{x}_{t+1} = \tilde{x}_t + v_{t+1} + \rho\,(v_{t+1} - v_t)",
    ],
    run,
};

/// A curved valley, so that the forms are compared where gradients change: Rosenbrock's function.
fn valley(w: Var<'_>) -> Var<'_> {
    let [x, y] = xy(w);
    (1.0 - x).square() + 10.0 * (y - x.square()).square()
}

fn ravine(kappa: f64, w: Var<'_>) -> Var<'_> {
    let [x, y] = xy(w);
    0.5 * (x.square() + kappa * y.square())
}

fn run(lab: &mut Lab) -> Result {
    same_path(lab)?;
    against_momentum(lab)
}

/// Three ways to write it down.
fn same_path(lab: &mut Lab) -> Result {
    let (start, rate, rho, steps) = ([-1.2, 0.6], 0.005, 0.9, 200);
    let surface = Surface::new(valley);
    let look_ahead = surface.descend(&start, steps, &mut Nesterov::new(rate, rho))?;
    let changed = surface.descend(&start, steps, &mut Sgd::new(rate).momentum(rho).nesterov())?;

    // By hand, the gradient from the graph.
    let (mut x, mut v) = (Array1::from(start.to_vec()), Array1::zeros(2));
    let mut tilde = Path { points: Vec::new(), values: Vec::new() };
    for _ in 0..lab.pick(60, 5) {
        let ahead = &x + rho * &v;
        let (value, gradient) = surface.at([ahead.to_vec()])?.remove(0);
        tilde.points.push(ahead);
        tilde.values.push(value);
        v = rho * v - rate * gradient;
        x += &v;
    }

    let grid = surface.grid(-1.6..1.6, -0.6..1.6, 97)?;
    let mut plot = Plot::new(
        "forms",
        "In a curved valley: the look-ahead form and the one after the change of variables take one path",
        Axis::new("x").range(-1.6..1.6),
        Axis::new("y").range(-0.6..1.6),
    );
    plot.contours(&grid, grid.levels(16));
    plot.points(Hue::Orange, "look-ahead form", look_ahead.pairs());
    plot.trace(Hue::Green, "after the change of variables", changed.pairs());
    lab.show(plot);

    let (forms, hand) = (look_ahead.distance(&changed), look_ahead.distance(&tilde));
    lab.claim(
        "Both forms give the same path",
        forms < 1e-12,
        format!(
            "at most {forms} apart over {steps} steps in a curved valley",
            forms = scientific(forms, 1)
        ),
    );
    lab.claim(
        "That path is the formulas’: the gradient is taken at x + ρv",
        hand < 1e-12,
        format!("at most {hand} from the formulas written out", hand = scientific(hand, 1)),
    );
    Ok(())
}

/// Quadratic ravines, at the learning rate 1/κ that the theory prescribes.
fn against_momentum(lab: &mut Lab) -> Result {
    let mut table = Table::new(
        "Steps until f is a millionth of its start, at α = 1/κ",
        ["κ", "ρ", "momentum", "Nesterov", "ratio"],
    );
    let mut ratios = Vec::new();
    for kappa in [10.0, 100.0, 1000.0] {
        for rho in [0.9, 0.95, 0.99] {
            let surface = Surface::new(move |w| ravine(kappa, w));
            let steps = |mut sgd: Sgd<f64>| -> Result<usize> {
                let path = surface.descend(&[kappa, 1.0], 2500, &mut sgd)?;
                Ok(path.steps_to(1e-6 * path.values[0]).ok_or("too few steps")?)
            };
            let standard = Sgd::new(1.0 / kappa).momentum(rho);
            let (momentum, nesterov) = (steps(standard.clone())?, steps(standard.nesterov())?);
            let ratio = nesterov as f64 / momentum as f64;
            ratios.push(ratio);
            table.row([
                format!("{kappa}"),
                format!("{rho}"),
                format!("{momentum}"),
                format!("{nesterov}"),
                format!("{ratio:.2}"),
            ]);
        }
    }
    lab.table(table);

    let surface = Surface::new(|w| ravine(10.0, w));
    let mut plot = Plot::new(
        "loss",
        "κ = 10, ρ = 0.95: momentum rolls to and fro, looking ahead brakes it",
        Axis::new("step"),
        Axis::log("loss f").range(1e-9..100.0),
    );
    let sgd = || Sgd::new(0.1).momentum(0.95);
    plot.line(Hue::Vermillion, "momentum", surface.descend(&[10.0, 1.0], 250, &mut sgd())?.curve());
    let nesterov = surface.descend(&[10.0, 1.0], 250, &mut sgd().nesterov())?;
    plot.line(Hue::Green, "Nesterov", nesterov.curve());
    lab.show(plot);

    let worst = ratios.iter().copied().fold(0.0, f64::max);
    let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
    lab.claim(
        "Nesterov works better than standard momentum on convex functions, consistently",
        worst < 1.02 && mean < 0.8,
        format!(
            "over nine ravines {mean:.2} times the steps on average, at worst {worst:.2} times"
        ),
    );
    Ok(())
}
