//! Adamax.

use serde::Serialize;

use crate::convention::options;
use crate::engine::described;
use crate::{At, Optim, Precision, Rule, Slot, Slots, WeightDecay, hyperparameters};

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

    fn update<T: Precision>(
        &self,
        at: &At<'_>,
        weights: &mut [T],
        gradients: &[T],
        [mean, largest, ..]: Slots<'_, T>,
    ) {
        let rate = T::from_f64(self.learning_rate / at.gathered(self.beta1));
        let (take, keep) = (T::from_f64(1.0 - self.beta1), T::from_f64(self.beta2));
        let (shrink, coupled): (T, T) = self.weight_decay.factors(self.learning_rate);
        let epsilon = T::from_f64(self.epsilon);
        let slots = mean.iter_mut().zip(largest);
        for ((w, &g), (m, u)) in weights.iter_mut().zip(gradients).zip(slots) {
            let g = g + coupled * *w;
            *m += take * (g - *m);
            *u = (keep * *u).max(g.abs() + epsilon);
            *w = shrink * *w - rate * *m / *u;
        }
    }
}
