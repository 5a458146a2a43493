//! Poor conditioning: gradient descent in a ravine, f(x, y) = ½(x² + κy²).
//!
//! `cargo run --release -p lectures --example gallery -- ravine`

#[path = "03_ravine"]
mod parts {
    pub mod iterations;
    pub mod zigzag;
}

use lab::{Deck, Experiment, Lab, Result};
use parts::{iterations, zigzag};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Poor conditioning: the ravine",
    deck: Deck::Optimization,
    slides: "Problems with gradient descent; Poor conditioning; Convergence speed of gradient descent",
    quotes: &[
        "Very slow progress along shallow dimension, jitter along steep direction.",
        "Loss function has high condition number: ratio of largest to smallest singular value of \
         the Hessian matrix is large.",
        "If the learning rate is big, the weights slosh to and fro across the ravine. If the \
         learning rate is too big, this oscillation diverges.",
    ],
    formulas: &[
        r"f(x, y) = \tfrac{1}{2}\left(x^2 + \kappa y^2\right)",
        r"x_t = (1 - \alpha)^t x_0 \qquad y_t = (1 - \alpha\kappa)^t y_0",
        r"\text{converges} \iff \alpha < \frac{2}{\kappa}",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "03_ravine": zigzag, iterations)
}
