//! Yogi.

use serde::Serialize;

use crate::convention::options;
use crate::engine::described;
use crate::{At, Epsilon, Optim, Precision, Rule, Slot, Updated, WeightDecay, hyperparameters};

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

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, [mean, square]) = at.arguments();
        let g = WeightDecay::gradient(at, self, |r| r.weight_decay, [w, g]);
        let mean = mean + at.number(|r, _| 1.0 - r.beta1) * (g - mean);
        let excess = (square - g.square()).sign() * g.square();
        let square = square - at.number(|r, _| 1.0 - r.beta2) * excess;
        let corrected = at.number(|r, t| 1.0 / t.gathered(r.beta2)) * square;
        let rate = at.rate(|r, t| 1.0 / t.gathered(r.beta1));
        let step = Epsilon::divide(at, self, |r| r.epsilon, [mean, corrected]);
        let w = WeightDecay::shrunk(at, self, |r| r.weight_decay, |_, _| 1.0, w);
        Updated::new(w - rate * step, [mean, square])
    }
}
