//! A line fitted to points in small batches.

use cotangent::ndarray::{Array1, Axis as Along, array};
use cotangent::optim::{Schedule, Sgd};
use cotangent::prelude::{Curve, Optimizer, Params, Step};
use lab::{Result, Symmetric};
use rand::RngExt;

use crate::decay::START;

pub const SAMPLES: usize = 256;
pub const BATCH: usize = 8;

/// Points near a line, and the line that fits them best.
pub struct Line {
    pub x: Array1<f64>,
    pub y: Array1<f64>,
    pub best: Array1<f64>,
}

/// Descent with batches of 8, by epoch.
pub struct Walk {
    /// The learning rate at the end.
    pub last: f64,
    /// The distance from the best line, root mean square over the epoch and several runs.
    pub distances: Vec<f64>,
    /// The points of the first run.
    pub path: Vec<(f64, f64)>,
}

impl Line {
    pub fn new() -> Self {
        let mut rng = lab::rng(12);
        let x = Array1::from_shape_fn(SAMPLES, |_| rng.random_range(-0.6..0.6));
        let y = x.mapv(|x: f64| 1.5 * x + 0.5 + rng.random_range(-1.0..1.0));
        // The normal equations.
        let [sx, sy] = [x.sum(), y.sum()];
        let normal = array![[x.dot(&x), sx], [sx, SAMPLES as f64]];
        let best = Symmetric::new(&normal).solve(&array![x.dot(&y), sy]);
        Self { x, y, best }
    }

    pub fn fit(&self, schedule: &Schedule, epochs: usize, runs: usize) -> Result<Walk> {
        let mut walk = Walk { last: START, distances: vec![0.0; epochs], path: vec![] };
        let batches = SAMPLES / BATCH;
        for run in 0..runs {
            let mut params = Params::<f64>::with_seed(0);
            let line = params.root().parameter("line", array![-2.5, 2.0].into_dyn());
            let mut step = Step::new(|g, [x, y]| {
                let [w, b] = lab::xy(g.param(&line));
                (w * x + b - y).square().mean()
            });
            let mut sgd = Sgd::new(START).schedule(schedule.clone().per(batches as u64));
            let mut rng = lab::rng(run as u64);
            for epoch in 0..epochs {
                if run == 0 {
                    walk.last = Optimizer::<f64>::learning_rate(&sgd);
                }
                for _ in 0..batches {
                    let rows: [usize; BATCH] =
                        std::array::from_fn(|_| rng.random_range(0..SAMPLES));
                    let [x, y] = [&self.x, &self.y].map(|all| all.select(Along(0), &rows));
                    step.run(&mut params, (&x, &y))?;
                    sgd.step(&mut params, step.gradients())?;
                    let at = params.trainable();
                    let square = (at[0] - self.best[0]).powi(2) + (at[1] - self.best[1]).powi(2);
                    walk.distances[epoch] += square / (batches * runs) as f64;
                    if run == 0 {
                        walk.path.push((at[0], at[1]));
                    }
                }
            }
        }
        walk.distances.iter_mut().for_each(|square| *square = square.sqrt());
        Ok(walk)
    }
}
