//! How many numbers a Hessian has.

use cotangent::ndarray::{Array1, Array2};
use cotangent::prelude::{Loss, Var};
use lab::{Axis, Hue, Lab, Plot, Result, Surface};
use rand::RngExt;

/// The loss of a network 1-h-1 with tanh, whose N = 3h + 1 parameters lie in a row, on a sine.
fn network(theta: Var<'_>) -> Var<'_> {
    let h = (theta.shape()[0] - 1) / 3;
    let x = Array2::from_shape_fn((20, 1), |(i, _)| -3.0 + 0.3 * i as f64);
    let [inputs, targets] = [x.clone(), x.mapv(f64::sin)].map(|x| theta.graph().constant(x));
    let part = |from: usize, to: usize| theta.slice_axis(0, from..to);
    let hidden = (inputs * part(0, h) + part(h, 2 * h)).tanh();
    (hidden.matmul(part(2 * h, 3 * h).unsqueeze(1)) + part(3 * h, 3 * h + 1)).mse(targets)
}

/// A sum over neighbours only.
fn chain(w: Var<'_>) -> Var<'_> {
    let n = w.shape()[0];
    let [left, right] = [w.slice_axis(0, ..n - 1), w.slice_axis(0, 1..)];
    w.square().square().sum() + (left - right).square().sum()
}

pub fn run(lab: &mut Lab) -> Result {
    let mut rng = lab::rng(14);
    let mut plot = Plot::new(
        "elements",
        "How many second derivatives are not 0: of a network’s loss, and of a sum over neighbours",
        Axis::log("number of parameters N"),
        Axis::log("elements of the Hessian"),
    );
    let mut exponents = Vec::new();
    let shapes: [(&str, Hue, for<'g> fn(Var<'g>) -> Var<'g>); 2] =
        [("network", Hue::Vermillion, network), ("neighbours", Hue::Blue, chain)];
    let mut most = 0;
    for (name, hue, record) in shapes {
        let mut counts = Vec::new();
        for hidden in lab.pick(vec![8, 16, 32, 64], vec![2, 4]) {
            let n = 3 * hidden + 1;
            let theta = Array1::from_shape_fn(n, |_| rng.random_range(-1.0..1.0));
            let hessian = Surface::new(record).hessian(&theta.to_vec())?;
            let count = hessian.iter().filter(|element| **element != 0.0).count();
            most = most.max(count);
            counts.push((n as f64, count as f64));
        }
        let (from, to) = (counts[0], counts[counts.len() - 1]);
        exponents.push((to.1 / from.1).ln() / (to.0 / from.0).ln());
        plot.steps(hue, name, counts);
    }
    lab.show(plot);
    lab.claim(
        "The Hessian has O(N²) elements",
        (exponents[0] - 2.0).abs() < 0.05,
        format!(
            "of a network’s loss N to the {:.2} are not 0, {most} for N = 193; of a sum over neighbours N to \
             the {:.2}",
            exponents[0], exponents[1]
        ),
    );
    Ok(())
}
