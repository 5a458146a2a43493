//! What is called on the way of a training.

use std::fmt;
use std::ops::ControlFlow;

use crate::History;

/// Looks on while a [`Trainer`](crate::Trainer) trains, and may end the training.
///
/// Callbacks are called in the order in which they were [added](crate::Trainer::callback). What only prints is a closure for
/// [`on_epoch_end`](crate::Trainer::on_epoch_end).
///
/// ```
/// use std::ops::ControlFlow;
///
/// use cotangent_train::{Callback, EpochEnd};
///
/// /// Ends the training when the loss is low enough.
/// struct Enough(f64);
///
/// impl Callback for Enough {
///     fn on_epoch_end(&mut self, epoch: &EpochEnd<'_>) -> ControlFlow<()> {
///         match epoch.history.last("loss") {
///             Some(loss) if loss < self.0 => ControlFlow::Break(()),
///             _ => ControlFlow::Continue(()),
///         }
///     }
/// }
/// ```
pub trait Callback: Send {
    /// A batch was trained on.
    fn on_batch_end(&mut self, _batch: &BatchEnd) {}

    /// An epoch is over: it was trained on all batches, validated, and saved if that was asked for. Answers whether there is to
    /// be another.
    fn on_epoch_end(&mut self, _epoch: &EpochEnd<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Where a training is when a batch was trained on.
///
/// A [`Callback`] is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchEnd {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// How many epochs there are at most.
    pub epochs: usize,
    /// The batch in its epoch, counted from 1.
    pub batch: usize,
    /// How many batches an epoch has.
    pub batches: usize,
    /// The loss of the batch.
    pub loss: f64,
}

/// Where a training is when an epoch is over.
///
/// A [`Callback`] is told. It prints as a line: `epoch  3/30  loss 0.1234  val_loss 0.2345`.
#[derive(Clone, Copy, Debug)]
pub struct EpochEnd<'a> {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// How many epochs there are at most.
    pub epochs: usize,
    /// All epochs so far, this one included.
    pub history: &'a History,
}

impl fmt::Display for EpochEnd<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.epochs.to_string().len();
        write!(f, "epoch {:>digits$}/{}", self.epoch, self.epochs)?;
        self.history.curves().try_for_each(|(name, values)| match values.last() {
            Some(value) => write!(f, "  {name} {value:.4}"),
            None => Ok(()),
        })
    }
}

/// A closure that looks at each epoch.
pub(crate) struct Each<F>(pub(crate) F);

impl<F: FnMut(&EpochEnd<'_>) + Send> Callback for Each<F> {
    fn on_epoch_end(&mut self, epoch: &EpochEnd<'_>) -> ControlFlow<()> {
        (self.0)(epoch);
        ControlFlow::Continue(())
    }
}
