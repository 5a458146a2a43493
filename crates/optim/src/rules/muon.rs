//! Muon.

use graph::{Shape, Var};
use serde::Serialize;

use crate::engine::described;
use crate::{At, Optim, Precision, Rule, Slot, Unit, Updated, hyperparameters};

/// Muon: momentum whose step, a matrix, is made orthogonal: all its singular values about 1.
///
/// > v ← μ·v + (1 − μ)·g,  u = μ·v + (1 − μ)·g or v,  θ ← (1 − αλ)·θ − α·s·NS(u).
///
/// NS is the Newton–Schulz iteration X ← aX + (bA + cA²)X, A = XXᵀ, from X = u/‖u‖, five times with
/// (a, b, c) = (3.4445, −4.775, 2.0315); s = √max(1, rows/columns), or 0.2·√max(rows, columns) [to
/// match Adam's steps](Self::match_adam). It updates matrices only; give other parameters another
/// rule by [`Groups`](crate::Groups). (Jordan et al., "Muon: an optimizer for hidden layers in
/// neural networks", 2024; Liu et al., arXiv:2502.16982.)
///
/// Defaults are those of PyTorch: μ = 0.95 with Nesterov's look-ahead, decoupled λ = 0.1. PyTorch
/// iterates in bfloat16, and so differs from this by some 10⁻³.
pub type Muon<T = f32> = Optim<MuonRule, T>;

hyperparameters! {
    /// The hyperparameters of [`Muon`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct MuonRule {
        /// α.
        pub learning_rate in NonNegative: f64,
        /// μ: how much of the velocity survives a step.
        pub momentum in Decay: f64 = 0.95,
        /// The step looks ahead along the velocity.
        pub nesterov: bool = true,
        /// λ: pulls the weights towards zero, beside the step.
        pub weight_decay in NonNegative: f64 = 0.1,
        /// a, b and c of the iteration.
        pub coefficients: [f64; 3] = [3.4445, -4.775, 2.0315],
        /// How many iterations.
        pub iterations: u32 = 5,
        /// The least norm that u is divided by.
        pub epsilon in Positive: f64 = 1e-7,
        /// s is 0.2·√max(rows, columns).
        pub matches_adam: bool = false,
    }
}

impl<T: Precision> Muon<T> {
    /// Muon with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(MuonRule::new(learning_rate))
    }

    /// μ.
    pub fn momentum(self, momentum: f64) -> Self {
        self.set(|rule| rule.momentum = momentum)
    }

    /// Steps along the velocity itself.
    pub fn without_nesterov(self) -> Self {
        self.set(|rule| rule.nesterov = false)
    }

    /// λ: pulls the weights towards zero beside the step.
    pub fn weight_decay(self, strength: f64) -> Self {
        self.set(|rule| rule.weight_decay = strength)
    }

    /// How many iterations make the step orthogonal.
    pub fn iterations(self, count: u32) -> Self {
        self.set(|rule| rule.iterations = count)
    }

    /// Steps of the root mean square that Adam's have, so that its learning rates fit.
    pub fn match_adam(self) -> Self {
        self.set(|rule| rule.matches_adam = true)
    }
}

impl Rule for MuonRule {
    const NAME: &'static str = "muon";
    const UNIT: Unit = Unit::Parameter;
    described!();

    fn accepts(&self, shape: &Shape) -> Result<(), &'static str> {
        if shape.rank() == 2 { Ok(()) } else { Err("it updates matrices, of two axes, only") }
    }

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::like_weights("velocity")]
    }

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, [velocity]) = at.arguments();
        let velocity = velocity + at.number(|r, _| 1.0 - r.momentum) * (g - velocity);
        let direction = if self.nesterov {
            g + at.number(|r, _| r.momentum) * (velocity - g)
        } else {
            velocity
        };
        let step =
            self.orthogonal(direction / direction.norm().maximum(at.number(|r, _| r.epsilon)));
        let shape = w.shape();
        let (height, width) = (shape[0] as f64, shape[1] as f64);
        let scale = if self.matches_adam {
            0.2 * height.max(width).sqrt()
        } else {
            (height / width).max(1.0).sqrt()
        };
        let w = if self.weight_decay == 0.0 { w } else { w * at.shrink(|r, _| r.weight_decay) };
        Updated::new(w - at.rate(move |_, _| scale) * step, [velocity])
    }
}

impl MuonRule {
    /// NS: X ← aX + (bA + cA²)X with A = XXᵀ, or the same of the transpose where that is the wider, so that A is small.
    fn orthogonal<'g>(&self, direction: Var<'g>) -> Var<'g> {
        let shape = direction.shape();
        let tall = shape[0] > shape[1];
        let [a, b, c] = self.coefficients;
        let mut x = if tall { direction.t() } else { direction };
        for _ in 0..self.iterations {
            let gram = x.matmul(x.t());
            x = a * x + (b * gram + c * gram.matmul(gram)).matmul(x);
        }
        if tall { x.t() } else { x }
    }
}
