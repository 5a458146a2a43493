//! Lion.

use serde::Serialize;

use crate::convention::options;
use crate::engine::described;
use crate::{At, Optim, Precision, Rule, Slot, Slots, WeightDecay, hyperparameters};

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

    fn update<T: Precision>(
        &self,
        _: &At<'_>,
        weights: &mut [T],
        gradients: &[T],
        [mean, ..]: Slots<'_, T>,
    ) {
        let rate = T::from_f64(self.learning_rate);
        let (take1, take2) = (T::from_f64(1.0 - self.beta1), T::from_f64(1.0 - self.beta2));
        let (shrink, coupled): (T, T) = self.weight_decay.factors(self.learning_rate);
        for ((w, &g), m) in weights.iter_mut().zip(gradients).zip(mean) {
            let g = g + coupled * *w;
            let direction = sign(*m + take1 * (g - *m));
            *m += take2 * (g - *m);
            *w = shrink * *w - rate * direction;
        }
    }
}

/// −1, 0 or 1.
pub(super) fn sign<T: Precision>(x: T) -> T {
    if x == T::zero() { x } else { x.signum() }
}
