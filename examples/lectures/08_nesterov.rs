//! Nesterov's momentum: the look-ahead form and the change of variables.
//!
//! `cargo run --release -p lectures --example gallery -- nesterov`

#[path = "08_nesterov"]
mod parts {
    pub mod convergence;
    pub mod forms;
    pub mod ravines;
}

use lab::{Deck, Experiment, Lab, Result};
use parts::{convergence, forms, ravines};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Nesterov momentum",
    deck: Deck::Optimization,
    slides: "Nesterov Momentum; Nesterov Accelerate Gradient (NAG)",
    quotes: &[
        "It enjoys stronger theoretical converge guarantees for convex functions and in practice it \
         also consistently works slightly better than standard momentum.",
        "A little is annoying (requires gradient at xₜ + ρvₜ instead of at xₜ). With change of \
         variables, it is resolved.",
        "Nesterov, “A method of solving a convex programming problem with convergence rate O(1/k^2)”, 1983",
    ],
    formulas: &[
        r"v_{t+1} = \rho v_t - \alpha \nabla f(x_t + \rho v_t) \qquad x_{t+1} = x_t + v_{t+1}",
        r"\tilde{x}_t = x_t + \rho v_t",
        r"\tilde{x}_{t+1} = \tilde{x}_t + v_{t+1} + \rho\,(v_{t+1} - v_t)",
        r"f(x_k) - f^* \le \frac{2L\lVert x_0 - x^* \rVert^2}{(k+1)^2} \quad (\alpha = 1/L,\ \rho_k = \tfrac{k-1}{k+2})",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "08_nesterov": forms, convergence, ravines)
}
