//! The error surface: a bowl for a linear neuron, and nearly one around any point of a network.
//!
//! `cargo run --release -p lectures --example gallery -- error_surface`

#[path = "01_error_surface"]
mod parts {
    pub mod linear_neuron;
    pub mod network;
}

use lab::{Deck, Experiment, Lab, Result};
use parts::{linear_neuron, network};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "The error surface",
    deck: Deck::Optimization,
    slides: "Reminder: The error surface",
    quotes: &[
        "For a linear neuron with a squared error, it is a quadratic bowl. Vertical cross-sections \
         are parabolas. Horizontal cross-sections are ellipses.",
        "For multi-layer nets the error surface is much more complicated. But locally, a piece of a \
         quadratic bowl is usually a very good approximation.",
    ],
    formulas: &[
        r"J(w, b) = \frac{1}{N}\sum_n \left(w x_n + b - y_n\right)^2",
        r"J(\theta + p) \approx J(\theta) + p^\top \nabla J + \tfrac{1}{2}\, p^\top H p",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "01_error_surface": linear_neuron, network)
}
