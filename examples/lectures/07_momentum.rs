//! Momentum, in both of its forms, against plain descent.
//!
//! `cargo run --release -p lectures --example gallery -- momentum`

#[path = "07_momentum"]
mod parts {
    pub mod bumps;
    pub mod forms;
    pub mod ravine;
}

use lab::{Deck, Experiment, Lab, Result};
use parts::{bumps, forms, ravine};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Momentum",
    deck: Deck::Optimization,
    slides: "SGD + Momentum; Momentum helps to reduce problems with SGD; Gradient descent with momentum",
    quotes: &[
        "Build up “velocity” as a running mean of gradients.",
        "Momentum helps to reduce problems with SGD.",
        "Learning rate would need to be tuned differently for these two different versions.",
    ],
    formulas: &[
        r"v \leftarrow \beta v + (1 - \beta)\,dW \qquad W \leftarrow W - \alpha v",
        r"v \leftarrow \beta v + dW \qquad W \leftarrow W - \alpha v",
        r"\text{equal if}\quad \alpha_{\text{first}} = \frac{\alpha_{\text{second}}}{1 - \beta}",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "07_momentum": ravine, forms, bumps)
}
