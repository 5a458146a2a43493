//! NAdam.

use serde::Serialize;

use crate::convention::{averages, options};
use crate::engine::described;
use crate::{
    At, Epsilon, Number, Optim, Precision, Rule, Slot, Updated, WeightDecay, hyperparameters,
};

/// NAdam: Adam that looks ahead along its mean, as Nesterov's momentum does.
///
/// With m and v as in [`Adam`](crate::Adam),
///
/// > θ ← θ − α·(a·g + b·m)/(√v̂ + ε).
///
/// Two conventions differ by 6 to 17 % over 60 steps:
///
/// | | a | b |
/// |---|---|---|
/// | PyTorch, μₜ = β₁·(1 − ½·0.96^(ψt)) | (1 − μₜ)/(1 − ∏ᵢ≤ₜ μᵢ) | μₜ₊₁/(1 − ∏ᵢ≤ₜ₊₁ μᵢ) |
/// | [`optax`](Self::optax) | (1 − β₁)/(1 − β₁ᵗ) | β₁/(1 − β₁ᵗ⁺¹) |
///
/// (Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016: PyTorch's is his
/// schedule.) Defaults are those of PyTorch: β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸ outside of the root, ψ
/// = 0.004.
pub type NAdam<T = f32> = Optim<NAdamRule, T>;

hyperparameters! {
    /// The hyperparameters of [`NAdam`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct NAdamRule {
        /// α.
        pub learning_rate in NonNegative: f64,
        /// β₁: how much of the mean survives a step.
        pub beta1 in Decay: f64 = 0.9,
        /// β₂: how much of the mean square survives a step.
        pub beta2 in Decay: f64 = 0.999,
        /// ε: keeps the divisor from zero.
        pub epsilon in NonNegative: Epsilon = Epsilon::Outside(1e-8),
        /// ψ: how fast the look-ahead grows to its full length; without it, it has that from the start.
        pub momentum_decay in NonNegative: Option<f64> = Some(0.004),
        /// The product of the μ is rounded to single precision, as PyTorch keeps it.
        pub single_precision_product: bool = false,
        /// Pulls the weights towards zero.
        pub weight_decay in NonNegative: WeightDecay = WeightDecay::NONE,
    }
}

impl<T: Precision> NAdam<T> {
    /// NAdam with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(NAdamRule::new(learning_rate))
    }

    options!(betas, epsilon, weight_decay);

    /// ψ.
    pub fn momentum_decay(self, decay: f64) -> Self {
        self.set(|rule| rule.momentum_decay = Some(decay))
    }

    /// Rounds the product of the μ to single precision, as PyTorch keeps it whatever the weights
    /// are in: a relative difference of some 10⁻⁸.
    pub fn torch(self) -> Self {
        self.set(|rule| rule.single_precision_product = true)
    }

    /// optax's form, which looks ahead by β₁ from the start.
    pub fn optax(self) -> Self {
        self.set(|rule| rule.momentum_decay = None)
    }
}

impl NAdamRule {
    /// μₜ.
    fn momentum(&self, step: u64) -> f64 {
        let reach = |psi: f64| 1.0 - 0.5 * 0.96_f64.powf(step as f64 * psi);
        self.beta1 * self.momentum_decay.map_or(1.0, reach)
    }
}

impl Rule for NAdamRule {
    const NAME: &'static str = "nadam";
    described!();

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::like_weights("mean"), Slot::like_weights("square")]
    }

    fn numbers(&self) -> &'static [Number] {
        &[("momentum_product", 1.0)]
    }

    fn advance(&self, step: u64, numbers: &mut [f64]) {
        let product = &mut numbers[0];
        *product = if self.single_precision_product {
            f64::from(*product as f32 * self.momentum(step) as f32)
        } else {
            *product * self.momentum(step)
        };
    }

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, [mean, square]) = at.arguments();
        let g = WeightDecay::gradient(at, self, |r| r.weight_decay, [w, g]);
        let [mean, square] = averages(at, [mean, square], g, |r| [r.beta1, r.beta2]);
        let ahead = at.rate(|r, t| (1.0 - r.momentum(t.step)) / (1.0 - t.numbers[0]));
        let along = at.rate(|r, t| {
            let next = r.momentum(t.step + 1);
            next / (1.0 - t.numbers[0] * next)
        });
        let corrected = at.number(|r, t| 1.0 / t.gathered(r.beta2)) * square;
        let look = ahead * g + along * mean;
        let step = Epsilon::divide(at, self, |r| r.epsilon, [look, corrected]);
        let w = WeightDecay::shrunk(at, self, |r| r.weight_decay, |_, _| 1.0, w);
        Updated::new(w - step, [mean, square])
    }
}
