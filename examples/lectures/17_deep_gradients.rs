//! Vanishing and exploding gradients in a network of 24 hidden layers, and batch normalization.
//!
//! `cargo run --release -p lectures --example gallery -- deep_gradients`

#[path = "17_deep_gradients"]
mod parts {
    pub mod flow;
    pub mod training;
}

use cotangent::nn::init::{Init, Kaiming, Xavier};
use lab::{Deck, Experiment, Hue, Lab, Result};
use parts::{flow, training};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Vanishing and exploding gradients",
    deck: Deck::Both,
    slides: "Vanishing and Exploding Gradients; Batch normalization: summary",
    quotes: &[
        "The Vanishing and Exploding gradients occurs when your derivatives become very small or \
         very big. So it is important how we initialize our weights.",
        "Improves gradient flow through the network",
        "Much more easily train a very deep network",
    ],
    formulas: &[
        r"\frac{\lVert \partial L / \partial a^{[l-1]} \rVert}{\lVert \partial L / \partial a^{[l]} \rVert} \approx \sqrt{n \, \sigma_W^2 / 2} \quad \text{(relu, } n \text{ units, weights of deviation } \sigma_W \text{)}",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "17_deep_gradients": flow, training)
}

const DEPTH: usize = 24;
const UNITS: usize = 64;

/// How the weights start: name, colour, initialiser, and the deviation that it gives them.
fn starts() -> [(&'static str, Hue, Init, f64); 5] {
    let units = UNITS as f64;
    let bound = 1.0 / units.sqrt();
    [
        ("normal, σ = 0.3", Hue::Vermillion, Init::normal(0.0, 0.3), 0.3),
        ("Kaiming", Hue::Green, Kaiming::normal().into(), (2.0 / units).sqrt()),
        ("Xavier", Hue::Purple, Xavier::normal().into(), (1.0 / units).sqrt()),
        ("uniform, ±1/√n", Hue::Orange, Init::uniform(-bound, bound), bound / 3f64.sqrt()),
        ("normal, σ = 0.05", Hue::Blue, Init::normal(0.0, 0.05), 0.05),
    ]
}

fn widths(depth: usize) -> Vec<usize> {
    let mut widths = vec![UNITS; depth + 1];
    widths.push(10);
    widths
}
