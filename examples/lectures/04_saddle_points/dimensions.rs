//! Where the gradient is zero, in more and more dimensions.

use cotangent::ndarray::{Array1, Array2, Axis as Along, Ix2, Slice};
use cotangent::prelude::{Function, Params};
use lab::{Axis, Hue, Lab, Plot, Result, Symmetric, Table, normal};
use rand::RngExt;

/// Critical points of random functions of more and more variables, f = √(2/m) Σ cos(kᵢ·w + φᵢ):
/// found by Newton's method on ∇f = 0 from random starts, which takes to any kind of them.
pub fn run(lab: &mut Lab) -> Result {
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
    let k = Array2::from_shape_fn((waves, n), |_| normal(&mut rng));
    let phase = Array1::from_shape_fn(waves, |_| 10.0 * normal(&mut rng));
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
