//! Local minima, saddle points and plateaus.
//!
//! `cargo run --release --example gallery -- saddle_points`

use cotangent::ndarray::{Array1, Array2, Axis as Along, Ix2, Slice};
use cotangent::optim::Sgd;
use cotangent::prelude::{Function, Params};
use lab::{Axis, Deck, Experiment, Hue, Lab, Plot, Result, Surface, Symmetric, Table, xy};
use rand::RngExt;

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Saddle points, local minima, plateaus",
    deck: Deck::Optimization,
    slides: "Problems with SGD; The problem of local optima; Problem of plateaus",
    quotes: &[
        "What if the loss function has a local minima or saddle point?",
        "For high dimensional parameter space, most points of zero gradients are not local optima \
         and are saddle points.",
        "Plateau is a region where the derivative is close to zero for a long time: very very slow \
         progress. Finally, algorithm can then find its way off the plateau.",
    ],
    formulas: &[
        r"\nabla f(w) = 0",
        r"\text{minimum} \iff \lambda_i\left(\nabla^2 f(w)\right) > 0 \text{ for all } i",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    saddle(lab)?;
    two_minima(lab)?;
    dimensions(lab)
}

/// A saddle at 0 between two minima: f = ½x² − ½y² + ¼y⁴.
fn saddle(lab: &mut Lab) -> Result {
    let surface = Surface::new(|w| {
        let [x, y] = xy(w);
        0.5 * x.square() - 0.5 * y.square() + 0.25 * y.powf(4.0)
    });
    let steps = 400;
    let descend = |y: f64| surface.descend(&[-1.8, y], steps, &mut Sgd::new(0.1));
    let [on_axis, beside, off] = [descend(0.0)?, descend(-1e-9)?, descend(0.2)?];
    let grid = surface.grid(-2.0..2.0, -1.6..1.6, 81)?;
    let mut plot = Plot::new(
        "saddle",
        "Descent to a saddle point, and from there into one of the minima beside it",
        Axis::new("x").range(-2.0..2.0),
        Axis::new("y").range(-1.6..1.6),
    );
    plot.contours(&grid, [-0.24, -0.2, -0.15, -0.1, -0.05, 0.0, 0.1, 0.25, 0.5, 0.8, 1.2, 1.6]);
    plot.steps(Hue::Green, "from y = 0.2", off.pairs());
    plot.steps(Hue::Blue, "from y = −10⁻⁹", beside.pairs());
    plot.steps(Hue::Vermillion, "from y = 0", on_axis.pairs());
    lab.show(plot);

    let mut plot = Plot::new(
        "plateau",
        "The same descents: near the saddle the loss stands still for a long time",
        Axis::new("step"),
        Axis::new("loss f").range(-0.3..0.5),
    );
    plot.line(Hue::Green, "from y = 0.2", off.curve());
    plot.line(Hue::Blue, "from y = −10⁻⁹", beside.curve());
    plot.line(Hue::Vermillion, "from y = 0", on_axis.curve());
    lab.show(plot);

    let norms = surface.at(beside.points.iter().map(|point| point.to_vec()))?;
    let flat = norms.iter().filter(|(_, g)| g.dot(g).sqrt() < 0.01).count();
    let flat_above = norms.iter().filter(|(f, g)| g.dot(g).sqrt() < 0.01 && *f > -0.01).count();
    lab.claim(
        "On a plateau the derivative is close to zero for a long time",
        flat_above >= 100 && flat > flat_above,
        format!("the gradient stays below 0.01 for {flat_above} steps at the height of the saddle"),
    );
    lab.claim(
        "Finally it finds its way off the plateau",
        (beside.values[steps] + 0.25).abs() < 1e-6 && on_axis.values[steps].abs() < 1e-6,
        format!(
            "from y = −10⁻⁹ it ends at f = {:.4}; from y = 0 exactly it stays at {:.4}",
            beside.values[steps], on_axis.values[steps]
        ),
    );
    Ok(())
}

/// Two hollows, of which one is deeper: f = ¼(x² − 1)² + 0.15x + ½y².
fn two_minima(lab: &mut Lab) -> Result {
    let surface = Surface::new(|w| {
        let [x, y] = xy(w);
        0.25 * (x.square() - 1.0).square() + 0.15 * x + 0.5 * y.square()
    });
    let descend = |x: f64| surface.descend(&[x, 0.9], 200, &mut Sgd::new(0.1));
    let [left, right] = [descend(-0.2)?, descend(0.5)?];
    let grid = surface.grid(-1.7..1.7, -1.1..1.1, 81)?;
    let mut plot = Plot::new(
        "minima",
        "Two starts, two minima; the one on the right is higher",
        Axis::new("x").range(-1.7..1.7),
        Axis::new("y").range(-1.1..1.1),
    );
    plot.contours(&grid, grid.levels(18));
    plot.steps(Hue::Blue, "to the lower one", left.pairs());
    plot.steps(Hue::Vermillion, "to the higher one", right.pairs());
    lab.show(plot);
    let eigenvalues = Symmetric::new(&surface.hessian(&right.end().to_vec())?).values;
    lab.claim(
        "Descent may end in a local minimum",
        right.values[200] > left.values[200] + 0.2 && eigenvalues[0] > 0.1,
        format!(
            "at f = {:.3}, where another minimum has {:.3}",
            right.values[200], left.values[200]
        ),
    );
    Ok(())
}

