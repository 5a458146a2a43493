//! Adadelta.

use serde::Serialize;

use crate::convention::options;
use crate::engine::described;
use crate::{At, Optim, Precision, Rule, Slot, Updated, WeightDecay, hyperparameters};

/// Adadelta: steps in the unit of the weights, from the running mean squares of gradients and
/// steps.
///
/// > S ← ρ·S + (1 − ρ)·g²,  δ = √(D + ε)/√(S + ε)·g,  D ← ρ·D + (1 − ρ)·δ²,  θ ← θ − α·δ.
///
/// (Zeiler, arXiv:1212.5701.) Defaults are those of PyTorch: ρ = 0.9, ε = 10⁻⁶; α = 1 is the
/// paper's.
pub type Adadelta<T = f32> = Optim<AdadeltaRule, T>;

hyperparameters! {
    /// The hyperparameters of [`Adadelta`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct AdadeltaRule {
        /// α.
        pub learning_rate in NonNegative: f64,
        /// ρ: how much of the mean squares survives a step.
        pub decay in Decay: f64 = 0.9,
        /// ε: starts the motion.
        pub epsilon in Positive: f64 = 1e-6,
        /// Pulls the weights towards zero.
        pub weight_decay in NonNegative: WeightDecay = WeightDecay::NONE,
    }
}

impl<T: Precision> Adadelta<T> {
    /// Adadelta with the learning rate α, which is 1 in the paper.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(AdadeltaRule::new(learning_rate))
    }

    options!(weight_decay);

    /// ρ.
    pub fn decay(self, decay: f64) -> Self {
        self.set(|rule| rule.decay = decay)
    }

    /// ε, inside of both roots.
    pub fn epsilon(self, epsilon: f64) -> Self {
        self.set(|rule| rule.epsilon = epsilon)
    }
}

impl Rule for AdadeltaRule {
    const NAME: &'static str = "adadelta";
    described!();

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::like_weights("square"), Slot::like_weights("step_square")]
    }

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, [square, step_square]) = at.arguments();
        let g = WeightDecay::gradient(at, self, |r| r.weight_decay, [w, g]);
        let (keep, take) = (at.number(|r, _| r.decay), at.number(|r, _| 1.0 - r.decay));
        let epsilon = at.number(|r, _| r.epsilon);
        let square = keep * square + take * g.square();
        let step = (step_square + epsilon).sqrt() / (square + epsilon).sqrt() * g;
        let step_square = keep * step_square + take * step.square();
        let w = WeightDecay::shrunk(at, self, |r| r.weight_decay, |_, _| 1.0, w);
        Updated::new(w - at.rate(|_, _| 1.0) * step, [square, step_square])
    }
}
