//! Second order: Newton's method, what it needs, and where it goes.
//!
//! `cargo run --release -p lectures --example gallery -- second_order`

#[path = "14_second_order"]
mod parts {
    pub mod approximation;
    pub mod bowl;
    pub mod cost;
    pub mod elements;
    pub mod saddle;
}

use cotangent::ndarray::Array1;
use lab::{Deck, Experiment, Lab, Result, Surface, Symmetric};
use parts::{approximation, bowl, cost, elements, saddle};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Second-order optimization",
    deck: Deck::Optimization,
    slides: "First-order optimization; Second-order optimization",
    quotes: &[
        "Use gradient and Hessian to form quadratic approximation. Step to the minima of the \
         approximation.",
        "What is nice about this update? No hyperparameters! No learning rate!",
        "Why is this bad for deep learning? Hessian has O(N^2) elements. Inverting takes O(N^3). N = \
         (Tens or Hundreds of) Millions.",
    ],
    formulas: &[
        r"J(\theta) \approx J(\theta_0) + (\theta - \theta_0)^\top \nabla J(\theta_0) + \tfrac{1}{2} (\theta - \theta_0)^\top H (\theta - \theta_0)",
        r"\theta^* = \theta_0 - H^{-1} \nabla J(\theta_0)",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "14_second_order": approximation, bowl, saddle, elements, cost)
}

/// Newton's update of the slide: θ − H⁻¹∇J, with nothing to choose.
fn newton(surface: &Surface<'_>, theta: &Array1<f64>) -> Result<Array1<f64>> {
    let (_, gradient) = surface.at([theta.to_vec()])?.remove(0);
    Ok(theta - &Symmetric::new(&surface.hessian(&theta.to_vec())?).solve(&gradient))
}
