//! The smooth absolute difference.

use graph::Var;

use super::{Reduction, expect_same_shape};
use crate::HyperparameterError;
use crate::error::{accept, not_negative};

/// (x − t)²/(2β) where |x − t| < β, else |x − t| − β/2, reduced to the mean by default (Girshick,
/// "Fast R-CNN", 2015): [`Huber`](super::Huber) divided by β. β = 1 by default; with 0 it is
/// [`L1`](super::L1).
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::{Reduction, SmoothL1};
///
/// let g = Graph::new();
/// let (x, t) = (g.constant(array![1.5, 4.0]), g.constant(array![1.0, 1.0]));
/// let each = SmoothL1::new().reduction(Reduction::None).of(x, t);
/// assert_eq!(each.eval()?, array![0.125, 2.5].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SmoothL1 {
    beta: f64,
    reduction: Reduction,
}

impl Default for SmoothL1 {
    fn default() -> Self {
        Self { beta: 1.0, reduction: Reduction::Mean }
    }
}

impl SmoothL1 {
    /// With β = 1, reduced to the mean.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the loss becomes linear.
    pub fn beta(self, beta: f64) -> Self {
        Self { beta, ..self }
    }

    /// How the losses of all elements become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }

    /// Whether the options are defined.
    ///
    /// # Errors
    /// Unless β is finite and not negative.
    pub fn check(self) -> Result<(), HyperparameterError> {
        not_negative("SmoothL1", "β", self.beta)
    }

    /// The loss of a prediction, of any shape, for a target of the same shape.
    ///
    /// # Panics
    /// If the shapes differ, or [`check`](Self::check) refuses β.
    #[track_caller]
    pub fn of<'g>(self, prediction: Var<'g>, target: Var<'g>) -> Var<'g> {
        accept(self.check());
        expect_same_shape("smooth_l1", prediction, target);
        let error = prediction - target;
        let distance = error.abs();
        if self.beta == 0.0 {
            return self.reduction.of(distance);
        }
        let near = (0.5 / self.beta) * error.square();
        let far = distance - 0.5 * self.beta;
        self.reduction.of(distance.lt(self.beta).select(near, far))
    }
}
