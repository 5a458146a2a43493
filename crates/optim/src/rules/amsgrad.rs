//! AMSGrad.

use serde::Serialize;

use crate::convention::options;
use crate::engine::described;
use crate::{At, Epsilon, Optim, Precision, Rule, Slot, Slots, WeightDecay, hyperparameters};

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

    fn update<T: Precision>(
        &self,
        at: &At<'_>,
        weights: &mut [T],
        gradients: &[T],
        [mean, square, largest, ..]: Slots<'_, T>,
    ) {
        let unbias = 1.0 / at.gathered(self.beta2);
        let (before, after) = if self.largest_of_corrected { (unbias, 1.0) } else { (1.0, unbias) };
        let (before, after) = (T::from_f64(before), T::from_f64(after));
        let rate = T::from_f64(self.learning_rate / at.gathered(self.beta1));
        let (take1, take2) = (T::from_f64(1.0 - self.beta1), T::from_f64(1.0 - self.beta2));
        let keep2 = T::from_f64(self.beta2);
        let (shrink, coupled): (T, T) = self.weight_decay.factors(self.learning_rate);
        let divisor = self.epsilon.divisor();
        let slots = mean.iter_mut().zip(square).zip(largest);
        for ((w, &g), ((m, v), u)) in weights.iter_mut().zip(gradients).zip(slots) {
            let g = g + coupled * *w;
            *m += take1 * (g - *m);
            *v = keep2 * *v + take2 * g * g;
            *u = u.max(before * *v);
            *w = shrink * *w - rate * divisor.divide(*m, after * *u);
        }
    }
}
