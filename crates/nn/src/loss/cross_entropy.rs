//! Cross-entropy from logits.

use graph::{Kind, Var};

use super::Reduction;
use super::classes::ClassOptions;
use crate::HyperparameterError;
use crate::error::accept;

/// −Σ q·ln softmax(x) over classes, for logits x and true probabilities q, or −ln softmax(x)_y for
/// a class index y; reduced to the mean by default.
///
/// Classes lie on axis 1: the logits have shape `[N, C]` or `[N, C, ..]`; those of sequences, `[N, T, C]`, get
/// there by `x.move_axis(-1, 1)`. Targets are class indices
/// of shape `[N]` or `[N, ..]`, or probabilities of the shape of the logits. A single distribution
/// of shape `[C]` has a scalar label. The options, all as in PyTorch:
///
/// - Label smoothing ε replaces q by (1 − ε)·q + ε/C (Szegedy et al., 2016).
/// - Class weights w make −Σ w·q·ln softmax(x). The mean over class indices is then
///   Σ loss / Σ w_y; that over probabilities divides by the number of distributions.
/// - A label equal to the ignored one contributes exactly 0 to value and gradient and does not
///   count in the mean. The mean over no label at all is NaN, as in PyTorch: there is no such number,
///   and a step refuses it. Its gradient is 0. (PyTorch ignores −100 by default; here every label
///   counts unless told.)
///
/// A label outside the classes is an error of the run ([`graph::RunError`]), as it comes from data.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::CrossEntropy;
///
/// let g = Graph::new();
/// let logits = g.constant(array![[0.0, 0.0], [0.0, 0.0], [7.0, 8.0]]);
/// let labels = g.constant(array![0_i64, 1, -1]);
/// let loss = CrossEntropy::new().ignore_index(-1).of(logits, labels);
/// assert_eq!(loss.eval()?[[]], 2f64.ln());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CrossEntropy {
    options: ClassOptions,
    label_smoothing: f64,
}

impl Default for CrossEntropy {
    fn default() -> Self {
        Self { options: ClassOptions::new("cross_entropy"), label_smoothing: 0.0 }
    }
}

impl CrossEntropy {
    /// Without smoothing or weights, counting every label, reduced to the mean.
    pub fn new() -> Self {
        Self::default()
    }

    /// The share of every target that is spread evenly over the classes.
    pub fn label_smoothing(self, label_smoothing: f64) -> Self {
        Self { label_smoothing, ..self }
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

    /// How the losses of all targets become one.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.options.reduction = reduction;
        self
    }

    /// Whether the options are defined.
    ///
    /// # Errors
    /// Unless the label smoothing is in [0, 1], and every weight is finite and not negative.
    pub fn check(&self) -> Result<(), HyperparameterError> {
        let holds = (0.0..=1.0).contains(&self.label_smoothing);
        let (name, rule) = ("the label smoothing", "in [0, 1]");
        let (loss, value) = (self.options.loss, self.label_smoothing);
        HyperparameterError::unless(holds, loss, name, rule, value)?;
        self.options.check()
    }

    /// The loss of logits, for class indices or probabilities; a scalar, or without reduction one
    /// number for each target.
    ///
    /// # Panics
    /// If the shapes do not fit, there is not one weight per class, an ignored label is set for
    /// probabilities, or [`check`](Self::check) refuses the options.
    #[track_caller]
    pub fn of<'g>(&self, logits: Var<'g>, target: Var<'g>) -> Var<'g> {
        accept(self.check());
        let axis = if logits.rank() < 2 { -1 } else { 1 };
        let log_p = logits.log_softmax(axis);
        match target.kind() {
            Kind::Real => self.options.of_probabilities(log_p, target, self.label_smoothing),
            Kind::Index | Kind::Boolean => {
                self.options.of_labels(log_p, target, self.label_smoothing)
            }
        }
    }
}
