//! Rprop.

use serde::Serialize;

use crate::engine::described;
use crate::{At, Optim, Precision, Rule, Slot, Updated, hyperparameters};

/// Rprop: each weight has a step of its own, that grows while the gradient keeps its sign.
///
/// > Δ ← clamp(η·Δ, Δmin, Δmax), η = η⁺, η⁻ or 1 as g·g₋₁ is positive, negative or 0,
/// > θ ← θ − Δ·sign(g), but not where the sign has changed: there g counts as 0.
///
/// Only signs count, so it is for full batches. The learning rate α is Δ before the first step, and
/// has no effect later. (Riedmiller and Braun, ICNN 1993, in the form "Rprop−" of Igel and Hüsken,
/// 2000, with PyTorch's defaults η⁻ = 0.5, η⁺ = 1.2, Δ in \[10⁻⁶, 50\].)
pub type Rprop<T = f32> = Optim<RpropRule, T>;

hyperparameters! {
    /// The hyperparameters of [`Rprop`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct RpropRule {
        /// Δ before the first step.
        pub learning_rate in NonNegative: f64,
        /// η⁻: what a change of sign multiplies Δ by.
        pub shrink in Fraction: f64 = 0.5,
        /// η⁺: what a kept sign multiplies Δ by.
        pub grow in AtLeastOne: f64 = 1.2,
        /// Δmin.
        pub least in NonNegative: f64 = 1e-6,
        /// Δmax.
        pub most in NonNegative: f64 = 50.0,
    }
}

impl<T: Precision> Rprop<T> {
    /// Rprop with the first step Δ = α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(RpropRule::new(learning_rate))
    }

    /// η⁻ and η⁺.
    pub fn factors(self, shrink: f64, grow: f64) -> Self {
        self.set(|rule| (rule.shrink, rule.grow) = (shrink, grow))
    }

    /// Δmin and Δmax.
    pub fn bounds(self, least: f64, most: f64) -> Self {
        self.set(|rule| (rule.least, rule.most) = (least, most))
    }
}

impl Rule for RpropRule {
    const NAME: &'static str = "rprop";
    described!();

    fn slots(&self) -> Vec<Slot> {
        let step = Slot::like_weights("step").starting_at(self.learning_rate);
        vec![step, Slot::like_weights("previous")]
    }

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, [step, previous]) = at.arguments();
        let agreement = g.sign() * previous.sign();
        let turned = agreement.lt(0.0);
        let (grow, shrink) = (at.number(|r, _| r.grow), at.number(|r, _| r.shrink));
        let factor = agreement.gt(0.0).select(grow, turned.select(shrink, 1.0));
        let (least, most) = (at.number(|r, _| r.least), at.number(|r, _| r.most));
        let step = (factor * step).maximum(least).minimum(most);
        let g = turned.select(0.0, g);
        Updated::new(w - step * g.sign(), [step, g])
    }
}
