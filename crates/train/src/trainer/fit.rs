//! What training and evaluation do, whatever the arrays of the data.

use cotangent::ndarray::ArrayViewD;
use cotangent::optim::{Optimizer, TrainError};
use cotangent::{Feed, Params, Precision};

use super::Trainer;
use crate::gathered::Gathered;
use crate::keeping::Keeping;
use crate::metrics::Metric;
use crate::source::{Course, Whole};
use crate::watch::Watch;
use crate::{BatchEnd, EpochEnd, FitError, History, Predictions, Scores};

impl<T: Precision> Trainer<'_, T> {
    /// Trains on a course of so many batches for each epoch; metrics are of training data, if they are given, and of
    /// validation data.
    pub(super) fn run(
        &mut self,
        params: &mut Params<T>,
        optimizer: &mut dyn Optimizer<T>,
        (course, batches): (&mut dyn Course<T>, usize),
        [train, validation]: [Option<&dyn Whole<T>>; 2],
    ) -> Result<History, FitError> {
        let curves = self.curves(train.is_some(), validation.is_some());
        let monitor = self.monitor.as_deref().unwrap_or(match validation {
            Some(_) => "val_loss",
            None => "loss",
        });
        let watch = Watch::new(monitor, &curves, self.early_stopping)?;
        let mut history = History::new(curves.into_iter().map(|(name, _)| name));
        let keeping = self.folder.as_deref().map(Keeping::in_folder).transpose()?;
        let mut best = None;
        if let Some(keeping) = &keeping
            && let Some(found) = keeping.resume(params, optimizer, &history)?
        {
            course.resume(&found.order)?;
            history = found.history;
            history.set_best(watch.best(&history));
            best = Some(keeping.best(params)?);
        }
        while history.epochs() < self.epochs && !watch.stops(&history) {
            let loss = self.epoch(params, optimizer, (course, batches), history.epochs() + 1)?;
            let mut scored =
                |data: Option<&dyn Whole<T>>| data.map(|data| self.score(params, data)).transpose();
            let (train, validation) = (scored(train)?, scored(validation)?);
            // Of the training data, the loss is known from the batches.
            let train = train.iter().flat_map(|scores| scores.iter().skip(1));
            let scores = train.chain(validation.iter().flat_map(Scores::iter));
            let scores = scores.map(|(_, score)| score);
            history.push([loss].into_iter().chain(scores).chain([optimizer.learning_rate()]));
            check_finite(&history)?;
            optimizer.observe(watch.last(&history));
            history.set_best(watch.best(&history));
            if self.restore_best && history.best_epoch() == Some(history.epochs()) {
                best = Some(params.values().to_vec());
            }
            if let Some(keeping) = &keeping {
                keeping.save(params, optimizer, &history, &course.order())?;
            }
            if self.told_to_stop(&history) {
                break;
            }
        }
        if let Some(best) = best.filter(|_| self.restore_best) {
            params.values_mut().copy_from_slice(&best);
        }
        Ok(history)
    }

    /// The names of the curves, each with whether the greater value is the better one.
    fn curves(&self, trained: bool, validated: bool) -> Vec<(String, bool)> {
        let of = |prefix: &str| {
            let named = |m: &dyn Metric| (format!("{prefix}{}", m.name()), m.greater_is_better());
            self.metrics.iter().map(|metric| named(&**metric)).collect::<Vec<_>>()
        };
        let mut curves = vec![("loss".to_owned(), false)];
        if trained {
            curves.extend(of(""));
        }
        if validated {
            curves.push(("val_loss".to_owned(), false));
            curves.extend(of("val_"));
        }
        curves.push(("learning_rate".to_owned(), false));
        curves
    }

    /// Trains on the batches of an epoch, and answers the mean loss of its samples.
    fn epoch(
        &mut self,
        params: &mut Params<T>,
        optimizer: &mut dyn Optimizer<T>,
        (course, batches): (&mut dyn Course<T>, usize),
        epoch: usize,
    ) -> Result<f64, FitError> {
        let mut mean = Mean::default();
        for batch in 1..=batches {
            let rows = course.advance().expect("a course has no end");
            let loss = self.step.run_and(params, course.feeds(), |params, gradients| {
                Ok::<_, TrainError>(optimizer.step(params, gradients)?)
            })?;
            mean.add(loss.to_f64(), rows);
            let end = BatchEnd { epoch, epochs: self.epochs, batch, batches, loss: loss.to_f64() };
            self.callbacks.iter_mut().for_each(|callback| callback.on_batch_end(&end));
        }
        Ok(mean.value())
    }

    /// Whether one of those who look on wants no epoch more; all of them are told of this one.
    fn told_to_stop(&mut self, history: &History) -> bool {
        let end = EpochEnd { epoch: history.epochs(), epochs: self.epochs, history };
        let mut stop = false;
        for callback in &mut self.callbacks {
            stop |= callback.on_epoch_end(&end).is_break();
        }
        stop
    }

    /// The loss and the metrics.
    pub(super) fn score(
        &mut self,
        params: &Params<T>,
        data: &dyn Whole<T>,
    ) -> Result<Scores, FitError> {
        if self.metrics.is_empty() {
            let loss = self.pass(params, data, |_, _| {})?;
            return Ok(Scores::new(vec![("loss".to_owned(), loss)]));
        }
        let (loss, predictions) = self.predictions(params, data)?;
        let mut scores = vec![("loss".to_owned(), loss)];
        for metric in &self.metrics {
            scores.push((metric.name(), metric.of(&predictions)?));
        }
        Ok(Scores::new(scores))
    }

    /// The mean loss, and all outputs with their targets.
    pub(super) fn predictions(
        &mut self,
        params: &Params<T>,
        data: &dyn Whole<T>,
    ) -> Result<(f64, Predictions), FitError> {
        let mut gathered = Gathered::default();
        let loss = self.pass(params, data, |output, target| gathered.push(output, target))?;
        Ok((loss, gathered.predictions()?))
    }

    /// The mean loss; `each` is handed the output and the targets of every batch.
    fn pass(
        &mut self,
        params: &Params<T>,
        data: &dyn Whole<T>,
        mut each: impl FnMut(ArrayViewD<'_, T>, Feed<'_, T>),
    ) -> Result<f64, FitError> {
        let mut batches = data.pass(self.batch_size)?;
        let mut mean = Mean::default();
        while let Some(rows) = batches.advance() {
            let [loss, output] = self.evaluation.run(params, batches.feeds())?;
            mean.add(loss[[]].to_f64(), rows);
            let [_, target] = batches.feeds();
            each(output, target);
        }
        Ok(mean.value())
    }
}

/// A mean of batches, by the number of their samples.
#[derive(Default)]
struct Mean {
    sum: f64,
    rows: f64,
}

impl Mean {
    fn add(&mut self, value: f64, rows: usize) {
        self.sum += value * rows as f64;
        self.rows += rows as f64;
    }

    fn value(&self) -> f64 {
        self.sum / self.rows
    }
}

fn check_finite(history: &History) -> Result<(), FitError> {
    let last = history.curves().filter_map(|(name, values)| Some((name, *values.last()?)));
    match last.into_iter().find(|(_, value)| !value.is_finite()) {
        Some((name, value)) => {
            let (name, epoch) = (name.to_owned(), history.epochs());
            Err(FitError::NotFinite { name, value, epoch })
        }
        None => Ok(()),
    }
}
