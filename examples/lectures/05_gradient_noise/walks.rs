//! Where noisy gradients lead.

use cotangent::ndarray::{Array1, Axis as Along, array};
use cotangent::optim::Sgd;
use cotangent::prelude::{Optimizer, Params, Step};
use lab::{Axis, Grid, Hue, Lab, Plot, Result, scientific};
use rand::RngExt;

/// A line fitted to points: where the steps lead from one start, by batch size.
pub fn run(lab: &mut Lab) -> Result {
    let mut rng = lab::rng(3);
    let x = Array1::from_shape_fn(256, |_| rng.random_range(-1.7..1.7));
    let y = x.mapv(|x: f64| 1.5 * x + 0.5 + rng.random_range(-1.7..1.7));
    let cost = |w: f64, b: f64| (w * &x + b - &y).mapv(|e| e * e).mean().expect("samples");
    let (steps, rate) = (lab.pick(400, 20), 0.05);
    let mut paths = Vec::new();
    for batch in [1, 16, 256] {
        let mut params = Params::<f64>::with_seed(0);
        let line = params.root().parameter("line", array![-0.5, 2.0].into_dyn());
        let mut step = Step::new(|g, [x, y]| {
            let [w, b] = lab::xy(g.param(&line));
            (w * x + b - y).square().mean()
        });
        let mut sgd = Sgd::new(rate);
        let mut path = Vec::new();
        for _ in 0..=steps {
            path.push((params.trainable()[0], params.trainable()[1]));
            let rows: Vec<usize> = match batch {
                256 => (0..256).collect(),
                _ => (0..batch).map(|_| rng.random_range(0..256)).collect(),
            };
            step.run(&mut params, (&x.select(Along(0), &rows), &y.select(Along(0), &rows)))?;
            sgd.step(&mut params, step.gradients())?;
        }
        paths.push(path);
    }
    let grid = Grid::of(-1.0..3.0, -0.8..2.4, 81, cost);
    let mut plot = Plot::new(
        "walks",
        &format!("{steps} steps of α = {rate} towards the line that fits best, by batch size"),
        Axis::new("slope w").range(-1.0..3.0),
        Axis::new("intercept b").range(-0.8..2.4),
    );
    plot.contours(&grid, grid.levels(14));
    let styles = [(Hue::Orange, "batch 1"), (Hue::Blue, "batch 16"), (Hue::Ink, "all 256")];
    for (path, (hue, label)) in paths.iter().zip(styles) {
        plot.trace(hue, label, path.clone());
    }
    lab.show(plot);

    let best = paths[2][steps];
    let wander = |path: &[(f64, f64)]| {
        let tail = &path[path.len() / 2..];
        let square = |p: &(f64, f64)| (p.0 - best.0).powi(2) + (p.1 - best.1).powi(2);
        (tail.iter().map(square).sum::<f64>() / tail.len() as f64).sqrt()
    };
    let [one, sixteen, all] = [wander(&paths[0]), wander(&paths[1]), wander(&paths[2])];
    lab.claim(
        "With noisy gradients descent does not settle: it wanders around the minimum",
        one > 2.5 * sixteen && sixteen > 20.0 * all,
        format!(
            "distance over the last {} steps: {one:.3} for single samples, {sixteen:.3} for 16, {} for all",
            steps / 2,
            scientific(all, 1)
        ),
    );
    Ok(())
}
