//! What an update of BFGS costs, and its rank.

use std::time::Instant;

use cotangent::ndarray::{Array1, Array2};
use lab::{Axis, Hue, Lab, Plot, Result, Symmetric};
use rand::RngExt;

use crate::lbfgs::parts::bfgs::update;

/// A step and the change of the gradient that a bowl of curvatures 1 to 2 makes of it.
fn pair(n: usize, seed: u64) -> [Array1<f64>; 2] {
    let mut rng = lab::rng(seed);
    let s = Array1::from_shape_fn(n, |_| rng.random_range(-1.0..1.0));
    let y = s.mapv(|s| s * rng.random_range(1.0..2.0));
    [s, y]
}

pub fn run(lab: &mut Lab) -> Result {
    let mut times = Vec::new();
    for n in lab.pick(vec![128, 256, 512, 1024], vec![8, 16]) {
        let ([s, y], mut b) = (pair(n, 0), Array2::eye(n));
        let mut fastest = f64::INFINITY;
        for _ in 0..20 {
            let start = Instant::now();
            update(&mut b, &s, &y);
            fastest = fastest.min(start.elapsed().as_secs_f64());
        }
        times.push((n as f64, 1e3 * fastest));
    }
    let (from, to) = (times[0], times[times.len() - 1]);
    let exponent = (to.1 / from.1).ln() / (to.0 / from.0).ln();
    let mut plot = Plot::new(
        "updates",
        "Time of one update of BFGS on this machine",
        Axis::log("number of variables N"),
        Axis::log("time in ms"),
    );
    plot.line(
        Hue::Grey,
        "∝ N²",
        times.iter().map(|p| (p.0, to.1 * (p.0 / to.0).powi(2))).collect::<Vec<_>>(),
    );
    plot.steps(Hue::Blue, "update of B", times);
    lab.show(plot);
    lab.claim(
        "Updating the approximate inverse takes O(n²), where inverting takes O(n³)",
        (1.6..2.6).contains(&exponent),
        format!("from N = {} to {} its time grows as N to the {exponent:.1}", from.0, to.0),
    );

    let n = 20;
    let mut b = Array2::eye(n);
    let mut ranks = Vec::new();
    for seed in 0..5 {
        let before = b.clone();
        let [s, y] = pair(n, seed);
        update(&mut b, &s, &y);
        let sizes = Symmetric::new(&(&b - &before)).values.mapv(f64::abs);
        let largest = sizes.iter().copied().fold(0.0, f64::max);
        ranks.push(sizes.iter().filter(|&&size| size > 1e-12 * largest).count());
    }
    lab.contradicted(
        "BFGS approximates the inverse with rank 1 updates",
        ranks.iter().all(|&rank| rank == 1),
        format!(
            "{} updates of a 20 × 20 matrix have the ranks {ranks:?}: each is two of rank 1",
            ranks.len()
        ),
    );
    Ok(())
}
