//! Which class is taken for which.

use std::fmt;

use cotangent::ndarray::{Array2, ArrayView1};

use super::MetricError;
use crate::Predictions;

/// How often each class was taken for each: a row for each label, a column for each prediction.
///
/// It prints as a table.
///
/// ```
/// use cotangent::ndarray::array;
/// use cotangent_train::Predictions;
/// use cotangent_train::metrics::ConfusionMatrix;
///
/// let scores = array![[2.0, 0.0], [0.0, 1.0], [3.0, 1.0]];
/// let matrix = ConfusionMatrix::of(&Predictions::new(scores, array![0, 1, 1])?)?;
/// assert_eq!(matrix.counts(), array![[1, 0], [1, 1]]);
/// # Ok::<(), cotangent_train::metrics::MetricError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionMatrix {
    counts: Array2<u64>,
}

impl ConfusionMatrix {
    /// Counts predictions: of outputs `[…, classes]` and labels `[…]`. The highest score is the prediction; of equal ones, the
    /// first.
    ///
    /// # Errors
    /// If the shapes are others, or a label is of no class.
    pub fn of(predictions: &Predictions) -> Result<Self, MetricError> {
        let (scores, labels) = predictions.classified()?;
        let mut counts = Array2::zeros((scores.ncols(), scores.ncols()));
        for (scores, label) in scores.outer_iter().zip(labels) {
            counts[[label, highest(scores)]] += 1;
        }
        Ok(Self { counts })
    }

    /// The counts `[label, prediction]`.
    pub fn counts(&self) -> &Array2<u64> {
        &self.counts
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.counts.nrows()
    }

    /// The share of samples that were classified right.
    pub fn accuracy(&self) -> f64 {
        self.counts.diag().sum() as f64 / self.counts.sum() as f64
    }

    /// How many samples have this label.
    ///
    /// # Panics
    /// If there is no such class.
    #[track_caller]
    pub fn support(&self, class: usize) -> u64 {
        self.counts.row(class).sum()
    }

    /// Of what was taken for the class, the share that is: TP / (TP + FP), and 0 if nothing was.
    ///
    /// # Panics
    /// If there is no such class.
    #[track_caller]
    pub fn precision(&self, class: usize) -> f64 {
        share(self.counts[[class, class]], self.predicted(class))
    }

    /// Of what is of the class, the share that was found: TP / (TP + FN), and 0 if nothing is.
    ///
    /// # Panics
    /// If there is no such class.
    #[track_caller]
    pub fn recall(&self, class: usize) -> f64 {
        share(self.counts[[class, class]], self.support(class))
    }

    /// The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN), and 0 where that is 0/0.
    ///
    /// # Panics
    /// If there is no such class.
    #[track_caller]
    pub fn f1(&self, class: usize) -> f64 {
        let hits = self.counts[[class, class]];
        share(2 * hits, self.predicted(class) + self.support(class))
    }

    /// How often the class was predicted.
    #[track_caller]
    pub(super) fn predicted(&self, class: usize) -> u64 {
        self.counts.column(class).sum()
    }
}

fn share(of: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { of as f64 / all as f64 }
}

fn highest(scores: ArrayView1<'_, f64>) -> usize {
    let better = |best: usize, class| if scores[class] > scores[best] { class } else { best };
    (0..scores.len()).fold(0, better)
}

impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = self.counts.iter().copied().max().unwrap_or(0).max(self.classes() as u64);
        let width = widest.to_string().len() + 2;
        write!(f, "{:width$}", "")?;
        (0..self.classes()).try_for_each(|class| write!(f, "{class:>width$}"))?;
        for (label, row) in self.counts.outer_iter().enumerate() {
            write!(f, "\n{label:>width$}")?;
            row.iter().try_for_each(|count| match count {
                0 => write!(f, "{:>width$}", "·"),
                _ => write!(f, "{count:>width$}"),
            })?;
        }
        Ok(())
    }
}
