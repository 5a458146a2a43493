//! NovoGrad.

use crate::convention::{by_norm, options, sum_of_squares};
use crate::engine::described;
use crate::{At, Epsilon, Optim, Precision, Rule, Slot, Unit, Updated};
use graph::Shape;

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

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, [velocity, square]) = at.arguments();
        // The first square is the mean.
        let take = at.number(|r, t| if t.step == 1 { 1.0 } else { 1.0 - r.beta2 });
        let keep = at.number(|r, t| if t.step == 1 { 0.0 } else { r.beta2 });
        let square = keep * square + take * sum_of_squares(g);
        let scaled = Epsilon::divide(at, self, |r| r.epsilon, [g, square]);
        let decay = at.number(|r, _| r.weight_decay) * w;
        let velocity = at.number(|r, _| r.beta1) * velocity + scaled + decay;
        Updated::new(w - at.rate(|_, _| 1.0) * velocity, [velocity, square])
    }
}