/// Critical points of random functions of more and more variables, f = √(2/m) Σ cos(kᵢ·w + φᵢ):
/// found by Newton's method on ∇f = 0 from random starts, which takes to any kind of them.
fn dimensions(lab: &mut Lab) -> Result {
    let mut table = Table::new(
        "Critical points of random functions",
        ["dimension", "found", "minima", "maxima", "saddle points", "share of minima"],
    );
    let (mut minima, mut saddles) = (Vec::new(), Vec::new());
    for n in [1, 2, 3, 4, 6, 8, 10] {
        let shares = critical_points(n, lab.pick(200, 10))?;
        let count = |kind: fn(f64) -> bool| shares.iter().filter(|&&share| kind(share)).count();
        let (low, high) = (count(|share| share == 0.0), count(|share| share == 1.0));
        let share = |count: usize| count as f64 / shares.len() as f64;
        minima.push((n as f64, share(low)));
        saddles.push((n as f64, share(shares.len() - low - high)));
        table.row([
            format!("{n}"),
            format!("{}", shares.len()),
            format!("{low}"),
            format!("{high}"),
            format!("{}", shares.len() - low - high),
            format!("{:.1} %", 100.0 * share(low)),
        ]);
    }
    lab.table(table);
    let mut plot = Plot::new(
        "dimensions",
        "Where the gradient of a random function is zero: with more dimensions, nearly always a saddle",
        Axis::new("number of dimensions").range(0.5..10.5),
        Axis::new("share of critical points").range(-0.02..1.02),
    );
    let halves: Vec<_> = (1..=10).map(|n| (f64::from(n), 0.5f64.powi(n))).collect();
    plot.line(Hue::Blue, "", saddles.clone());
    plot.points(Hue::Blue, "saddle points", saddles.clone());
    plot.line(Hue::Vermillion, "", minima.clone());
    plot.points(Hue::Vermillion, "minima", minima.clone());
    plot.line(Hue::Grey, "2⁻ⁿ: a coin for each direction", halves);
    lab.show(plot);
    lab.claim(
        "For high dimensional spaces most points of zero gradient are saddle points",
        saddles[6].1 > 0.95,
        format!(
            "{:.0} % in 10 dimensions, {:.0} % in 2",
            100.0 * saddles[6].1,
            100.0 * saddles[1].1
        ),
    );
    lab.claim(
        "The chance that all directions bend upwards is very small",
        (0.35..0.65).contains(&minima[0].1) && minima[5].1 < 0.03 && minima[6].1 < 0.02,
        format!(
            "minima are {:.0} % in one dimension, {:.1} % in 4, {:.1} % in 10",
            100.0 * minima[0].1,
            100.0 * minima[3].1,
            100.0 * minima[6].1
        ),
    );
    Ok(())
}

/// The share of negative eigenvalues of the Hessian at each critical point that is found.
fn critical_points(n: usize, starts: usize) -> Result<Vec<f64>> {
    let waves = 200;
    let mut rng = lab::rng(n as u64);
    // The sum of twelve uniform numbers is nearly normal.
    let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
    let k = Array2::from_shape_fn((waves, n), |_| normal());
    let phase = Array1::from_shape_fn(waves, |_| 10.0 * normal());
    let mut derivatives = Function::new(move |g, [w]| {
        let f = (g.constant(k.clone()).matmul(w) + g.constant(phase.clone())).cos().sum();
        let f = f * (2.0 / waves as f64).sqrt();
        g.concat(&[f.grad(w).unsqueeze(0), f.hessian(w)], 0)
    });
    let params = Params::<f64>::with_seed(0);
    let mut rng = lab::rng(100 + n as u64);
    let mut shares = Vec::new();
    for _ in 0..starts {
        let mut w = Array1::from_shape_fn(n, |_| rng.random_range(-50.0..50.0));
        for _ in 0..60 {
            let both = derivatives.run(&params, (&w,))?.into_dimensionality::<Ix2>()?;
            let gradient = both.index_axis(Along(0), 0).to_owned();
            let hessian = Symmetric::new(&both.slice_axis(Along(0), Slice::from(1..)).to_owned());
            if gradient.dot(&gradient).sqrt() < 1e-9 {
                shares.push(hessian.negative_share());
                break;
            }
            let step = hessian.solve(&gradient);
            let length = step.dot(&step).sqrt();
            w = w - step * (0.5 / length).min(1.0);
        }
    }
    Ok(shares)
}
