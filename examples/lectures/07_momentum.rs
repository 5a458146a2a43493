//! Momentum, in both of its forms, against plain descent.
//!
//! `cargo run --release --example gallery -- momentum`

use cotangent::optim::Sgd;
use cotangent::prelude::Var;
use lab::{Axis, Deck, Experiment, Grid, Hue, Lab, Plot, Result, Surface, Table, scientific, xy};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Momentum",
    deck: Deck::Optimization,
    slides: "SGD + Momentum; Momentum helps to reduce problems with SGD; Gradient descent with momentum",
    quotes: &[
        "Build up “velocity” as a running mean of gradients.",
        "Momentum helps to reduce problems with SGD.",
        "Learning rate would need to be tuned differently for these two different versions.",
    ],
    formulas: &[
        r"v \leftarrow \beta v + (1 - \beta)\,dW \qquad W \leftarrow W - \alpha v",
        r"v \leftarrow \beta v + dW \qquad W \leftarrow W - \alpha v",
        r"\text{equal if}\quad \alpha_{\text{first}} = \frac{\alpha_{\text{second}}}{1 - \beta}",
    ],
    run,
};

const KAPPA: f64 = 100.0;
const BETA: f64 = 0.9;

fn ravine(w: Var<'_>) -> Var<'_> {
    let [x, y] = xy(w);
    0.5 * (x.square() + KAPPA * y.square())
}

fn run(lab: &mut Lab) -> Result {
    fewer_steps(lab)?;
    two_forms(lab)?;
    through_bumps(lab)
}

/// Plain descent at its best learning rate, and momentum at the same.
fn fewer_steps(lab: &mut Lab) -> Result {
    let surface = Surface::new(ravine);
    let start = [-4.0, 1.0];
    let best = 2.0 / (1.0 + KAPPA);
    let plain = surface.descend(&start, 500, &mut Sgd::new(best))?;
    let momentum = surface.descend(&start, 500, &mut Sgd::new(best).momentum(BETA))?;

    let grid = surface.grid(-4.5..3.5, -1.3..1.3, 81)?;
    let mut plot = Plot::new(
        "paths",
        "The first 40 steps in the ravine of κ = 100, both at the learning rate that is best for plain descent",
        Axis::new("shallow direction x").range(-4.5..3.5),
        Axis::new("steep direction y").range(-1.3..1.3),
    );
    plot.contours(&grid, grid.levels(12));
    plot.steps(Hue::Blue, "plain", plain.pairs()[..41].to_vec());
    plot.steps(Hue::Vermillion, "momentum, β = 0.9", momentum.pairs()[..41].to_vec());
    lab.show(plot);

    let rates: Vec<f64> = (0..15).map(|i| best * 0.75f64.powi(10 - i)).collect();
    let mut curves = [Vec::new(), Vec::new()];
    for &rate in &rates {
        for (curve, beta) in curves.iter_mut().zip([0.0, BETA]) {
            let path = surface.descend(&start, 6000, &mut Sgd::new(rate).momentum(beta))?;
            let steps = path.steps_to(1e-6 * path.values[0]);
            curve.push((rate, steps.map_or(f64::NAN, |steps| steps as f64)));
        }
    }
    let mut plot = Plot::new(
        "rates",
        "Steps until the loss is a millionth; a line that ends diverges beyond",
        Axis::log("learning rate α"),
        Axis::log("steps"),
    );
    plot.line(Hue::Blue, "plain", curves[0].clone());
    plot.line(Hue::Vermillion, "momentum, β = 0.9", curves[1].clone());
    plot.rule_at_x(Hue::Grey, "2/(1 + κ)", best);
    lab.show(plot);

    let needed = |path: &lab::Path| path.steps_to(1e-6 * path.values[0]).ok_or("too few steps");
    let (slow, fast) = (needed(&plain)?, needed(&momentum)?);
    lab.claim(
        "Momentum needs at most half the steps of plain descent in the ravine",
        2 * fast <= slow,
        format!("{fast} against {slow} steps at plain descent’s best learning rate {best:.4}"),
    );
    let fewest = |curve: &[(f64, f64)]| curve.iter().map(|point| point.1).fold(f64::NAN, f64::min);
    let reach = |curve: &[(f64, f64)]| curve.iter().filter(|point| point.1.is_finite()).count();
    lab.claim(
        "Momentum bears learning rates at which plain descent diverges",
        2.0 * fewest(&curves[1]) <= fewest(&curves[0]) && reach(&curves[1]) > reach(&curves[0]) + 1,
        format!(
            "{} of 15 rates converge with it, {} without",
            reach(&curves[1]),
            reach(&curves[0])
        ),
    );
    Ok(())
}

/// The running mean and the running sum of gradients.
fn two_forms(lab: &mut Lab) -> Result {
    let surface = Surface::new(ravine);
    let start = [-4.0, 1.0];
    let rate = 0.01;
    let sum = surface.descend(&start, 300, &mut Sgd::new(rate).momentum(BETA))?;
    let mean =
        |rate: f64| surface.descend(&start, 300, &mut Sgd::new(rate).averaged_momentum(BETA));
    let (scaled, same) = (mean(rate / (1.0 - BETA))?, mean(rate)?);
    let mut table =
        Table::new("The loss after a number of steps", ["form", "α", "10", "50", "300"]);
    for (name, alpha, path) in [
        ("v ← βv + dW", rate, &sum),
        ("v ← βv + (1−β)dW", rate / (1.0 - BETA), &scaled),
        ("v ← βv + (1−β)dW", rate, &same),
    ] {
        let value = |step: usize| scientific(path.values[step], 4);
        table.row([name.into(), format!("{alpha:.2}"), value(10), value(50), value(300)]);
    }
    lab.table(table);
    let (apart, off) = (sum.distance(&scaled), sum.distance(&same));
    lab.claim(
        "The two forms take the same path if one’s learning rate is 1/(1−β) times the other’s",
        apart < 1e-12 && off > 0.5,
        format!(
            "at most {apart} apart over 300 steps; {off:.1} apart at equal rates",
            apart = scientific(apart, 1)
        ),
    );
    Ok(())
}

/// A long slope with bumps on it: f(x) = x²/10 − cos(3x)/4.
fn through_bumps(lab: &mut Lab) -> Result {
    let surface = Surface::new(|w| (0.1 * w.square() - 0.25 * (3.0 * w).cos()).sum());
    let rate = 0.05;
    let plain = surface.descend(&[4.5], 300, &mut Sgd::new(rate))?;
    let momentum = surface.descend(&[4.5], 300, &mut Sgd::new(rate).momentum(BETA))?;
    let shape =
        Grid::at((0..301).map(|i| -1.5 + 0.0215 * f64::from(i)).collect(), vec![0.0], |_, _| 0.0);
    let values = surface.at(shape.xs.iter().map(|&x| vec![x]))?;
    let mut plot = Plot::new(
        "bumps",
        "A slope with bumps: plain descent stops in the first hollow, the velocity carries over it",
        Axis::new("x"),
        Axis::new("loss f(x)"),
    );
    let curve: Vec<_> = shape.xs.iter().zip(&values).map(|(&x, value)| (x, value.0)).collect();
    plot.line(Hue::Grey, "", curve);
    let on_curve = |path: &lab::Path| -> Vec<(f64, f64)> {
        path.points.iter().zip(&path.values).map(|(x, &value)| (x[0], value)).take(60).collect()
    };
    plot.points(Hue::Vermillion, "momentum, β = 0.9", on_curve(&momentum));
    plot.points(Hue::Blue, "plain", on_curve(&plain));
    lab.show(plot);
    let (stuck, through) = (plain.values[300], momentum.values[300]);
    lab.claim(
        "Momentum passes a local minimum in which plain descent stays",
        stuck > 1.0 && (through + 0.25).abs() < 1e-6,
        format!("plain ends at f = {stuck:.3}, momentum at {through:.3}, the lowest there is"),
    );
    Ok(())
}
