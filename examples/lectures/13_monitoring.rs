//! Monitoring: what loss curves and the ratio of updates to weights tell about a run.
//!
//! `cargo run --release -p lectures --example gallery -- monitoring`

#[path = "13_monitoring"]
mod parts {
    pub mod losses;
    pub mod overfitting;
    pub mod ratio;
}

use cotangent::optim::Sgd;
use cotangent::prelude::Dataset;
use lab::{Classifier, Deck, Experiment, Lab, Result};
use parts::{losses, overfitting, ratio};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Monitoring a run",
    deck: Deck::Optimization,
    slides: "Monitoring loss function during iterations; Track the ratio of weight updates / weight \
             magnitudes",
    quotes: &[
        "Monitoring loss function during iterations.",
        "Track the ratio of weight updates / weight magnitudes.",
        "Ratio between the updates and values: e.g., 0.0002 / 0.02 = 0.01 (about okay). Want this to \
         be somewhere around 0.001 or so.",
    ],
    formulas: &[
        r"\frac{\text{update scale}}{\text{param scale}} = \frac{\lVert -\alpha\, dW \rVert}{\lVert W \rVert}",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "13_monitoring": losses, overfitting, ratio)
}

/// A training, watched at every step.
#[derive(Default)]
struct Watched {
    costs: Vec<f64>,
    /// ‖ΔW‖/‖W‖ of the first layer.
    ratios: Vec<f64>,
    /// How far the update is from −α·dW at most, relative.
    off: f64,
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|x| x * x).sum::<f64>().sqrt()
}

fn watch(model: &mut Classifier, samples: &Dataset, rate: f64, epochs: usize) -> Result<Watched> {
    let (mut sgd, mut rng) = (Sgd::new(rate), lab::rng(0));
    let weight = model.params.trainable_entries().find(|param| param.path().ends_with("weight"));
    let range = model.params.range(weight.ok_or("no weight")?.id());
    let mut watched = Watched::default();
    for _ in 0..epochs {
        for (x, labels) in samples.batches(64)?.shuffled(&mut rng) {
            let before = model.params.trainable()[range.clone()].to_vec();
            watched.costs.push(model.learn(&x, &labels, &mut sgd)?);
            let after = &model.params.trainable()[range.clone()];
            let scale = norm(before.iter().map(|&w| f64::from(w)));
            let update = norm(after.iter().zip(&before).map(|(a, b)| f64::from(a - b)));
            let dw = &model.gradients().values()[range.clone()];
            let slide = rate * norm(dw.iter().map(|&g| f64::from(g)));
            watched.ratios.push(update / scale);
            watched.off = watched.off.max((update / slide - 1.0).abs());
        }
    }
    Ok(watched)
}
