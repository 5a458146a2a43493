//! Binary cross-entropy.

use graph::{Var, misfit};
use ndarray::{ArrayD, Dimension, arr0};

use super::{Reduction, expect_same_shape};
use crate::HyperparameterError;
use crate::error::{accept, not_negative};

/// −w·t·ln σ(x) − (1 − t)·ln(1 − σ(x)) for logits x and targets t in [0, 1], reduced to the mean by
/// default; w, the weight of the positive class, is 1 unless given (PyTorch's `pos_weight`): a number,
/// or one for each class.
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
#[derive(Clone, Debug, PartialEq)]
pub struct BceWithLogits {
    positive_weight: PositiveWeight,
    reduction: Reduction,
}

/// What the positive class weighs in [`BceWithLogits`]: a number for all, a list with one for each class on the last axis,
/// or an array that broadcasts to the shape of the logits.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::{BceWithLogits, Reduction};
///
/// let g = Graph::new();
/// let (x, t) = (g.full([2, 3], 0.0), g.full([2, 3], 1.0));
/// let sum = |loss: BceWithLogits| loss.reduction(Reduction::Sum).of(x, t) / 2f64.ln();
/// let weighs = |loss, count: f64| Ok::<_, cotangent::RunError>((sum(loss).eval()?[[]] - count).abs() < 1e-12);
/// assert!(weighs(BceWithLogits::new().positive_weight(3.0), 18.0)?);
/// assert!(weighs(BceWithLogits::new().positive_weight([1.0, 2.0, 4.0]), 14.0)?);
/// assert!(weighs(BceWithLogits::new().positive_weight(array![[1.0], [2.0]]), 9.0)?);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PositiveWeight(ArrayD<f64>);

impl From<f64> for PositiveWeight {
    fn from(all: f64) -> Self {
        Self(arr0(all).into_dyn())
    }
}

impl<const N: usize> From<[f64; N]> for PositiveWeight {
    fn from(of_classes: [f64; N]) -> Self {
        Self::from(Vec::from(of_classes))
    }
}

impl From<Vec<f64>> for PositiveWeight {
    fn from(of_classes: Vec<f64>) -> Self {
        Self(ndarray::Array1::from(of_classes).into_dyn())
    }
}

impl<D: Dimension> From<ndarray::Array<f64, D>> for PositiveWeight {
    fn from(array: ndarray::Array<f64, D>) -> Self {
        Self(array.into_dyn())
    }
}

impl Default for BceWithLogits {
    fn default() -> Self {
        Self { positive_weight: 1.0.into(), reduction: Reduction::Mean }
    }
}

impl BceWithLogits {
    /// With weight 1, reduced to the mean.
    pub fn new() -> Self {
        Self::default()
    }

    /// The weight of the positive class, such as the number of negatives per positive: see [`PositiveWeight`].
    pub fn positive_weight(self, positive_weight: impl Into<PositiveWeight>) -> Self {
        Self { positive_weight: positive_weight.into(), ..self }
    }

    /// How the losses of all elements become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }

    /// Whether the options are defined.
    ///
    /// # Errors
    /// Unless every weight is finite and not negative.
    pub fn check(&self) -> Result<(), HyperparameterError> {
        let name = "the weight of the positive class";
        let mut weights = self.positive_weight.0.iter();
        weights.try_for_each(|&weight| not_negative("BceWithLogits", name, weight))
    }

    /// The loss of logits, of any shape, for targets of the same shape.
    ///
    /// # Panics
    /// If the shapes differ, the weights of the positive class do not broadcast to them, or
    /// [`check`](Self::check) refuses one.
    #[track_caller]
    pub fn of<'g>(&self, logits: Var<'g>, target: Var<'g>) -> Var<'g> {
        self.reduction.of(self.losses(logits, target))
    }

    /// As [`of`](Self::of), each loss times a weight (PyTorch's `weight`), exactly 0 where that is. The weights broadcast to
    /// the shape of the logits: one for each sample of `[N, C]` has shape `[N, 1]`. The mean divides by the number of
    /// elements, whatever they weigh.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// use cotangent::nn::loss::BceWithLogits;
    ///
    /// let g = Graph::new();
    /// let (x, t) = (g.full([2, 3], 0.0), g.full([2, 3], 1.0));
    /// let loss = BceWithLogits::new().of_weighted(x, t, g.constant(array![[1.0], [0.0]]));
    /// assert_eq!(loss.eval()?[[]], 0.5 * 2f64.ln());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the shapes do not fit, or [`check`](Self::check) refuses a weight of the positive class.
    #[track_caller]
    pub fn of_weighted<'g>(&self, logits: Var<'g>, target: Var<'g>, weights: Var<'g>) -> Var<'g> {
        let losses = self.losses(logits, target);
        if !weights.is_real() || !weights.shape().broadcasts_to(&logits.shape()) {
            let rule = "the weights must be numbers that broadcast to the shape of the logits: those of samples have an axis \
                        of extent 1 for each behind, by `w.unsqueeze(-1)`";
            misfit("bce_with_logits", rule, &[logits, weights]);
        }
        self.reduction.of(weights.mul_no_nan(losses))
    }

    /// The loss of each element.
    #[track_caller]
    fn losses<'g>(&self, logits: Var<'g>, target: Var<'g>) -> Var<'g> {
        accept(self.check());
        expect_same_shape("bce_with_logits", logits, target);
        let positive = target.mul_no_nan((-logits).softplus());
        let negative = (1.0 - target).mul_no_nan(logits.softplus());
        self.weighted(logits, positive) + negative
    }

    /// What the positive class costs, as it weighs.
    #[track_caller]
    fn weighted<'g>(&self, logits: Var<'g>, positive: Var<'g>) -> Var<'g> {
        let PositiveWeight(weight) = &self.positive_weight;
        if weight.ndim() == 0 && weight.first() == Some(&1.0) {
            return positive;
        }
        let weight = logits.graph().constant(weight.clone());
        if !weight.shape().broadcasts_to(&logits.shape()) {
            let rule = "the weights of the positive class must broadcast to the shape of the logits: a list has one for each \
                        class on the last axis";
            misfit("bce_with_logits", rule, &[logits, weight]);
        }
        weight * positive
    }
}
