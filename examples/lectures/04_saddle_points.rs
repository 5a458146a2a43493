//! Local minima, saddle points and plateaus.
//!
//! `cargo run --release -p lectures --example gallery -- saddle_points`

#[path = "04_saddle_points"]
mod parts {
    pub mod dimensions;
    pub mod minima;
    pub mod saddle;
}

use lab::{Deck, Experiment, Lab, Result};
use parts::{dimensions, minima, saddle};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Saddle points, local minima, plateaus",
    deck: Deck::Optimization,
    slides: "Problems with SGD; The problem of local optima; Problem of plateaus",
    quotes: &[
        "What if the loss function has a local minima or saddle point?",
        "For high dimensional parameter space, most points of zero gradients are not local optima \
         and are saddle points.",
        "Plateau is a region where the derivative is close to zero for a long time: very very slow \
         progress. Finally, algorithm can then find its way off the plateau.",
    ],
    formulas: &[
        r"\nabla f(w) = 0",
        r"\text{minimum} \iff \lambda_i\left(\nabla^2 f(w)\right) > 0 \text{ for all } i",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "04_saddle_points": saddle, minima, dimensions)
}
