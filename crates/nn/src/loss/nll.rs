//! The negative log-likelihood of class labels.

use graph::Var;

use super::Reduction;
use super::classes::ClassOptions;
use crate::HyperparameterError;
use crate::error::accept;

/// −w_y·x_y for logarithms x of class probabilities and class indices y, reduced to the mean by
/// default: [`CrossEntropy`](super::CrossEntropy) of what is normalised already.
///
/// Shapes, weights, ignored labels and the mean are those of [`CrossEntropy`](super::CrossEntropy).
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::Nll;
///
/// let g = Graph::new();
/// let log_p = g.constant(array![[0.25_f64.ln(), 0.75_f64.ln()]]);
/// let loss = Nll::new().of(log_p, g.constant(array![1])).eval()?;
/// assert_eq!(loss[[]], -0.75_f64.ln());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Nll {
    options: ClassOptions,
}

impl Default for Nll {
    fn default() -> Self {
        Self { options: ClassOptions::new("nll") }
    }
}

impl Nll {
    /// Without weights, counting every label, reduced to the mean.
    pub fn new() -> Self {
        Self::default()
    }

    /// The weight of each class.
    pub fn weights(mut self, weights: impl Into<Vec<f64>>) -> Self {
        self.options.weights = Some(weights.into());
        self
    }

    /// The label that stands for no label.
    pub fn ignore_index(mut self, label: i64) -> Self {
        self.options.ignored = Some(label);
        self
    }

    /// How the losses of all labels become one.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.options.reduction = reduction;
        self
    }

    /// Whether the options are defined.
    ///
    /// # Errors
    /// Unless every weight is finite and not negative.
    pub fn check(&self) -> Result<(), HyperparameterError> {
        self.options.check()
    }

    /// The loss of logarithms of probabilities: `[N, C]` or `[N, C, ..]` with labels `[N]` or
    /// `[N, ..]`, or `[C]` with a scalar label.
    ///
    /// # Panics
    /// If the labels are not one index per distribution, there is not one weight per class, or
    /// [`check`](Self::check) refuses the weights.
    #[track_caller]
    pub fn of<'g>(&self, log_p: Var<'g>, labels: Var<'g>) -> Var<'g> {
        accept(self.check());
        self.options.of_labels(log_p, labels, 0.0)
    }
}
