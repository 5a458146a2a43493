//! Batch normalization in training and at test time.
//!
//! `cargo run --release -p lectures --example gallery -- test_time`

#[path = "20_test_time"]
mod parts {
    pub mod batch_sizes;
    pub mod company;
    pub mod running;
}

use cotangent::nn::batch_norm::Running;
use cotangent::optim::Sgd;
use cotangent::prelude::Activation;
use lab::{Classifier, Course, Deck, Digits, Experiment, Lab, Network, Result};
use parts::{batch_sizes, company, running};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Batch normalization at test time",
    deck: Deck::Optimization,
    slides: "Batch normalization at test time",
    quotes: &[
        "At test time BatchNorm layer functions differently: The mean/std are not computed based on \
         the batch. Instead, a single fixed empirical mean of activations during training is used. \
         (e.g. can be estimated during training with running averages)",
    ],
    formulas: &[
        r"\mu^{[l]} = 0; \quad \mu^{[l]} = \beta \mu^{[l]} + (1 - \beta) \frac{1}{b} \sum_{j=1}^{b} X_j^{\{i\}} \quad \text{for } i = 1 \dots m",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "20_test_time": running, batch_sizes, company)
}

/// β of the running averages.
const BETA: f64 = 0.9;

/// Samples in a batch of training.
const BATCH: usize = 32;

/// Two hidden layers with batch normalization, before training.
fn classifier() -> Classifier {
    let network = Network::new(&[64, 64, 64, 10], Activation::Relu).running(Running::lecture());
    Classifier::new(0, 0.0, |scope| network.build(scope))
}

/// The same, trained.
fn trained(lab: &Lab, digits: &Digits) -> Result<Classifier> {
    let mut model = classifier();
    let course = Course { epochs: lab.pick(10, 1), batch: BATCH, seed: 0 };
    model.train(&digits.train, course, &mut Sgd::new(0.1))?;
    Ok(model)
}
