//! AdaBelief.

use serde::Serialize;

use crate::convention::options;
use crate::engine::described;
use crate::{At, Epsilon, Optim, Precision, Rule, Slot, Updated, WeightDecay, hyperparameters};

/// AdaBelief: Adam that divides by how far gradients are from what their mean led to expect.
///
/// > m ← β₁·m + (1 − β₁)·g,  s ← β₂·s + (1 − β₂)·(g − m)² + ε′,  θ ← θ − α·m̂/(√ŝ + ε).
///
/// (Zhuang et al., arXiv:2010.07468; m̂ and ŝ are corrected as in [`Adam`](crate::Adam).) Defaults
/// are those of optax: β₁ = 0.9, β₂ = 0.999, ε = ε′ = 10⁻¹⁶.
pub type AdaBelief<T = f32> = Optim<AdaBeliefRule, T>;

hyperparameters! {
    /// The hyperparameters of [`AdaBelief`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct AdaBeliefRule {
        /// α.
        pub learning_rate in NonNegative: f64,
        /// β₁: how much of the mean survives a step.
        pub beta1 in Decay: f64 = 0.9,
        /// β₂: how much of the mean square survives a step.
        pub beta2 in Decay: f64 = 0.999,
        /// ε: keeps the divisor from zero.
        pub epsilon in NonNegative: f64 = 1e-16,
        /// ε′: what the mean square gains with every step.
        pub epsilon_inside in NonNegative: f64 = 1e-16,
        /// Pulls the weights towards zero.
        pub weight_decay in NonNegative: WeightDecay = WeightDecay::NONE,
    }
}

impl<T: Precision> AdaBelief<T> {
    /// AdaBelief with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(AdaBeliefRule::new(learning_rate))
    }

    options!(betas, weight_decay);

    /// ε outside of the root, and ε′ in the mean square.
    pub fn epsilons(self, outside: f64, inside: f64) -> Self {
        self.set(|rule| (rule.epsilon, rule.epsilon_inside) = (outside, inside))
    }
}

impl Rule for AdaBeliefRule {
    const NAME: &'static str = "adabelief";
    described!();

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::like_weights("mean"), Slot::like_weights("surprise")]
    }

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, [mean, surprise]) = at.arguments();
        let g = WeightDecay::gradient(at, self, |r| r.weight_decay, [w, g]);
        let mean = mean + at.number(|r, _| 1.0 - r.beta1) * (g - mean);
        let miss = at.number(|r, _| 1.0 - r.beta2) * (g - mean).square();
        let inside = at.number(|r, _| r.epsilon_inside);
        let surprise = at.number(|r, _| r.beta2) * surprise + miss + inside;
        let corrected = at.number(|r, t| 1.0 / t.gathered(r.beta2)) * surprise;
        let outside = |r: &Self| Epsilon::Outside(r.epsilon);
        let step = Epsilon::divide(at, self, outside, [mean, corrected]);
        let w = WeightDecay::shrunk(at, self, |r| r.weight_decay, |_, _| 1.0, w);
        let rate = at.rate(|r, t| 1.0 / t.gathered(r.beta1));
        Updated::new(w - rate * step, [mean, surprise])
    }
}
