//! Adagrad.

use serde::Serialize;

use crate::convention::options;
use crate::engine::described;
use crate::{
    At, Epsilon, Moment, Optim, Precision, Rule, Slot, Updated, WeightDecay, hyperparameters,
};

/// Adagrad: divides by the root of the sum of all squared gradients.
///
/// > S ← S + g²,  θ ← θ − αₜ·g/(√S + ε),  αₜ = α/(1 + (t − 1)·η).
///
/// Steps become ever smaller. (Duchi, Hazan and Singer, JMLR 12, 2011; the lecture has it without
/// ε.)
///
/// Defaults are those of PyTorch: S starts at 0, ε = 10⁻¹⁰ outside of the root, η = 0.
/// [`optax`](Self::optax) starts S at 0.1 and puts ε = 10⁻⁷ inside; [`lecture`](Self::lecture) has
/// ε = 0. A weight whose gradient has always been 0 is not moved, whatever ε.
pub type Adagrad<T = f32> = Optim<AdagradRule, T>;

hyperparameters! {
    /// The hyperparameters of [`Adagrad`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct AdagradRule {
        /// α.
        pub learning_rate in NonNegative: f64,
        /// η: how fast the learning rate falls with the steps.
        pub learning_rate_decay in NonNegative: f64 = 0.0,
        /// S before the first step.
        pub initial in NonNegative: f64 = 0.0,
        /// ε: keeps the divisor from zero.
        pub epsilon in NonNegative: Epsilon = Epsilon::Outside(1e-10),
        /// Pulls the weights towards zero.
        pub weight_decay in NonNegative: WeightDecay = WeightDecay::NONE,
    }
}

impl<T: Precision> Adagrad<T> {
    /// Adagrad with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(AdagradRule::new(learning_rate))
    }

    options!(epsilon, weight_decay);

    /// η: the learning rate falls as 1/(1 + (t − 1)·η).
    pub fn learning_rate_decay(self, decay: f64) -> Self {
        self.set(|rule| rule.learning_rate_decay = decay)
    }

    /// S before the first step.
    pub fn initial(self, sum: f64) -> Self {
        self.set(|rule| rule.initial = sum)
    }

    /// The lecture's formula, which has no ε.
    pub fn lecture(self) -> Self {
        self.epsilon(Epsilon::Inside(0.0))
    }

    /// The defaults of optax.
    pub fn optax(self) -> Self {
        self.initial(0.1).epsilon(Epsilon::Inside(1e-7))
    }
}

impl Rule for AdagradRule {
    const NAME: &'static str = "adagrad";
    described!();

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::like_weights("sum").starting_at(self.initial)]
    }

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, [sum]) = at.arguments();
        let fall =
            |r: &Self, t: &Moment<'_>| 1.0 / (1.0 + (t.step - 1) as f64 * r.learning_rate_decay);
        let g = WeightDecay::gradient(at, self, |r| r.weight_decay, [w, g]);
        let sum = sum + g.square();
        let step = Epsilon::divide(at, self, |r| r.epsilon, [g, sum]);
        let w = WeightDecay::shrunk(at, self, |r| r.weight_decay, fall, w);
        Updated::new(w - at.rate(fall) * step, [sum])
    }
}
