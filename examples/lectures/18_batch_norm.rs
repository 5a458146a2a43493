//! Batch normalization by hand, and its γ and β in training.
//!
//! `cargo run --release -p lectures --example gallery -- batch_norm`

#[path = "18_batch_norm"]
mod parts {
    pub mod by_hand;
    pub mod identity;
    pub mod three_layers;
}

use cotangent::optim::{Adam, Optimizer, RmsProp, Sgd};
use lab::{Deck, Experiment, Hue, Lab, Result};
use parts::{by_hand, identity, three_layers};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Batch normalization by hand",
    deck: Deck::Both,
    slides: "Normalizing Activations in a Network; Using Batch Norm in 3 hidden layers NN",
    quotes: &[
        "Question: For what values of γ and β will Z̃⁽ⁱ⁾ = Z⁽ⁱ⁾? Ans: γ = √(σ² + ε) and β = μ",
        "ϵ is added to ensure mathematical stability. (incase variance turns out to be 0).",
        "beta[1], gamma[1], ..., beta[L], gamma[L] are updated using any optimization algorithms \
         (like GD, RMSprop, Adam)",
    ],
    formulas: &[
        r"\mu = \frac{1}{m} \sum_i z^{(i)} \qquad \sigma^2 = \frac{1}{m} \sum_i (z^{(i)} - \mu)^2",
        r"z_{norm}^{(i)} = \frac{z^{(i)} - \mu}{\sqrt{\sigma^2 + \epsilon}} \qquad \tilde{z}^{(i)} = \gamma z_{norm}^{(i)} + \beta",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "18_batch_norm": by_hand, identity, three_layers)
}

const EPS: f64 = 1e-5;

/// A step of the optimizers on γ and β, with its name and colour.
fn optimizers<T: cotangent::Precision>(
    rates: [f64; 3],
) -> [(&'static str, Hue, Box<dyn Optimizer<T>>); 3] {
    [
        ("GD", Hue::Blue, Box::new(Sgd::new(rates[0]))),
        ("RMSprop", Hue::Orange, Box::new(RmsProp::new(rates[1]).lecture())),
        ("Adam", Hue::Ink, Box::new(Adam::new(rates[2]).lecture())),
    ]
}
