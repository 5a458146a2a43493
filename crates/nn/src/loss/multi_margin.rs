//! The margin of a class above all others.

use graph::{Var, misfit};

use super::labels::Labels;
use super::{Reduction, class_weights};
use crate::HyperparameterError;
use crate::error::accept;

/// w_y·Σⱼ max(0, m − x_y + xⱼ)/C over the C − 1 other classes j, for scores x on the last axis and class indices y (Crammer
/// and Singer, 2001); reduced to the mean by default. The margin m is 1 by default, and the weights w of classes are 1.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::MultiMargin;
///
/// let g = Graph::new();
/// let (x, y) = (g.constant(array![[0.5, 2.0, 1.5, -1.0]]), g.constant(array![1]));
/// assert_eq!(MultiMargin::new().of(x, y).eval()?[[]], 0.5 / 4.0);
/// assert_eq!(MultiMargin::new().squared(true).of(x, y).eval()?[[]], 0.25 / 4.0);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MultiMargin {
    margin: f64,
    squared: bool,
    weights: Option<Vec<f64>>,
    reduction: Reduction,
}

impl Default for MultiMargin {
    fn default() -> Self {
        Self { margin: 1.0, squared: false, weights: None, reduction: Reduction::Mean }
    }
}

impl MultiMargin {
    /// With a margin of 1, without weights, reduced to the mean.
    pub fn new() -> Self {
        Self::default()
    }

    /// By how much the score of the class should be above each other.
    pub fn margin(self, margin: f64) -> Self {
        Self { margin, ..self }
    }

    /// Whether what lacks of the margin is squared (PyTorch's `p` of 2).
    pub fn squared(self, squared: bool) -> Self {
        Self { squared, ..self }
    }

    /// The weight of each class.
    pub fn weights(self, weights: impl Into<Vec<f64>>) -> Self {
        Self { weights: Some(weights.into()), ..self }
    }

    /// How the losses of all labels become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }

    /// Whether the options are defined.
    ///
    /// # Errors
    /// Unless the margin is finite, and every weight is finite and not negative.
    pub fn check(&self) -> Result<(), HyperparameterError> {
        crate::init::finite("MultiMargin", "the margin", self.margin)?;
        class_weights::check("MultiMargin", &self.weights)
    }

    /// The loss of scores `[.., C]` for labels `[..]`.
    ///
    /// # Panics
    /// If the labels are not one index per row of scores, there is not one weight per class, or [`check`](Self::check) refuses
    /// an option.
    #[track_caller]
    pub fn of<'g>(&self, scores: Var<'g>, labels: Var<'g>) -> Var<'g> {
        const NAME: &str = "multi_margin";
        accept(self.check());
        let Some(&classes) = scores.shape().last() else {
            misfit(NAME, "the scores must have an axis of classes, the last", &[scores]);
        };
        let of_class = Labels::new(NAME, scores, scores.rank() - 1, labels, None);
        let lacking = (self.margin - of_class.pick(scores).unsqueeze(-1) + scores).relu();
        let lacking = if self.squared { lacking.square() } else { lacking };
        let others = scores.graph().arange(classes).ne(labels.unsqueeze(-1));
        let mut losses = others.select(lacking, 0.0).sum_over(-1) / classes as f64;
        if let Some(weights) = class_weights::of(NAME, &self.weights, scores, scores.rank() - 1) {
            losses = losses * weights.take(0, labels);
        }
        self.reduction.of(losses)
    }
}
