//! Batch, mini-batch and single-sample descent, on the digits.
//!
//! `cargo run --release -p lectures --example gallery -- batches`

#[path = "02_batches"]
mod parts {
    pub mod curves;
    pub mod penalty;
    pub mod powers;
    pub mod sizes;
}

use std::time::Instant;

use cotangent::optim::Sgd;
use lab::{Classifier, Deck, Digits, Experiment, Lab, Result};
use parts::{curves, penalty, powers, sizes};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Batch, mini-batch and stochastic descent",
    deck: Deck::Optimization,
    slides: "Mini-batch gradient descent; Gradient descent methods; Batch size; Choosing mini-batch size",
    quotes: &[
        "Vectorization provides efficiency.",
        "Batch size=1: Does not use vectorized form and thus not computationally efficient.",
        "e.g., Batch size= 32, 64, 128, 256: Vectorization. Fastest learning (for proper batch size).",
        "Batch size=n (the size of training set): Need to process whole training set for weight update.",
        "For small training sets (e.g., n<2000) use full-batch gradient descent. Typical mini-batch sizes for \
         larger training sets: 64, 128, 256, 512.",
    ],
    formulas: &[
        r"J^{\{t\}} = \frac{1}{m} \sum_{n \in \text{Batch}_t} L\left(\hat{Y}_n^{\{t\}}, Y_n^{\{t\}}\right) + \lambda R(W)",
        r"W^{[l]} \leftarrow W^{[l]} - \alpha\, dW^{[l]}",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "02_batches": curves, sizes, powers, penalty)
}

/// The cost that counts as learned.
const LEARNED: f64 = 0.25;

/// The training with one batch size.
struct Training {
    batch: usize,
    rate: f64,
    /// The cost on the training set by epoch.
    costs: Vec<(f64, f64)>,
    /// Seconds of the fastest epoch, which is disturbed the least.
    seconds: f64,
}

impl Training {
    fn new(digits: &Digits, batch: usize, rate: f64, epochs: usize) -> Result<Self> {
        let (mut model, mut sgd, mut rng) =
            (Classifier::of_digits(1e-4), Sgd::new(rate), lab::rng(1));
        let mut costs = vec![(0.0, model.cost(&digits.train)?)];
        // The first epoch of all records and compiles, and is no time of learning.
        let mut seconds = f64::INFINITY;
        for epoch in 1..=epochs {
            let start = Instant::now();
            model.epoch(&digits.train, batch, &mut rng, &mut sgd)?;
            seconds = seconds.min(start.elapsed().as_secs_f64());
            costs.push((epoch as f64, model.cost(&digits.train)?));
        }
        Ok(Self { batch, rate, costs, seconds })
    }

    fn end(&self) -> f64 {
        self.costs[self.costs.len() - 1].1
    }

    /// Milliseconds until it has learned.
    fn time(&self) -> f64 {
        let epochs = self.costs.iter().find(|(_, cost)| *cost < LEARNED);
        epochs.map_or(f64::INFINITY, |(epochs, _)| 1e3 * self.seconds * epochs)
    }
}
