//! Learning rates that adapt: Adagrad, RMSprop, Adam without and with bias correction.
//!
//! `cargo run --release -p lectures --example gallery -- adaptive`

#[path = "09_adaptive"]
mod parts {
    pub mod ravine;
    pub mod steps;
}

use cotangent::optim::{Adagrad, Adam, Optimizer, RmsProp};
use lab::{Deck, Experiment, Hue, Lab, Result};
use parts::{ravine, steps};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Adagrad, RMSprop, Adam",
    deck: Deck::Optimization,
    slides: "RMSprop; Adagrad; Adam (Adaptive Moment Estimation); Adam (full form)",
    quotes: &[
        "Step size will be very small during this algorithm.",
        "Updates in the vertical direction is divided by a much larger number while in the \
         horizontal direction by a smaller number. Thus, you can therefore use a larger learning rate.",
        "Problem: may cause very large steps at the beginning. Solution: Bias correction to prevent first and \
         second moment estimates start at zero.",
    ],
    formulas: &[
        r"\text{Adagrad}\quad S \leftarrow S + dW^2 \qquad W \leftarrow W - \alpha \frac{dW}{\sqrt{S}}",
        r"\text{RMSprop}\quad S \leftarrow \beta S + (1 - \beta)\,dW^2 \qquad W \leftarrow W - \alpha \frac{dW}{\sqrt{S + \epsilon}}",
        r"\text{Adam}\quad V^c = \frac{V}{1 - \beta_1^t} \quad S^c = \frac{S}{1 - \beta_2^t} \qquad W \leftarrow W - \alpha \frac{V^c}{\sqrt{S^c + \epsilon}}",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "09_adaptive": steps, ravine)
}

/// A method, its colour, and how it is made of a learning rate.
type Method = (&'static str, Hue, fn(f64) -> Box<dyn Optimizer<f64>>);

const METHODS: [Method; 4] = [
    ("Adagrad", Hue::Purple, |rate| Box::new(Adagrad::new(rate).lecture())),
    ("RMSprop", Hue::Orange, |rate| Box::new(RmsProp::new(rate).lecture())),
    ("Adam without correction", Hue::Sky, |rate| {
        Box::new(Adam::new(rate).lecture().without_bias_correction())
    }),
    ("Adam", Hue::Ink, |rate| Box::new(Adam::new(rate).lecture())),
];
