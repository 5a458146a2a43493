//! Lion.

use serde::Serialize;

use crate::convention::options;
use crate::engine::described;
use crate::{At, Optim, Precision, Rule, Slot, Updated, WeightDecay, hyperparameters};

/// Lion: steps of one size along the sign of a mean, which was found by a search over programs.
///
/// > θ ← (1 − αλ)·θ − α·sign(β₁·m + (1 − β₁)·g),  m ← β₂·m + (1 − β₂)·g.
///
/// (Chen et al., "Symbolic discovery of optimization algorithms", arXiv:2302.06675.) Wants a
/// learning rate 3 to 10 times smaller than Adam's, and a decay as many times larger. Defaults are
/// those of optax: β₁ = 0.9, β₂ = 0.99, decoupled decay λ = 0.001.
pub type Lion<T = f32> = Optim<LionRule, T>;

hyperparameters! {
    /// The hyperparameters of [`Lion`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct LionRule {
        /// α.
        pub learning_rate in NonNegative: f64,
        /// β₁: the share of the mean in the direction.
        pub beta1 in Decay: f64 = 0.9,
        /// β₂: how much of the mean survives a step.
        pub beta2 in Decay: f64 = 0.99,
        /// Pulls the weights towards zero.
        pub weight_decay in NonNegative: WeightDecay = WeightDecay::decoupled(1e-3),
    }
}

impl<T: Precision> Lion<T> {
    /// Lion with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(LionRule::new(learning_rate))
    }

    options!(betas, weight_decay);
}

impl Rule for LionRule {
    const NAME: &'static str = "lion";
    described!();

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::like_weights("mean")]
    }

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, [mean]) = at.arguments();
        let g = WeightDecay::gradient(at, self, |r| r.weight_decay, [w, g]);
        let direction = (mean + at.number(|r, _| 1.0 - r.beta1) * (g - mean)).sign();
        let mean = mean + at.number(|r, _| 1.0 - r.beta2) * (g - mean);
        let w = WeightDecay::shrunk(at, self, |r| r.weight_decay, |_, _| 1.0, w);
        Updated::new(w - at.rate(|_, _| 1.0) * direction, [mean])
    }
}
