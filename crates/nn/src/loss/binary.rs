//! Binary cross-entropy.

use graph::Var;

use super::{Reduction, expect_same_shape};
use crate::HyperparameterError;
use crate::error::{accept, not_negative};

/// −w·t·ln σ(x) − (1 − t)·ln(1 − σ(x)) for logits x and targets t in [0, 1], reduced to the mean by
/// default; w, the weight of the positive class, is 1 unless given (PyTorch's `pos_weight`).
///
/// It is computed as w·t·softplus(−x) + (1 − t)·softplus(x), which keeps full relative precision in
/// both tails, where max(x, 0) − x·t + ln(1 + e^(−|x|)) would have a kink at 0: its derivative
/// there is σ(0) − t = ½ − t. A logit of ±∞ that agrees with its target costs exactly 0.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::Loss;
///
/// let g = Graph::new();
/// let logits = g.constant(array![800.0, -800.0, 0.0]);
/// let loss = logits.bce_with_logits(g.constant(array![1.0, 1.0, 0.5]));
/// assert_eq!(loss.eval()?[[]], (0.0 + 800.0 + 2f64.ln()) / 3.0);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BceWithLogits {
    positive_weight: f64,
    reduction: Reduction,
}

impl Default for BceWithLogits {
    fn default() -> Self {
        Self { positive_weight: 1.0, reduction: Reduction::Mean }
    }
}

impl BceWithLogits {
    /// With weight 1, reduced to the mean.
    pub fn new() -> Self {
        Self::default()
    }

    /// The weight of the positive class, such as the number of negatives per positive.
    pub fn positive_weight(self, positive_weight: f64) -> Self {
        Self { positive_weight, ..self }
    }

    /// How the losses of all elements become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }

    /// Whether the options are defined.
    ///
    /// # Errors
    /// Unless the weight is finite and not negative.
    pub fn check(self) -> Result<(), HyperparameterError> {
        let name = "the weight of the positive class";
        not_negative("BceWithLogits", name, self.positive_weight)
    }

    /// The loss of logits, of any shape, for targets of the same shape.
    ///
    /// # Panics
    /// If the shapes differ, or [`check`](Self::check) refuses the weight.
    #[track_caller]
    pub fn of<'g>(self, logits: Var<'g>, target: Var<'g>) -> Var<'g> {
        accept(self.check());
        expect_same_shape("bce_with_logits", logits, target);
        let positive = target.mul_no_nan((-logits).softplus());
        let negative = (1.0 - target).mul_no_nan(logits.softplus());
        let positive = match self.positive_weight {
            1.0 => positive,
            weight => weight * positive,
        };
        self.reduction.of(positive + negative)
    }
}
