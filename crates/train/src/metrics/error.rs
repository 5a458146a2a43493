//! Predictions that a metric is not of.

use crate::{Predictions, Targets};

/// A metric that does not exist of these predictions.
///
/// ```
/// use cotangent::ndarray::array;
/// use cotangent_train::Predictions;
/// use cotangent_train::metrics::{Metric, RocAuc};
///
/// let of_one_class = Predictions::new(array![0.1, 0.7], array![1, 1])?;
/// let error = RocAuc.of(&of_one_class).unwrap_err();
/// assert_eq!(error.to_string(), "the ROC AUC is not defined: there are no samples of class 0");
/// # Ok::<(), cotangent_train::metrics::MetricError>(())
/// ```
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// Outputs and targets of other shapes or kinds than the metric is of.
    #[error("there must be {rule}; outputs are {outputs:?} and targets {kind} {targets:?}")]
    Unfit {
        /// What there must be.
        rule: &'static str,
        /// The shape of the outputs.
        outputs: Vec<usize>,
        /// `labels` or `numbers`.
        kind: &'static str,
        /// The shape of the targets.
        targets: Vec<usize>,
    },
    /// An output without the samples of its batch along the first axis.
    #[error("samples must lie along the first axis of an output; it is {output:?}")]
    Samples {
        /// The shape of the first batch's output.
        output: Vec<usize>,
    },
    /// A label of no class.
    #[error(
        "a label must be at least 0 and below the number of classes, {classes}, and is {label}: {}",
        of_no_class(*.label)
    )]
    Label {
        /// The label.
        label: i64,
        /// How many classes there are.
        classes: usize,
    },
    /// An output or target that is NaN.
    #[error("an {what} of sample {sample} is NaN")]
    NotANumber {
        /// `output`, or `target`.
        what: &'static str,
        /// The sample, counted from 0.
        sample: usize,
    },
    /// A number of classes to look at that is 0, or more than there are.
    #[error("the best k of {classes} classes are 1 to {classes}; k is {k}")]
    K {
        /// How many to look at.
        k: usize,
        /// How many there are.
        classes: usize,
    },
    /// A quotient with 0 below.
    #[error("the {metric} is not defined: {reason}")]
    Undefined {
        /// What is not defined.
        metric: &'static str,
        /// Why.
        reason: String,
    },
}

cotangent::debug_as_display!(MetricError);

/// What may be done about a label of no class; the classes are those that the outputs have scores of.
fn of_no_class(label: i64) -> String {
    if label < 0 {
        return "leave out the samples whose label stands for none".to_owned();
    }
    let classes = label as u64 + 1;
    format!(
        "labels count from 0, so subtract 1 from those that count from 1, or give outputs at least {classes} scores"
    )
}

impl MetricError {
    pub(crate) fn unfit(rule: &'static str, predictions: &Predictions) -> Self {
        let kind = match predictions.targets() {
            Targets::Labels(_) => "labels",
            Targets::Values(_) => "numbers",
        };
        let (outputs, targets) = (predictions.outputs().shape(), predictions.targets().shape());
        Self::Unfit { rule, outputs: outputs.to_vec(), kind, targets: targets.to_vec() }
    }
}
