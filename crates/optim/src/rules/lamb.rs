//! LAMB.

use crate::convention::{by_norm, options};
use crate::engine::described;
use crate::norm::norm;
use crate::{At, Optim, Precision, Rule, Slot, Slots, Unit};

/// LAMB: Adam's direction, scaled for each parameter to the length of its weights.
///
/// With m̂ and v̂ as in [`Adam`](crate::Adam), for each parameter
///
/// > u = m̂/(√v̂ + ε) + λθ,  θ ← θ − α·(‖θ‖/‖u‖)·u,
///
/// the ratio being 1 where a norm is 0. For large batches. (You et al., "Large batch optimization
/// for deep learning", arXiv:1904.00962.) Defaults are those of optax: β₁ = 0.9, β₂ = 0.999, ε =
/// 10⁻⁶ outside of the root, λ = 0.
pub type Lamb<T = f32> = Optim<LambRule, T>;

by_norm! {
    /// The hyperparameters of [`Lamb`].
    LambRule, beta2 = 0.999
}

impl<T: Precision> Lamb<T> {
    /// LAMB with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(LambRule::new(learning_rate))
    }

    options!(betas, epsilon, inner_decay);
}

impl Rule for LambRule {
    const NAME: &'static str = "lamb";
    const UNIT: Unit = Unit::Parameter;
    described!();

    fn slots(&self) -> Vec<Slot> {
        let direction = Slot::like_weights("direction").scratch();
        vec![Slot::like_weights("mean"), Slot::like_weights("square"), direction]
    }

    fn update<T: Precision>(
        &self,
        at: &At<'_>,
        weights: &mut [T],
        gradients: &[T],
        [mean, square, direction, ..]: Slots<'_, T>,
    ) {
        let unbias1 = T::from_f64(1.0 / at.gathered(self.beta1));
        let unbias2 = T::from_f64(1.0 / at.gathered(self.beta2));
        let (take1, take2) = (T::from_f64(1.0 - self.beta1), T::from_f64(1.0 - self.beta2));
        let (keep2, decay) = (T::from_f64(self.beta2), T::from_f64(self.weight_decay));
        let divisor = self.epsilon.divisor();
        let slots = mean.iter_mut().zip(square).zip(direction.iter_mut());
        for ((&w, &g), ((m, v), u)) in weights.iter().zip(gradients).zip(slots) {
            *m += take1 * (g - *m);
            *v = keep2 * *v + take2 * g * g;
            *u = divisor.divide(unbias1 * *m, unbias2 * *v) + decay * w;
        }
        let rate = T::from_f64(self.learning_rate * trust(weights, direction));
        for (w, &u) in weights.iter_mut().zip(direction.iter()) {
            *w -= rate * u;
        }
    }
}

/// ‖θ‖/‖u‖, or 1 where one of them is 0.
fn trust<T: Precision>(weights: &[T], direction: &[T]) -> f64 {
    let (length, step) = (norm(weights), norm(direction));
    if length == 0.0 || step == 0.0 { 1.0 } else { length / step }
}
