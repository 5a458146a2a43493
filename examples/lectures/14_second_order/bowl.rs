//! Bowls of growing condition numbers and dimensions: one step each.

use cotangent::minimize::{Newton, Recorded};
use cotangent::ndarray::{Array1, Array2};
use cotangent::optim::Sgd;
use cotangent::prelude::{Minimizer, Var};
use lab::{Hue, Lab, Result, Surface, Symmetric, Table, scientific};
use rand::RngExt;

use crate::second_order::newton;

/// A symmetric matrix with eigenvalues from 1 to κ, turned at random.
fn ellipsoid(n: usize, kappa: f64) -> Array2<f64> {
    let mut rng = lab::rng(n as u64);
    let any = Array2::from_shape_fn((n, n), |_| rng.random_range(-1.0..1.0));
    let v = Symmetric::new(&(&any + &any.t())).vectors;
    let values = Array1::from_shape_fn(n, |i| kappa.powf(i as f64 / (n - 1).max(1) as f64));
    (&v * &values).dot(&v.t())
}

fn quadratic<'g>(a: &Array2<f64>, b: &Array1<f64>, w: Var<'g>) -> Var<'g> {
    let from = w - w.graph().constant(b.clone());
    0.5 * (from * w.graph().constant(a.clone()).matmul(from)).sum()
}

/// The greatest distance of a coordinate.
fn distance(from: &Array1<f64>, to: &Array1<f64>) -> f64 {
    (from - to).mapv(f64::abs).fold(0.0, |a: f64, &b| a.max(b))
}

pub fn run(lab: &mut Lab) -> Result {
    let mut table = Table::new(
        "Steps to the minimum of a bowl (to a millionth of the start’s loss), and the distance then left",
        ["method", "N", "κ", "steps", "distance"],
    );
    let (mut all_one, mut worst, mut fewest) = (true, 0f64, f64::INFINITY);
    for (n, kappa) in [(2, 10.0), (2, 100.0), (20, 100.0), (50, 1000.0)] {
        let a = ellipsoid(n, kappa);
        let lowest = Array1::from_shape_fn(n, |i| 1.0 + i as f64 / n as f64);
        let start = Array1::<f64>::zeros(n);
        let (matrix, at) = (a.clone(), lowest.clone());
        let surface = Surface::new(move |w| quadratic(&matrix, &at, w));
        let mut row = |method: &str, steps: f64, left: f64| {
            let [n, kappa] = [format!("{n}"), format!("{kappa}")];
            table.row([method.into(), n, kappa, format!("{steps}"), scientific(left, 1)]);
        };
        let mut best = Sgd::new(2.0 / (1.0 + kappa));
        let path = surface.descend(&start.to_vec(), lab.pick(10_000, 20), &mut best)?;
        let steps = path.steps_to(1e-6 * path.values[0]);
        let end = &path.points[steps.unwrap_or(path.points.len() - 1)];
        let steps = steps.map_or(f64::INFINITY, |steps| steps as f64);
        row("gradient descent, best α", steps, distance(end, &lowest));
        fewest = fewest.min(steps);

        let once = newton(&surface, &start)?;
        let there = surface.at([once.to_vec()])?[0].0 < 1e-6 * path.values[0];
        let left = distance(&once, &lowest);
        row("θ − H⁻¹∇J", if there { 1.0 } else { f64::INFINITY }, left);
        (all_one, worst) = (all_one && there, worst.max(left));

        let mut recorded = Recorded::new(n, |_, w| quadratic(&a, &lowest, w));
        let minimum = Newton::new().minimize(&mut recorded, &start.to_vec())?;
        let left = distance(&Array1::from(minimum.x.clone()), &lowest);
        row("Newton in a trust region", minimum.iterations() as f64, left);
    }
    lab.table(table);
    figure(lab)?;
    lab.claim(
        "Newton’s update reaches the minimum of a bowl in one step, without a learning rate",
        all_one && worst < 1e-10 && fewest >= 10.0,
        format!(
            "one step each for four bowls, to {}; gradient descent at its best rate takes {fewest} steps or more",
            scientific(worst, 1)
        ),
    );
    Ok(())
}

fn figure(lab: &mut Lab) -> Result {
    let (kappa, steps, start) = (25.0, 40, [-3.1, -2.3]);
    let (a, lowest) = (ellipsoid(2, kappa), Array1::from(vec![0.5, -0.5]));
    let surface = Surface::new(move |w| quadratic(&a, &lowest, w));
    let descent = surface.descend(&start, steps, &mut Sgd::new(2.0 / (1.0 + kappa)))?;
    let once = newton(&surface, &Array1::from(start.to_vec()))?;
    let caption = format!(
        "A bowl of condition number {kappa}: descent at its best rate, and Newton’s one step"
    );
    let (across, along) = (("θ₁", -4.0..4.0), ("θ₂", -3.5..2.5));
    let mut plot = surface.map(["bowl", &caption], across, along, |grid| grid.levels(14))?;
    plot.steps(Hue::Blue, &format!("gradient descent, {steps} steps"), descent.pairs());
    plot.steps(Hue::Vermillion, "Newton", [(start[0], start[1]), (once[0], once[1])]);
    lab.show(plot);
    Ok(())
}
