//! How good predictions are, as numbers.
//!
//! | of | metrics |
//! |---|---|
//! | classes | [`Accuracy`], [`TopK`], [`Precision`], [`Recall`], [`F1`], and the [`ConfusionMatrix`] behind them |
//! | two classes by a score | [`RocAuc`] |
//! | numbers | [`Mae`], [`Rmse`], [`R2`] |
//!
//! ```
//! use cotangent::ndarray::array;
//! use cotangent_train::Predictions;
//! use cotangent_train::metrics::{Average, ConfusionMatrix, F1, Metric};
//!
//! let scores = array![[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]];
//! let predictions = Predictions::new(scores, array![0, 1, 1, 1])?;
//! let matrix = ConfusionMatrix::of(&predictions)?;
//! assert_eq!(matrix.counts(), array![[1, 0], [1, 2]]);
//! assert_eq!((matrix.precision(1), matrix.recall(1)), (1.0, 2.0 / 3.0));
//! assert_eq!(F1(Average::Weighted).of(&predictions)?, 0.25 * (2.0 / 3.0) + 0.75 * 0.8);
//! # Ok::<(), cotangent_train::metrics::MetricError>(())
//! ```
//!
//! They are computed of a whole data set, and not averaged over batches, which for most of them would be another number.
//! Definitions are those of scikit-learn, and values are compared with it.

mod accuracy;
mod averaged;
mod confusion;
mod error;
mod regression;
mod roc_auc;

pub use accuracy::{Accuracy, TopK};
pub use averaged::{Average, F1, Precision, Recall};
pub use confusion::ConfusionMatrix;
pub use error::MetricError;
pub use regression::{Mae, R2, Rmse};
pub use roc_auc::RocAuc;

use crate::Predictions;

/// A number that says how good predictions are.
///
/// One of one's own is a type that implements it, or a name with a function, of which greater values are better:
///
/// ```
/// use cotangent::ndarray::array;
/// use cotangent_train::Predictions;
/// use cotangent_train::metrics::{Metric, MetricError, Rmse};
///
/// let closeness = ("closeness", |predictions: &Predictions| {
///     Ok::<_, MetricError>((-Rmse.of(predictions)?).exp())
/// });
/// let predictions = Predictions::new(array![1.0, 2.0], array![1.0, 2.0])?;
/// assert_eq!((closeness.name().as_str(), closeness.of(&predictions)?), ("closeness", 1.0));
/// # Ok::<(), MetricError>(())
/// ```
pub trait Metric: Send {
    /// What its curve is called, after `val_` if it is of validation data.
    fn name(&self) -> String;

    /// The metric of predictions.
    ///
    /// # Errors
    /// If the predictions are not of the kind that it is of, or it does not exist of them.
    fn of(&self, predictions: &Predictions) -> Result<f64, MetricError>;

    /// Whether a greater value is the better one.
    fn greater_is_better(&self) -> bool {
        true
    }
}

impl<F> Metric for (&str, F)
where
    F: Fn(&Predictions) -> Result<f64, MetricError> + Send,
{
    fn name(&self) -> String {
        self.0.to_owned()
    }

    fn of(&self, predictions: &Predictions) -> Result<f64, MetricError> {
        (self.1)(predictions)
    }
}
