//! AMSGrad.

use program::Precision;
use serde::Serialize;

use crate::convention::options;
use crate::{At, Domain, Epsilon, Optim, Rule, Slot, Slots, Visit, WeightDecay};

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

/// The hyperparameters of [`AmsGrad`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AmsGradRule {
    /// α.
    pub learning_rate: f64,
    /// β₁: how much of the mean survives a step; in \[0, 1).
    pub beta1: f64,
    /// β₂: how much of the mean square survives a step; in \[0, 1).
    pub beta2: f64,
    /// ε: keeps the divisor from zero.
    pub epsilon: Epsilon,
    /// The largest is that of the corrected mean squares.
    pub largest_of_corrected: bool,
    /// Pulls the weights towards zero.
    pub weight_decay: WeightDecay,
}

impl<T: Precision> AmsGrad<T> {
    /// AMSGrad with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(AmsGradRule {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: Epsilon::Outside(1e-8),
            largest_of_corrected: false,
            weight_decay: WeightDecay::NONE,
        })
    }

    options!(betas, epsilon, weight_decay);

    /// optax's form: the largest of the corrected mean squares.
    pub fn optax(self) -> Self {
        self.set(|rule| rule.largest_of_corrected = true)
    }
}

impl Rule for AmsGradRule {
    const NAME: &'static str = "amsgrad";

    fn hyperparameters(&mut self, visit: &mut Visit<'_>) {
        visit("learning_rate", Domain::NonNegative, &mut self.learning_rate);
        visit("beta1", Domain::Decay, &mut self.beta1);
        visit("beta2", Domain::Decay, &mut self.beta2);
        visit("epsilon", Domain::NonNegative, self.epsilon.value_mut());
        visit("weight_decay", Domain::NonNegative, &mut self.weight_decay.strength);
    }

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
