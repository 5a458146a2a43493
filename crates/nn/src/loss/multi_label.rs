//! Several labels at once.

use graph::{Var, misfit};
use ndarray::Array1;

use super::{BceWithLogits, Reduction, expect_same_shape};
use crate::HyperparameterError;
use crate::error::{accept, not_negative};

/// The mean over C classes of −w·(t·ln σ(x) + (1 − t)·ln(1 − σ(x))), for logits x on the last axis and targets t in
/// [0, 1], of which any number may be 1; reduced to the mean by default. The weights w of classes are 1 unless given.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::MultiLabelSoftMargin;
///
/// let g = Graph::new();
/// let (x, t) = (g.constant(array![[0.0, 0.0]]), g.constant(array![[1.0, 0.0]]));
/// let loss = MultiLabelSoftMargin::new().weights([1.0, 3.0]).of(x, t);
/// assert_eq!(loss.eval()?[[]], 2.0 * 2f64.ln());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MultiLabelSoftMargin {
    weights: Option<Vec<f64>>,
    reduction: Reduction,
}

impl MultiLabelSoftMargin {
    /// Without weights, reduced to the mean.
    pub fn new() -> Self {
        Self::default()
    }

    /// The weight of each class.
    pub fn weights(self, weights: impl Into<Vec<f64>>) -> Self {
        Self { weights: Some(weights.into()), ..self }
    }

    /// How the losses of all samples become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }

    /// Whether the options are defined.
    ///
    /// # Errors
    /// Unless every weight is finite and not negative.
    pub fn check(&self) -> Result<(), HyperparameterError> {
        let mut weights = self.weights.iter().flatten();
        let name = "the weight of a class";
        weights.try_for_each(|&weight| not_negative("MultiLabelSoftMargin", name, weight))
    }

    /// The loss of logits `[.., C]`, for targets of the same shape.
    ///
    /// # Panics
    /// If the shapes differ, there is not one weight per class, or [`check`](Self::check) refuses the weights.
    #[track_caller]
    pub fn of<'g>(&self, logits: Var<'g>, target: Var<'g>) -> Var<'g> {
        accept(self.check());
        expect_same_shape("multi_label_soft_margin", logits, target);
        let mut losses = BceWithLogits::new().reduction(Reduction::None).of(logits, target);
        if let Some(weights) = &self.weights {
            if logits.shape().last() != Some(&weights.len()) {
                let given = weights.len();
                let rule = format!(
                    "each class, on the last axis, must have a weight, and {given} are given"
                );
                misfit("multi_label_soft_margin", rule, &[logits]);
            }
            losses = losses * logits.graph().constant(Array1::from(weights.clone()));
        }
        self.reduction.of(losses.mean_over(-1))
    }
}
