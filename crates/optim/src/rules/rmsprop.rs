//! RMSprop.

use serde::Serialize;

use crate::convention::options;
use crate::engine::described;
use crate::{At, Epsilon, Optim, Precision, Rule, Slot, Slots, WeightDecay, hyperparameters};

/// RMSprop: divides by the root of a running mean of squared gradients.
///
/// > S ← β·S + (1 − β)·g²,  θ ← θ − α·g/(√S + ε).
///
/// [`centred`](Self::centred) divides by the deviation instead, √(S − ḡ² ) with ḡ a running mean of
/// gradients; [`momentum`](Self::momentum) accumulates the quotients, v ← μ·v + g/(…), θ ← θ − α·v.
/// (Hinton, "Neural networks for machine learning", lecture 6e; centred: Graves, arXiv:1308.0850.)
///
/// Defaults are those of PyTorch: β = 0.99, ε = 10⁻⁸ outside of the root. In the
/// [`lecture`](Self::lecture) β = 0.9 and ε stands inside, as it does in [`optax`](Self::optax).
pub type RmsProp<T = f32> = Optim<RmsPropRule, T>;

hyperparameters! {
    /// The hyperparameters of [`RmsProp`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct RmsPropRule {
        /// α.
        pub learning_rate in NonNegative: f64,
        /// β: how much of the mean square survives a step.
        pub decay in Decay: f64 = 0.99,
        /// ε: keeps the divisor from zero.
        pub epsilon in NonNegative: Epsilon = Epsilon::Outside(1e-8),
        /// Divides by the deviation of the gradients.
        pub centred: bool = false,
        /// μ: how much of the velocity survives a step, if there is one.
        pub momentum in Decay: Option<f64> = None,
        /// Pulls the weights towards zero.
        pub weight_decay in NonNegative: WeightDecay = WeightDecay::NONE,
    }
}

impl<T: Precision> RmsProp<T> {
    /// RMSprop with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(RmsPropRule::new(learning_rate))
    }

    options!(epsilon, weight_decay);

    /// β.
    pub fn decay(self, decay: f64) -> Self {
        self.set(|rule| rule.decay = decay)
    }

    /// Divides by the deviation of the gradients, not by their root mean square.
    pub fn centred(self) -> Self {
        self.set(|rule| rule.centred = true)
    }

    /// Accumulates a velocity of quotients.
    pub fn momentum(self, momentum: f64) -> Self {
        self.set(|rule| rule.momentum = Some(momentum))
    }

    /// The lecture's: β = 0.9, ε inside of the root.
    pub fn lecture(self) -> Self {
        self.decay(0.9).epsilon(Epsilon::Inside(1e-8))
    }

    /// The defaults of optax, which are the lecture's.
    pub fn optax(self) -> Self {
        self.lecture()
    }
}

impl Rule for RmsPropRule {
    const NAME: &'static str = "rmsprop";
    described!();

    fn slots(&self) -> Vec<Slot> {
        vec![
            Slot::like_weights("square"),
            Slot::like_weights("mean").only_if(self.centred),
            Slot::like_weights("velocity").only_if(self.momentum.is_some()),
        ]
    }

    fn update<T: Precision>(
        &self,
        _: &At<'_>,
        weights: &mut [T],
        gradients: &[T],
        [square, mean, velocity, ..]: Slots<'_, T>,
    ) {
        let rate = T::from_f64(self.learning_rate);
        let (shrink, coupled): (T, T) = self.weight_decay.factors(self.learning_rate);
        let (keep, take) = (T::from_f64(self.decay), T::from_f64(1.0 - self.decay));
        let momentum = T::from_f64(self.momentum.unwrap_or(0.0));
        let divisor = self.epsilon.divisor();
        for (i, (w, &g)) in weights.iter_mut().zip(gradients).enumerate() {
            let g = g + coupled * *w;
            square[i] = keep * square[i] + take * g * g;
            let mut variance = square[i];
            if self.centred {
                mean[i] += take * (g - mean[i]);
                variance = (variance - mean[i] * mean[i]).max(T::zero());
            }
            let mut step = divisor.divide(g, variance);
            if self.momentum.is_some() {
                velocity[i] = momentum * velocity[i] + step;
                step = velocity[i];
            }
            *w = shrink * *w - rate * step;
        }
    }
}
