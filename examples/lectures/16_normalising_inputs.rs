//! Normalising inputs: features on scales (1, 1000) and (0, 1).
//!
//! `cargo run --release -p lectures --example gallery -- normalising_inputs`

#[path = "16_normalising_inputs"]
mod parts {
    pub mod contours;
    pub mod network;
    pub mod steps;
    pub mod weights;
}

use cotangent::data::Standardizer;
use cotangent::ndarray::{Array1, Array2, Axis as Along, array};
use cotangent::optim::Sgd;
use cotangent::prelude::Loss;
use lab::{Deck, Experiment, Lab, Path, Result, Surface, Symmetric};
use parts::{contours, network, steps, weights};
use rand::RngExt;

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Normalising inputs",
    deck: Deck::Both,
    slides: "Why Normalization; Normalizing Activations in a Network; Recall: Normalizing inputs",
    quotes: &[
        "If the features are on different scale (1,1000) and (0,1), then the weights will end up \
         taking different values. More steps may be needed to reach optimal value and the learning \
         can be slow.",
        "Normalizing inputs is done to speed up learning.",
        "Remove mean: from each of the input mean of the corresponding input. Normalize variance.",
    ],
    formulas: &[
        r"\mu_i = \frac{1}{N} \sum_n x_i^{(n)} \qquad \sigma_i^2 = \frac{1}{N} \sum_n \left(x_i^{(n)} - \mu_i\right)^2",
        r"x_i \leftarrow \frac{x_i - \mu_i}{\sigma_i}",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "16_normalising_inputs": weights, contours, steps, network)
}

const SAMPLES: usize = 200;
/// The error above the least one that counts as learned.
const LEARNED: f64 = 0.01;

/// Features on scales (1, s) and (0, 1), which mean the same to the target.
fn samples(scale: f64) -> (Array2<f64>, Array1<f64>) {
    let mut rng = lab::rng(16);
    let unit = Array2::from_shape_fn((SAMPLES, 2), |_| rng.random_range(0.001..1.0));
    let noise = Array1::from_shape_fn(SAMPLES, |_| rng.random_range(-0.5..0.5));
    let y = 3.0 * unit.sum_axis(Along(1)) + noise;
    (unit * array![scale, 1.0], y)
}

/// A linear neuron with a squared error on two features: θ = (w₁, w₂, b).
struct Neuron {
    x: Array2<f64>,
    y: Array1<f64>,
    surface: Surface<'static>,
    hessian: Symmetric,
    lowest: Array1<f64>,
    /// The error there.
    least: f64,
}

impl Neuron {
    fn new(x: Array2<f64>, y: Array1<f64>) -> Result<Self> {
        let (inputs, targets) = (x.clone(), y.clone());
        let surface = Surface::new(move |theta| {
            let graph = theta.graph();
            let (w, b) = (theta.slice_axis(0, 0..2), theta.slice_axis(0, 2..3));
            (graph.constant(inputs.clone()).matmul(w) + b).mse(graph.constant(targets.clone()))
        });
        let hessian = Symmetric::new(&surface.hessian(&[0.0; 3])?);
        // The error is quadratic: one step of Newton’s, and another for rounding.
        let mut lowest = Array1::zeros(3);
        for _ in 0..2 {
            let slope = surface.at([lowest.to_vec()])?.remove(0).1;
            lowest = lowest - hessian.solve(&slope);
        }
        let least = surface.at([lowest.to_vec()])?[0].0;
        Ok(Self { x, y, surface, hessian, lowest, least })
    }

    /// The learning rate that is right for the steepest direction.
    fn rate(&self) -> f64 {
        1.0 / self.hessian.values[2]
    }

    fn descend(&self, start: [f64; 3], steps: usize) -> Result<Path> {
        self.surface.descend(&start, steps, &mut Sgd::new(self.rate()))
    }

    /// The error above the least after t steps from 0, by the eigenvalues: a step leaves 1 − αλ of
    /// the distance along each eigenvector.
    fn excess(&self, t: f64) -> f64 {
        let distance = self.hessian.vectors.t().dot(&self.lowest);
        let kept = self.hessian.values.mapv(|l| (1.0 - self.rate() * l).abs().powf(t));
        0.5 * (&self.hessian.values * (distance * kept).mapv(|d| d * d)).sum()
    }

    /// The steps from 0 until it has learned, by the eigenvalues.
    fn predicted(&self) -> f64 {
        let (mut low, mut high) = (0.0, 1.0);
        while self.excess(high) >= LEARNED {
            (low, high) = (high, 2.0 * high);
        }
        while high - low > 1.0 {
            let middle = (0.5 * (low + high)).floor();
            if self.excess(middle) >= LEARNED { low = middle } else { high = middle }
        }
        high
    }
}

/// The neuron on features as they are, and on normalised ones.
fn neurons() -> Result<[Neuron; 2]> {
    let (x, y) = samples(1000.0);
    let normalised = Standardizer::of(&x)?.standardized(&x)?;
    Ok([Neuron::new(x, y.clone())?, Neuron::new(normalised, y)?])
}
