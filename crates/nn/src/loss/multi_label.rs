//! Several labels at once.

use graph::Var;

use super::{BceWithLogits, Reduction, class_weights, expect_same_shape};
use crate::HyperparameterError;
use crate::error::accept;

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
        class_weights::check("MultiLabelSoftMargin", &self.weights)
    }

    /// The loss of logits `[.., C]`, for targets of the same shape.
    ///
    /// # Panics
    /// If the shapes differ, there is not one weight per class, or [`check`](Self::check) refuses the weights.
    #[track_caller]
    pub fn of<'g>(&self, logits: Var<'g>, target: Var<'g>) -> Var<'g> {
        const NAME: &str = "multi_label_soft_margin";
        accept(self.check());
        expect_same_shape(NAME, logits, target);
        let mut losses = BceWithLogits::new().reduction(Reduction::None).of(logits, target);
        let classes = logits.rank().saturating_sub(1);
        if let Some(weights) = class_weights::of(NAME, &self.weights, logits, classes) {
            losses = losses * weights;
        }
        self.reduction.of(losses.mean_over(-1))
    }
}
