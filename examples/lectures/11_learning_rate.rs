//! Choosing the learning rate: too low, right, too high; a range test and a random search.
//!
//! `cargo run --release -p lectures --example gallery -- learning_rate`

#[path = "11_learning_rate"]
mod parts {
    pub mod rates;
    pub mod rough_range;
    pub mod search;
}

use lab::{Deck, Experiment, Lab, Result};
use parts::{rates, rough_range, search};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Choosing the learning rate",
    deck: Deck::Both,
    slides: "Which one of these learning rates is best to use?; Choosing learning rate parameter; \
             Topics in deep learning",
    quotes: &[
        "Loss not going down: learning rate too low.",
        "Loss exploding: learning rate too high. Cost: NaN almost always means high learning rate…",
        "Rough range for learning rate we should be cross-validating is somewhere [1e-3 ... 1e-5]",
        "It is hard to decide which hyperparameter is the most important in a problem as it depends \
         a lot on your problem. Try random values.",
    ],
    formulas: &[r"\alpha = 10^{u}, \quad u \sim U(-4, 1)"],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "11_learning_rate": rates, rough_range, search)
}
