//! NovoGrad.

use graph::Shape;

use crate::convention::{by_norm, options};
use crate::engine::described;
use crate::norm::norm;
use crate::{At, Optim, Precision, Rule, Slot, Slots, Unit};

/// NovoGrad: one running mean square for each parameter, that of its gradient's norm.
///
/// > s ← β₂·s + (1 − β₂)·‖g‖², s = ‖g‖² at the first step,
/// > m ← β₁·m + g/(√s + ε) + λθ,  θ ← θ − α·m.
///
/// (Ginsburg et al., arXiv:1905.11286.) Defaults are those of optax: β₁ = 0.9, β₂ = 0.25, ε = 10⁻⁶
/// outside of the root, λ = 0.
pub type NovoGrad<T = f32> = Optim<NovoGradRule, T>;

by_norm! {
    /// The hyperparameters of [`NovoGrad`].
    NovoGradRule, beta2 = 0.25
}

impl<T: Precision> NovoGrad<T> {
    /// NovoGrad with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(NovoGradRule::new(learning_rate))
    }

    options!(betas, epsilon, inner_decay);
}

impl Rule for NovoGradRule {
    const NAME: &'static str = "novograd";
    const UNIT: Unit = Unit::Parameter;
    described!();

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::like_weights("velocity"), Slot::shaped("square", |_| Shape::scalar())]
    }

    fn update<T: Precision>(
        &self,
        at: &At<'_>,
        weights: &mut [T],
        gradients: &[T],
        [velocity, square, ..]: Slots<'_, T>,
    ) {
        let new = norm(gradients).powi(2);
        let mean = match at.step {
            1 => new,
            _ => self.beta2 * square[0].to_f64() + (1.0 - self.beta2) * new,
        };
        square[0] = T::from_f64(mean);
        let rate = T::from_f64(self.learning_rate);
        let (keep, decay) = (T::from_f64(self.beta1), T::from_f64(self.weight_decay));
        let divisor = self.epsilon.divisor();
        for ((w, &g), v) in weights.iter_mut().zip(gradients).zip(velocity) {
            *v = keep * *v + divisor.divide(g, square[0]) + decay * *w;
            *w -= rate * *v;
        }
    }
}
