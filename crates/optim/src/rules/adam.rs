//! Adam and AdamW.

use serde::Serialize;

use crate::convention::{averages, options};
use crate::engine::described;
use crate::{
    At, Epsilon, Moment, Optim, Precision, Rule, Slot, Updated, WeightDecay, hyperparameters,
};

/// Adam: steps along a running mean of gradients, divided by the root of their running mean square.
///
/// > m ← β₁·m + (1 − β₁)·g,  v ← β₂·v + (1 − β₂)·g²,  θ ← θ − α·m̂/(√v̂ + ε),
///
/// with m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ), or m and v themselves
/// [without bias correction](Self::without_bias_correction). (Kingma and Ba, arXiv:1412.6980.)
/// [`adamw`](Self::adamw) multiplies θ by 1 − αλ beside (Loshchilov and Hutter, arXiv:1711.05101).
///
/// Defaults are those of PyTorch and optax: β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸ outside of the root,
/// bias correction, no decay. [`lecture`](Self::lecture) puts ε inside.
///
/// Where a gradient has been 0 from the start and ε is 0, the formula is 0/0 and the weight NaN.
///
/// ```
/// use cotangent::optim::Adam;
/// let adam = Adam::<f32>::new(1e-3).betas(0.9, 0.99).lecture();
/// let adamw = Adam::<f32>::adamw(1e-3).no_decay("*.bias");
/// # adam.validate().and(adamw.validate())?;
/// # Ok::<(), cotangent::optim::OptimError>(())
/// ```
pub type Adam<T = f32> = Optim<AdamRule, T>;

hyperparameters! {
    /// The hyperparameters of [`Adam`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct AdamRule {
        /// α.
        pub learning_rate in NonNegative: f64,
        /// β₁: how much of the mean survives a step.
        pub beta1 in Decay: f64 = 0.9,
        /// β₂: how much of the mean square survives a step.
        pub beta2 in Decay: f64 = 0.999,
        /// ε: keeps the divisor from zero.
        pub epsilon in NonNegative: Epsilon = Epsilon::Outside(1e-8),
        /// The averages are divided by the weight they have gathered.
        pub bias_correction: bool = true,
        /// Pulls the weights towards zero.
        pub weight_decay in NonNegative: WeightDecay = WeightDecay::NONE,
    }
}

impl<T: Precision> Adam<T> {
    /// Adam with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(AdamRule::new(learning_rate))
    }

    /// AdamW with the learning rate α: decoupled weight decay, of PyTorch's strength 0.01.
    pub fn adamw(learning_rate: f64) -> Self {
        Self::new(learning_rate).decoupled_weight_decay(0.01)
    }

    options!(betas, epsilon, weight_decay);

    /// The lecture's "full form": ε inside of the root.
    pub fn lecture(self) -> Self {
        self.set(|rule| rule.epsilon = rule.epsilon.inside())
    }

    /// Takes the averages as they are, biased towards 0 at first: the lecture's simple form.
    pub fn without_bias_correction(self) -> Self {
        self.set(|rule| rule.bias_correction = false)
    }
}

impl Rule for AdamRule {
    const NAME: &'static str = "adam";
    described!();

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::like_weights("mean"), Slot::like_weights("square")]
    }

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, [mean, square]) = at.arguments();
        let g = WeightDecay::gradient(at, self, |r| r.weight_decay, [w, g]);
        let [mean, square] = averages(at, [mean, square], g, |r| [r.beta1, r.beta2]);
        let gathered = |r: &Self, t: &Moment<'_>, beta| {
            if r.bias_correction { t.gathered(beta) } else { 1.0 }
        };
        let corrected = at.number(move |r, t| 1.0 / gathered(r, t, r.beta2)) * square;
        let rate = at.rate(move |r, t| 1.0 / gathered(r, t, r.beta1));
        let step = Epsilon::divide(at, self, |r| r.epsilon, [mean, corrected]);
        let w = WeightDecay::shrunk(at, self, |r| r.weight_decay, |_, _| 1.0, w);
        Updated::new(w - rate * step, [mean, square])
    }
}
