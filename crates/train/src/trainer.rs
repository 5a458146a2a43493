//! The loop.

mod fit;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use cotangent::data::Dataset;
use cotangent::nn::Mode;
use cotangent::optim::Optimizer;
use cotangent::{Function, Graph, Params, Precision, Several, Step, Var, misfit};

use crate::callback::Each;
use crate::metrics::Metric;
use crate::source::{Given, Walk, Whole};
use crate::{Callback, EarlyStopping, EpochEnd, FitError, History, Predictions, Scores};

/// Trains a model on a data set, epoch after epoch, and evaluates it.
///
/// A model is given as what it computes of a batch: its loss, a scalar that is a mean over the batch, and its output, of which
/// [metrics](crate::metrics) are. With [`Mode::Train`] that is differentiated and trained; with [`Mode::Eval`] it is evaluated,
/// on validation data after each epoch. The example is at the [top](crate).
///
/// | option | default |
/// |---|---|
/// | [`epochs`](Self::epochs) | 10 |
/// | [`batch_size`](Self::batch_size) | 32 |
/// | [`seed`](Self::seed) of the order of the samples | 0 |
/// | [`drop_last`](Self::drop_last) | a smaller last batch is trained on, too |
/// | [`metric`](Self::metric)s | none |
/// | [`train_metrics`](Self::train_metrics) | of validation data alone |
/// | [`monitor`](Self::monitor) | `val_loss`, or `loss` without validation |
/// | [`early_stopping`](Self::early_stopping) | all epochs |
/// | [`restore_best`](Self::restore_best) | the last epoch's parameters |
/// | [`checkpoints`](Self::checkpoints) | none |
///
/// After each epoch the optimizer [observes](Optimizer::observe) what is monitored. With the same seeds, a run answers the same
/// bits.
pub struct Trainer<'m, T = f32> {
    step: Step<'m, T, 2>,
    evaluation: Function<'m, T, 2, Several<2>>,
    metrics: Vec<Box<dyn Metric + 'm>>,
    train_metrics: bool,
    callbacks: Vec<Box<dyn Callback + 'm>>,
    epochs: usize,
    batch_size: usize,
    seed: u64,
    drop_last: bool,
    monitor: Option<String>,
    early_stopping: Option<EarlyStopping>,
    restore_best: bool,
    folder: Option<PathBuf>,
}

impl<'m, T: Precision> Trainer<'m, T> {
    /// A trainer of the model that `record` writes down: of features and targets, the loss and the output.
    #[track_caller]
    pub fn new(
        record: impl for<'g> Fn(&'g Graph, [Var<'g>; 2], Mode) -> (Var<'g>, Var<'g>) + Send + Sync + 'm,
    ) -> Self {
        let record = Arc::new(record);
        let trained = Arc::clone(&record);
        Self {
            step: Step::new(move |graph, batch| trained(graph, batch, Mode::Train).0),
            evaluation: Function::several(move |graph, batch| {
                let (loss, output) = record(graph, batch, Mode::Eval);
                [as_number(loss), output]
            }),
            metrics: Vec::new(),
            train_metrics: false,
            callbacks: Vec::new(),
            epochs: 10,
            batch_size: 32,
            seed: 0,
            drop_last: false,
            monitor: None,
            early_stopping: None,
            restore_best: false,
            folder: None,
        }
    }

    /// How many epochs are trained, at most.
    #[must_use]
    pub fn epochs(self, epochs: usize) -> Self {
        Self { epochs, ..self }
    }

    /// How many samples a batch has.
    #[must_use]
    pub fn batch_size(self, batch_size: usize) -> Self {
        Self { batch_size, ..self }
    }

    /// The seed of the order of the samples, which is another one in each epoch.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Leaves out the last batch of an epoch if it is smaller than the others: one of a single sample has no batch statistics.
    #[must_use]
    pub fn drop_last(self) -> Self {
        Self { drop_last: true, ..self }
    }

    /// Adds a metric, which is computed of the validation data after each epoch, and by [`evaluate`](Self::evaluate).
    #[must_use]
    pub fn metric(mut self, metric: impl Metric + 'm) -> Self {
        self.metrics.push(Box::new(metric));
        self
    }

    /// Computes the metrics of the training data, too, after each epoch, as curves of their names alone. They are those of the
    /// model after the epoch, in [`Mode::Eval`], as those of the validation data are; all together cost one evaluation of the
    /// training data an epoch.
    ///
    /// ```
    /// # use cotangent::prelude::*;
    /// # use cotangent_train::{Trainer, metrics::Mae};
    /// # let data = Dataset::of(array![[0.0_f32], [1.0]], array![[1.0_f32], [3.0]])?;
    /// # let mut params = Params::seeded(0);
    /// # let line = Linear::new(1, 1).build(&mut params.root(), "line");
    /// # let trainer = Trainer::new(|_, [x, y], _| (line.forward(x).mse(y), line.forward(x)));
    /// let mut trainer = trainer.metric(Mae).train_metrics();
    /// let history = trainer.fit(&mut params, &mut Sgd::new(0.1), &data, &data)?;
    /// assert_eq!(history.curve("mae"), history.curve("val_mae"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn train_metrics(self) -> Self {
        Self { train_metrics: true, ..self }
    }

    /// Says by which curve epochs are compared: `val_loss`, `loss`, or `val_` and the name of a metric, or its name alone of
    /// [`train_metrics`](Self::train_metrics).
    #[must_use]
    pub fn monitor(self, curve: impl Into<String>) -> Self {
        Self { monitor: Some(curve.into()), ..self }
    }

