//! NovoGrad.

use graph::Shape;
use serde::Serialize;

use crate::convention::options;
use crate::engine::compiled_rule;
use crate::norm::norm;
use crate::{At, Epsilon, Optim, Precision, Rule, Slot, Slots, Unit, hyperparameters};

/// NovoGrad: one running mean square for each parameter, that of its gradient's norm.
///
/// > s ← β₂·s + (1 − β₂)·‖g‖², s = ‖g‖² at the first step,
/// > m ← β₁·m + g/(√s + ε) + λθ,  θ ← θ − α·m.
///
/// (Ginsburg et al., arXiv:1905.11286.) Defaults are those of optax: β₁ = 0.9, β₂ = 0.25, ε = 10⁻⁶
/// outside of the root, λ = 0.
pub type NovoGrad<T = f32> = Optim<NovoGradRule, T>;

hyperparameters! {
    /// The hyperparameters of [`NovoGrad`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct NovoGradRule {
        /// α.
        pub learning_rate in NonNegative: f64,
        /// β₁: how much of the velocity survives a step.
        pub beta1 in Decay: f64 = 0.9,
        /// β₂: how much of the mean square survives a step.
        pub beta2 in Decay: f64 = 0.25,
        /// ε: keeps the divisor from zero.
        pub epsilon in NonNegative: Epsilon = Epsilon::Outside(1e-6),
        /// λ: pulls the weights towards zero, within the velocity.
        pub weight_decay in NonNegative: f64 = 0.0,
    }
}

impl<T: Precision> NovoGrad<T> {
    /// NovoGrad with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(NovoGradRule::new(learning_rate))
    }

    options!(betas, epsilon);

    /// λ: pulls the weights towards zero, within the velocity.
    pub fn weight_decay(self, strength: f64) -> Self {
        self.set(|rule| rule.weight_decay = strength)
    }
}

impl Rule for NovoGradRule {
    const NAME: &'static str = "novograd";
    const UNIT: Unit = Unit::Parameter;
    compiled_rule!();

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
