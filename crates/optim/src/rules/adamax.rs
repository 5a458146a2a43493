//! Adamax.

use serde::Serialize;

use crate::convention::options;
use crate::engine::described;
use crate::{At, Optim, Precision, Rule, Slot, Updated, WeightDecay, hyperparameters};

/// Adamax: Adam with the largest recent gradient in place of the root mean square.
///
/// > m ← β₁·m + (1 − β₁)·g,  u ← max(β₂·u, |g| + ε),  θ ← θ − α/(1 − β₁ᵗ)·m/u.
///
/// (Kingma and Ba, arXiv:1412.6980, section 7.1; ε as in PyTorch and optax.)
/// Defaults: β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸.
pub type Adamax<T = f32> = Optim<AdamaxRule, T>;

hyperparameters! {
    /// The hyperparameters of [`Adamax`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct AdamaxRule {
        /// α.
        pub learning_rate in NonNegative: f64,
        /// β₁: how much of the mean survives a step.
        pub beta1 in Decay: f64 = 0.9,
        /// β₂: how much of the largest gradient survives a step.
        pub beta2 in Decay: f64 = 0.999,
        /// ε: keeps the divisor from zero.
        pub epsilon in Positive: f64 = 1e-8,
        /// Pulls the weights towards zero.
        pub weight_decay in NonNegative: WeightDecay = WeightDecay::NONE,
    }
}

impl<T: Precision> Adamax<T> {
    /// Adamax with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(AdamaxRule::new(learning_rate))
    }

    options!(betas, weight_decay);

    /// ε, added to the size of each gradient.
    pub fn epsilon(self, epsilon: f64) -> Self {
        self.set(|rule| rule.epsilon = epsilon)
    }
}

impl Rule for AdamaxRule {
    const NAME: &'static str = "adamax";
    described!();

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::like_weights("mean"), Slot::like_weights("largest")]
    }

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, [mean, largest]) = at.arguments();
        let g = WeightDecay::gradient(at, self, |r| r.weight_decay, [w, g]);
        let mean = mean + at.number(|r, _| 1.0 - r.beta1) * (g - mean);
        let kept = at.number(|r, _| r.beta2) * largest;
        let largest = kept.maximum(g.abs() + at.number(|r, _| r.epsilon));
        let w = WeightDecay::shrunk(at, self, |r| r.weight_decay, |_, _| 1.0, w);
        let rate = at.rate(|r, t| 1.0 / t.gathered(r.beta1));
        Updated::new(w - rate * mean / largest, [mean, largest])
    }
}
