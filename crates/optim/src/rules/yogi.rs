//! Yogi.

use serde::Serialize;

use super::lion::sign;
use crate::convention::options;
use crate::engine::described;
use crate::{At, Epsilon, Optim, Precision, Rule, Slot, Slots, WeightDecay, hyperparameters};

/// Yogi: Adam whose mean square moves by the size of the new gradient only, and so forgets slowly.
///
/// > v ← v − (1 − β₂)·sign(v − g²)·g²,  θ ← θ − α·m̂/(√v̂ + ε),
///
/// with m, and the corrections, as in [`Adam`](crate::Adam). (Zaheer et al., "Adaptive methods for
/// nonconvex optimization", NeurIPS 2018.) Defaults are those of optax: β₁ = 0.9, β₂ = 0.999,
/// ε = 10⁻³ outside of the root; m and v start at 10⁻⁶.
pub type Yogi<T = f32> = Optim<YogiRule, T>;

hyperparameters! {
    /// The hyperparameters of [`Yogi`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct YogiRule {
        /// α.
        pub learning_rate in NonNegative: f64,
        /// β₁: how much of the mean survives a step.
        pub beta1 in Decay: f64 = 0.9,
        /// β₂: 1 − β₂ is the weight of a new square.
        pub beta2 in Decay: f64 = 0.999,
        /// ε: keeps the divisor from zero.
        pub epsilon in NonNegative: Epsilon = Epsilon::Outside(1e-3),
        /// m and v before the first step.
        pub initial in NonNegative: f64 = 1e-6,
        /// Pulls the weights towards zero.
        pub weight_decay in NonNegative: WeightDecay = WeightDecay::NONE,
    }
}

impl<T: Precision> Yogi<T> {
    /// Yogi with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(YogiRule::new(learning_rate))
    }

    options!(betas, epsilon, weight_decay);

    /// m and v before the first step.
    pub fn initial(self, value: f64) -> Self {
        self.set(|rule| rule.initial = value)
    }
}

impl Rule for YogiRule {
    const NAME: &'static str = "yogi";
    described!();

    fn slots(&self) -> Vec<Slot> {
        ["mean", "square"].map(|name| Slot::like_weights(name).starting_at(self.initial)).to_vec()
    }

    fn update<T: Precision>(
        &self,
        at: &At<'_>,
        weights: &mut [T],
        gradients: &[T],
        [mean, square, ..]: Slots<'_, T>,
    ) {
        let rate = T::from_f64(self.learning_rate / at.gathered(self.beta1));
        let unbias = T::from_f64(1.0 / at.gathered(self.beta2));
        let (take1, take2) = (T::from_f64(1.0 - self.beta1), T::from_f64(1.0 - self.beta2));
        let (shrink, coupled): (T, T) = self.weight_decay.factors(self.learning_rate);
        let divisor = self.epsilon.divisor();
        let slots = mean.iter_mut().zip(square);
        for ((w, &g), (m, v)) in weights.iter_mut().zip(gradients).zip(slots) {
            let g = g + coupled * *w;
            *m += take1 * (g - *m);
            *v -= take2 * sign(*v - g * g) * g * g;
            *w = shrink * *w - rate * divisor.divide(*m, unbias * *v);
        }
    }
}
