//! What became of each epoch, as numbers.

use std::fmt::Write;
use std::path::Path;

use cotangent::write_atomically;

/// Curves of a training, with a value for each epoch: `loss`, the mean over the batches; the name of each metric, if
/// [`train_metrics`](crate::Trainer::train_metrics) were asked for; with validation `val_loss` and `val_` and the name for
/// each metric; and `learning_rate`, that of the next update.
///
/// [`Trainer::fit`](crate::Trainer::fit) answers it, and a [`Callback`](crate::Callback) sees it grow.
///
/// ```
/// # use cotangent::prelude::*;
/// # use cotangent_train::Trainer;
/// # let data = Dataset::of(array![[0.0_f32], [1.0]], array![[1.0_f32], [3.0]])?;
/// # let mut params = Params::seeded(0);
/// # let line = Linear::new(1, 1).build(&mut params.root(), "line");
/// # let mut trainer = Trainer::new(|_, [x, y], _| (line.forward(x).mse(y), line.forward(x)));
/// let history = trainer.epochs(3).fit(&mut params, &mut Sgd::new(0.1), &data, None)?;
/// assert_eq!(history.epochs(), 3);
/// assert!(history.last("loss") < history.curve("loss").and_then(|loss| loss.first().copied()));
/// assert!(history.to_csv().starts_with("epoch,loss,learning_rate\n1,"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    curves: Vec<(String, Vec<f64>)>,
    /// The best epoch, counted from 1.
    best: Option<usize>,
}

impl History {
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self::from_curves(names.into_iter().map(|name| (name, Vec::new())).collect())
    }

    /// Curves of equal length, at least one.
    pub(crate) fn from_curves(curves: Vec<(String, Vec<f64>)>) -> Self {
        Self { curves, best: None }
    }

    pub(crate) fn as_curves(&self) -> &Vec<(String, Vec<f64>)> {
        &self.curves
    }

    pub(crate) fn push(&mut self, values: impl IntoIterator<Item = f64>) {
        self.curves.iter_mut().zip(values).for_each(|((_, curve), value)| curve.push(value));
    }

    pub(crate) fn set_best(&mut self, best: Option<usize>) {
        self.best = best;
    }

    /// How many epochs were trained.
    pub fn epochs(&self) -> usize {
        self.curves[0].1.len()
    }

    /// The epoch that was best by what was [monitored](crate::Trainer::monitor), counted from 1; of equal ones the first.
    pub fn best_epoch(&self) -> Option<usize> {
        self.best
    }

    /// A curve by its name.
    pub fn curve(&self, name: &str) -> Option<&[f64]> {
        self.curves().find(|&(known, _)| known == name).map(|(_, values)| values)
    }

    /// The last value of a curve, if there is such a curve, and an epoch.
    pub fn last(&self, name: &str) -> Option<f64> {
        self.curve(name)?.last().copied()
    }

    /// All curves with their names, in the order of the columns.
    pub fn curves(&self) -> impl Iterator<Item = (&str, &[f64])> {
        self.curves.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// A table in CSV: the epoch, counted from 1, and the value of each curve, to the last digit.
    pub fn to_csv(&self) -> String {
        let mut csv = String::from("epoch");
        self.curves().for_each(|(name, _)| csv.extend([",", name]));
        for epoch in 0..self.epochs() {
            let _ = write!(csv, "\n{}", epoch + 1);
            self.curves().for_each(|(_, values)| {
                let _ = write!(csv, ",{}", values[epoch]);
            });
        }
        csv.push('\n');
        csv
    }

    /// Writes the [table](Self::to_csv) to a file, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save_csv(&self, path: impl AsRef<Path>) -> std::io::Result<()> {
        write_atomically(path.as_ref(), self.to_csv().as_bytes())
    }
}
