//! Binary cross-entropy that looks away from what is easy.

use graph::Var;

use super::{BceWithLogits, Reduction, expect_same_shape};
use crate::HyperparameterError;
use crate::error::{accept, not_negative};

/// −α_t·(1 − p_t)^γ·ln p_t for logits x and targets t in [0, 1], with p_t = t·σ(x) + (1 − t)·(1 − σ(x)) and
/// α_t = t·α + (1 − t)·(1 − α); reduced to the mean by default (Lin et al., "Focal loss for dense object
/// detection", 2017). γ = 2 and α = ¼ by default, as in torchvision.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::Focal;
///
/// let g = Graph::new();
/// let loss = Focal::new().of(g.constant(array![0.0]), g.constant(array![1.0]));
/// assert!((loss.eval()?[[]] - 0.25 * 0.25 * 2f64.ln()).abs() < 1e-15);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Focal {
    alpha: Option<f64>,
    gamma: f64,
    reduction: Reduction,
}

impl Default for Focal {
    fn default() -> Self {
        Self { alpha: Some(0.25), gamma: 2.0, reduction: Reduction::Mean }
    }
}

impl Focal {
    /// With γ = 2 and α = ¼, reduced to the mean.
    pub fn new() -> Self {
        Self::default()
    }

    /// The weight of the positive class, that of the negative being 1 − α; `None` for neither.
    pub fn alpha(self, alpha: impl Into<Option<f64>>) -> Self {
        Self { alpha: alpha.into(), ..self }
    }

    /// How much less what is predicted well counts; with 0 it counts as in cross-entropy.
    pub fn gamma(self, gamma: f64) -> Self {
        Self { gamma, ..self }
    }

    /// How the losses of all elements become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }

    /// Whether the options are defined.
    ///
    /// # Errors
    /// Unless γ is finite and not negative, and α in [0, 1].
    pub fn check(self) -> Result<(), HyperparameterError> {
        not_negative("Focal", "γ", self.gamma)?;
        let alpha = self.alpha.unwrap_or(0.0);
        let holds = (0.0..=1.0).contains(&alpha);
        HyperparameterError::unless(holds, "Focal", "α", "in [0, 1]", alpha)
    }

    /// The loss of logits, of any shape, for targets of the same shape.
    ///
    /// # Panics
    /// If the shapes differ, or [`check`](Self::check) refuses the options.
    #[track_caller]
    pub fn of<'g>(self, logits: Var<'g>, target: Var<'g>) -> Var<'g> {
        accept(self.check());
        expect_same_shape("focal", logits, target);
        let entropy = BceWithLogits::new().reduction(Reduction::None).of(logits, target);
        // 1 − p_t, without the loss of digits where p_t is near 1.
        let missed = target * (-logits).sigmoid() + (1.0 - target) * logits.sigmoid();
        let mut losses = missed.powf(self.gamma).mul_no_nan(entropy);
        if let Some(alpha) = self.alpha {
            losses = (alpha * target + (1.0 - alpha) * (1.0 - target)) * losses;
        }
        self.reduction.of(losses)
    }
}
