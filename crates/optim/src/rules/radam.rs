//! RAdam.

use serde::Serialize;

use crate::convention::{averages, options};
use crate::engine::described;
use crate::{
    At, Epsilon, Moment, Optim, Precision, Rule, Slot, Updated, WeightDecay, hyperparameters,
};

/// RAdam: Adam whose step is rectified while its mean square rests on few gradients.
///
/// With m̂ and v as in [`Adam`](crate::Adam), ρ∞ = 2/(1 − β₂) − 1 and ρₜ = ρ∞ − 2tβ₂ᵗ/(1 − β₂ᵗ),
///
/// > θ ← θ − α·r·m̂·√(1 − β₂ᵗ)/(√v + ε) where ρₜ > 5, r² = (ρₜ−4)(ρₜ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρₜ),
///
/// and θ ← θ − α·m̂ before. (Liu et al., "On the variance of the adaptive learning rate and
/// beyond", arXiv:1908.03265.) [`optax`](Self::optax) adds ε to √v̂, and begins at ρₜ = 5.
///
/// Defaults are those of PyTorch: β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸ beside √v.
pub type RAdam<T = f32> = Optim<RAdamRule, T>;

hyperparameters! {
    /// The hyperparameters of [`RAdam`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct RAdamRule {
        /// α.
        pub learning_rate in NonNegative: f64,
        /// β₁: how much of the mean survives a step.
        pub beta1 in Decay: f64 = 0.9,
        /// β₂: how much of the mean square survives a step.
        pub beta2 in Decay: f64 = 0.999,
        /// ε: keeps the divisor from zero.
        pub epsilon in NonNegative: Epsilon = Epsilon::Outside(1e-8),
        /// ε joins the corrected mean square v̂, not v.
        pub epsilon_after_correction: bool = false,
        /// The ρₜ above which the step is divided.
        pub threshold in NonNegative: f64 = 5.0,
        /// Pulls the weights towards zero.
        pub weight_decay in NonNegative: WeightDecay = WeightDecay::NONE,
    }
}

impl<T: Precision> RAdam<T> {
    /// RAdam with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(RAdamRule::new(learning_rate))
    }

    options!(betas, epsilon, weight_decay);

    /// The ρₜ above which the step is divided; the paper has 4, PyTorch and optax 5.
    pub fn threshold(self, threshold: f64) -> Self {
        self.set(|rule| rule.threshold = threshold)
    }

    /// optax's place of ε: beside the root of the corrected mean square.
    pub fn optax(self) -> Self {
        self.set(|rule| rule.epsilon_after_correction = true)
    }
}

impl RAdamRule {
    /// r, once there are gradients enough.
    fn rectification(&self, at: &Moment<'_>) -> Option<f64> {
        let infinity = 2.0 / (1.0 - self.beta2) - 1.0;
        let gathered = at.gathered(self.beta2);
        let rho = infinity - 2.0 * at.step as f64 * (1.0 - gathered) / gathered;
        let ratio = (rho - 4.0) * (rho - 2.0) * infinity;
        let whole = (infinity - 4.0) * (infinity - 2.0) * rho;
        // Up to 4 there is no root.
        (rho > self.threshold.max(4.0)).then(|| (ratio / whole).sqrt())
    }
}

impl Rule for RAdamRule {
    const NAME: &'static str = "radam";
    described!();

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::like_weights("mean"), Slot::like_weights("square")]
    }

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, [mean, square]) = at.arguments();
        let g = WeightDecay::gradient(at, self, |r| r.weight_decay, [w, g]);
        let [mean, square] = averages(at, [mean, square], g, |r| [r.beta1, r.beta2]);
        // √(1 − β₂ᵗ)/(√v + ε), or 1/(√(v/(1 − β₂ᵗ)) + ε).
        let scaled = if self.epsilon_after_correction {
            let corrected = at.number(|r, t| 1.0 / t.gathered(r.beta2)) * square;
            Epsilon::divide(at, self, |r| r.epsilon, [mean, corrected])
        } else {
            let divided = Epsilon::divide(at, self, |r| r.epsilon, [mean, square]);
            at.number(|r, t| t.gathered(r.beta2).sqrt()) * divided
        };
        // One of the two is 0; what is not finite where nothing is divided yet, takes no part.
        let plain = at.number(|r, t| f64::from(u8::from(r.rectification(t).is_none())));
        let rectified = at.number(|r, t| r.rectification(t).unwrap_or(0.0));
        let direction = plain * mean + rectified.mul_no_nan(scaled);
        let w = WeightDecay::shrunk(at, self, |r| r.weight_decay, |_, _| 1.0, w);
        let rate = at.rate(|r, t| 1.0 / t.gathered(r.beta1));
        Updated::new(w - rate * direction, [mean, square])
    }
}
