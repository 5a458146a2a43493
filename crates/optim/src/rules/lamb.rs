//! LAMB.

use crate::convention::{averages, by_norm, options, sum_of_squares};
use crate::engine::described;
use crate::{At, Epsilon, Optim, Precision, Rule, Slot, Unit, Updated};
use graph::Var;

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
        vec![Slot::like_weights("mean"), Slot::like_weights("square")]
    }

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, [mean, square]) = at.arguments();
        let [mean, square] = averages(at, [mean, square], g, |r| [r.beta1, r.beta2]);
        let [of_mean, of_square] = [
            at.number(|r, t| 1.0 / t.gathered(r.beta1)) * mean,
            at.number(|r, t| 1.0 / t.gathered(r.beta2)) * square,
        ];
        let divided = Epsilon::divide(at, self, |r| r.epsilon, [of_mean, of_square]);
        let direction = divided + at.number(|r, _| r.weight_decay) * w;
        let rate = at.rate(|_, _| 1.0) * trust(w, direction);
        Updated::new(w - rate * direction, [mean, square])
    }
}

/// ‖θ‖/‖u‖, or 1 where one of them is 0.
fn trust<'g>(weights: Var<'g>, direction: Var<'g>) -> Var<'g> {
    let (length, step) = (sum_of_squares(weights).sqrt(), sum_of_squares(direction).sqrt());
    length.gt(0.0).and(step.gt(0.0)).select(length / step, 1.0)
}
