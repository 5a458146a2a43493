//! Gradient noise, by batch size.
//!
//! `cargo run --release -p lectures --example gallery -- gradient_noise`

#[path = "05_gradient_noise"]
mod parts {
    pub mod by_batch_size;
    pub mod walks;
}

use lab::{Deck, Experiment, Lab, Result};
use parts::{by_batch_size, walks};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Gradient noise",
    deck: Deck::Optimization,
    slides: "Problems with stochastic gradient descent; Gradient Noise",
    quotes: &[
        "Our gradients come from minibatches so they can be noisy!",
        "Noisy gradients by SGD. Might need long time.",
    ],
    formulas: &[
        r"\nabla_W L(W) = \frac{1}{N} \sum_{i=1}^{N} \nabla_W L_i(x_i, y_i, W)",
        r"\mathbb{E}\,\left\lVert \nabla L_B - \nabla L \right\rVert^2 = \frac{\sigma^2}{B} \cdot \frac{N - B}{N - 1}",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "05_gradient_noise": by_batch_size, walks)
}
