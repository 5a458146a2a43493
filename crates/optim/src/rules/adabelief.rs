//! AdaBelief.

use serde::Serialize;

use crate::convention::options;
use crate::engine::described;
use crate::{At, Optim, Precision, Rule, Slot, Slots, WeightDecay, hyperparameters};

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

    fn update<T: Precision>(
        &self,
        at: &At<'_>,
        weights: &mut [T],
        gradients: &[T],
        [mean, surprise, ..]: Slots<'_, T>,
    ) {
        let rate = T::from_f64(self.learning_rate / at.gathered(self.beta1));
        let unbias = T::from_f64(1.0 / at.gathered(self.beta2));
        let (take1, take2) = (T::from_f64(1.0 - self.beta1), T::from_f64(1.0 - self.beta2));
        let (keep2, inside) = (T::from_f64(self.beta2), T::from_f64(self.epsilon_inside));
        let (shrink, coupled): (T, T) = self.weight_decay.factors(self.learning_rate);
        let divisor = crate::Epsilon::Outside(self.epsilon).divisor();
        let slots = mean.iter_mut().zip(surprise);
        for ((w, &g), (m, s)) in weights.iter_mut().zip(gradients).zip(slots) {
            let g = g + coupled * *w;
            *m += take1 * (g - *m);
            let miss = g - *m;
            *s = keep2 * *s + take2 * miss * miss + inside;
            *w = shrink * *w - rate * divisor.divide(*m, unbias * *s);
        }
    }
}
