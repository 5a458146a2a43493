//! What can stand in the way of a training.

use cotangent::RunError;
use cotangent::data::DataError;
use cotangent::optim::{CheckpointError, TrainError};

use crate::metrics::MetricError;

/// A training or an evaluation that did not come to its end.
///
/// The parameters are those after the last whole step. [`Trainer::fit`](crate::Trainer::fit) answers it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// A training step was refused.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The model could not be evaluated.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The data cannot be walked through as asked, or otherwise than the checkpoint says.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A checkpoint could not be written or taken up.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A metric does not exist of what the model answered.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// There is no curve to monitor of this name.
    #[error("there is no curve {name:?} to monitor; there is {known}")]
    UnknownCurve {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A least improvement that is negative or no number.
    #[error("the least improvement of early stopping must be at least 0 and finite, and is {0}")]
    MinDelta(f64),
    /// A curve that became infinite or NaN, from which no best epoch could be told.
    #[error("{name} is {value} after epoch {epoch}")]
    NotFinite {
        /// The curve.
        name: String,
        /// Its value.
        value: f64,
        /// The epoch, counted from 1.
        epoch: usize,
    },
    /// The folder of checkpoints is that of a run with other curves.
    #[error("the checkpoint has the curves {saved}, and this run has {here}")]
    OtherCurves {
        /// What was saved.
        saved: String,
        /// What there is.
        here: String,
    },
}

cotangent::debug_as_display!(FitError);

/// Names as messages list them.
pub(crate) fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}
