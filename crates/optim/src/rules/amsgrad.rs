//! AMSGrad.

use serde::Serialize;

use crate::convention::{averages, options};
use crate::engine::described;
use crate::{At, Epsilon, Optim, Precision, Rule, Slot, Updated, WeightDecay, hyperparameters};

/// AMSGrad: Adam whose divisor never shrinks.
///
/// With m̂ and v as in [`Adam`](crate::Adam),
///
/// > u ← max(u, v),  θ ← θ − α·m̂/(√(u/(1 − β₂ᵗ)) + ε)   (PyTorch),
/// > u ← max(u, v̂), θ ← θ − α·m̂/(√u + ε)   ([`optax`](Self::optax)).
///
/// (Reddi, Kale and Kumar, "On the convergence of Adam and beyond", arXiv:1904.09237.)
/// Defaults are those of PyTorch: β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸ outside of the root.
pub type AmsGrad<T = f32> = Optim<AmsGradRule, T>;

hyperparameters! {
    /// The hyperparameters of [`AmsGrad`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct AmsGradRule {
        /// α.
        pub learning_rate in NonNegative: f64,
        /// β₁: how much of the mean survives a step.
        pub beta1 in Decay: f64 = 0.9,
        /// β₂: how much of the mean square survives a step.
        pub beta2 in Decay: f64 = 0.999,
        /// ε: keeps the divisor from zero.
        pub epsilon in NonNegative: Epsilon = Epsilon::Outside(1e-8),
        /// The largest is that of the corrected mean squares.
        pub largest_of_corrected: bool = false,
        /// Pulls the weights towards zero.
        pub weight_decay in NonNegative: WeightDecay = WeightDecay::NONE,
    }
}

impl<T: Precision> AmsGrad<T> {
    /// AMSGrad with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(AmsGradRule::new(learning_rate))
    }

    options!(betas, epsilon, weight_decay);

    /// optax's form: the largest of the corrected mean squares.
    pub fn optax(self) -> Self {
        self.set(|rule| rule.largest_of_corrected = true)
    }
}

impl Rule for AmsGradRule {
    const NAME: &'static str = "amsgrad";
    described!();

    fn slots(&self) -> Vec<Slot> {
        ["mean", "square", "largest"].map(Slot::like_weights).to_vec()
    }

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, [mean, square, largest]) = at.arguments();
        let g = WeightDecay::gradient(at, self, |r| r.weight_decay, [w, g]);
        let [mean, square] = averages(at, [mean, square], g, |r| [r.beta1, r.beta2]);
        let unbias = at.number(|r, t| 1.0 / t.gathered(r.beta2));
        let (largest, divisor) = if self.largest_of_corrected {
            let largest = largest.maximum(unbias * square);
            (largest, largest)
        } else {
            let largest = largest.maximum(square);
            (largest, unbias * largest)
        };
        let rate = at.rate(|r, t| 1.0 / t.gathered(r.beta1));
        let step = Epsilon::divide(at, self, |r| r.epsilon, [mean, divisor]);
        let w = WeightDecay::shrunk(at, self, |r| r.weight_decay, |_, _| 1.0, w);
        Updated::new(w - rate * step, [mean, square, largest])
    }
}