    /// Ends the training when what is monitored does not improve any more.
    #[must_use]
    pub fn early_stopping(self, stopping: EarlyStopping) -> Self {
        Self { early_stopping: Some(stopping), ..self }
    }

    /// In the end, puts the parameters and running statistics of the best epoch in place of the last one's.
    #[must_use]
    pub fn restore_best(self) -> Self {
        Self { restore_best: true, ..self }
    }

    /// Saves a [checkpoint](cotangent::optim::Checkpoint) after each epoch into a folder, which is made if it is not there:
    /// `last.safetensors`, and `best.safetensors` if the epoch is the best so far. If they are there already,
    /// [`fit`](Self::fit) goes on from them, and ends, to the bit, as if it had never stopped.
    ///
    /// ```
    /// # use cotangent::prelude::*;
    /// # use cotangent_train::{FitError, History, Trainer};
    /// # let folder = tempfile::tempdir()?;
    /// # let data = Dataset::of(array![[0.0_f32], [1.0]], array![[1.0_f32], [3.0]])?;
    /// let run = |epochs| -> Result<(Vec<f32>, History), FitError> {
    ///     let mut params = Params::seeded(0);
    ///     let line = Linear::new(1, 1).build(&mut params.root(), "line");
    ///     let mut trainer = Trainer::new(|_, [x, y], _| (line.forward(x).mse(y), line.forward(x)))
    ///         .epochs(epochs)
    ///         .checkpoints(folder.path());
    ///     let history = trainer.fit(&mut params, &mut Adam::new(0.1), &data, None)?;
    ///     Ok((params.values().to_vec(), history))
    /// };
    /// run(3)?;
    /// let (resumed, history) = run(8)?;                     // five epochs more
    /// # std::fs::remove_dir_all(folder.path())?;
    /// # assert_eq!(run(8)?, (resumed, history.clone()));
    /// assert_eq!(history.epochs(), 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn checkpoints(self, folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), ..self }
    }

    /// Adds somebody who looks on.
    #[must_use]
    pub fn callback(mut self, callback: impl Callback + 'm) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Adds a closure that is called after each epoch: `|epoch| println!("{epoch}")`.
    #[must_use]
    pub fn on_epoch_end(self, each: impl FnMut(&EpochEnd<'_>) + Send + 'm) -> Self {
        self.callback(Each(each))
    }

    /// Trains, and answers the curves. Without validation data, say `None`.
    ///
    /// # Errors
    /// If the batch size is 0 or leaves no batch, there is no curve to monitor of that name, a training step is refused, a
    /// metric does not exist, a curve is infinite or NaN, or a checkpoint cannot be written, read, or is that of another run.
    /// The parameters are then those after the last step.
    ///
    /// # Panics
    /// If recording does: the data's shapes do not fit the model.
    pub fn fit<'d, X: Given<T> + 'd, Y: Given<T> + 'd>(
        &mut self,
        params: &mut Params<T>,
        optimizer: &mut dyn Optimizer<T>,
        train: &Dataset<X, Y>,
        validation: impl Into<Option<&'d Dataset<X, Y>>>,
    ) -> Result<History, FitError> {
        let mut epochs = train.epochs(self.batch_size)?.shuffled(self.seed);
        let mut batches = train.batches(self.batch_size)?;
        if self.drop_last {
            epochs = epochs.drop_last()?;
            batches = batches.drop_last();
        }
        let measured = (self.train_metrics && !self.metrics.is_empty()).then_some(train);
        let data = [measured, validation.into()].map(|data| data.map(|data| data as &dyn Whole<T>));
        self.run(params, optimizer, (&mut Walk::new(epochs), batches.len()), data)
    }

    /// The loss and the metrics on a data set, in [`Mode::Eval`].
    ///
    /// # Errors
    /// If the batch size is 0, the model cannot be evaluated, or a metric does not exist.
    ///
    /// # Panics
    /// If recording does: the data's shapes do not fit the model.
    pub fn evaluate<X: Given<T>, Y: Given<T>>(
        &mut self,
        params: &Params<T>,
        data: &Dataset<X, Y>,
    ) -> Result<Scores, FitError> {
        self.score(params, data)
    }

    /// The outputs for a data set, in its order and in [`Mode::Eval`], with the targets.
    ///
    /// # Errors
    /// If the batch size is 0, the model cannot be evaluated, an output is NaN, or there are not as many outputs as samples.
    ///
    /// # Panics
    /// If recording does: the data's shapes do not fit the model.
    pub fn predict<X: Given<T>, Y: Given<T>>(
        &mut self,
        params: &Params<T>,
        data: &Dataset<X, Y>,
    ) -> Result<Predictions, FitError> {
        Ok(self.predictions(params, data)?.1)
    }
}

/// A loss of one element, of whatever rank, as a number.
fn as_number(loss: Var<'_>) -> Var<'_> {
    loss.graph().at(loss.location(), || {
        if !loss.is_real() || loss.shape().size() != 1 {
            let rule = "the loss must be a real scalar: reduce it, by `mean` over the batch";
            misfit("Trainer", rule, &[loss]);
        }
        loss.reshape_to([])
    })
}

impl<T> fmt::Debug for Trainer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epochs, batch_size, .. } = self;
        write!(f, "Trainer of {epochs} epochs in batches of {batch_size}")
    }
}
