//! RMSprop.

use serde::Serialize;

use crate::convention::options;
use crate::engine::described;
use crate::{At, Epsilon, Optim, Precision, Rule, Slot, Updated, WeightDecay, hyperparameters};

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

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, [square, mean, velocity]) = at.arguments();
        let g = WeightDecay::gradient(at, self, |r| r.weight_decay, [w, g]);
        let take = at.number(|r, _| 1.0 - r.decay);
        let square = at.number(|r, _| r.decay) * square + take * g.square();
        let (mean, variance) = if self.centred {
            let mean = mean + take * (g - mean);
            (mean, (square - mean.square()).maximum(0.0))
        } else {
            (mean, square)
        };
        let step = Epsilon::divide(at, self, |r| r.epsilon, [g, variance]);
        let (velocity, step) = if self.momentum.is_some() {
            let velocity = at.number(|r, _| r.momentum.unwrap_or(0.0)) * velocity + step;
            (velocity, velocity)
        } else {
            (velocity, step)
        };
        let w = WeightDecay::shrunk(at, self, |r| r.weight_decay, |_, _| 1.0, w);
        Updated::new(w - at.rate(|_, _| 1.0) * step, [square, mean, velocity])
    }
}
