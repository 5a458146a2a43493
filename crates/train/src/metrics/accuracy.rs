//! How often the class is right, or among the first.

use cotangent::ndarray::ArrayView1;

use super::{Metric, MetricError};
use crate::Predictions;

/// The share of samples whose label has the highest score; of equal scores, the first class is the answer.
///
/// Of outputs `[…, classes]` and labels `[…]`. [`Predictions`] shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accuracy;

impl Metric for Accuracy {
    fn name(&self) -> String {
        "accuracy".to_owned()
    }

    fn of(&self, predictions: &Predictions) -> Result<f64, MetricError> {
        TopK(1).of(predictions)
    }
}

/// The share of samples whose label is among the k highest scores; of equal scores, the first classes are taken.
///
/// Of outputs `[…, classes]` and labels `[…]`, with k from 1 to the number of classes.
///
/// ```
/// use cotangent::ndarray::array;
/// use cotangent_train::Predictions;
/// use cotangent_train::metrics::{Metric, TopK};
///
/// let predictions = Predictions::new(array![[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]], array![1, 2])?;
/// assert_eq!((TopK(1).of(&predictions)?, TopK(2).of(&predictions)?), (0.0, 0.5));
/// # Ok::<(), cotangent_train::metrics::MetricError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopK(pub usize);

impl Metric for TopK {
    fn name(&self) -> String {
        format!("top_{}_accuracy", self.0)
    }

    fn of(&self, predictions: &Predictions) -> Result<f64, MetricError> {
        let (scores, labels) = predictions.classified()?;
        let (k, classes) = (self.0, scores.ncols());
        if k == 0 || k > classes {
            return Err(MetricError::K { k, classes });
        }
        let ranks = scores.outer_iter().zip(&labels).map(|(scores, &label)| rank(scores, label));
        Ok(ranks.filter(|&rank| rank < k).count() as f64 / labels.len() as f64)
    }
}

/// How many classes come before this one.
fn rank(scores: ArrayView1<'_, f64>, class: usize) -> usize {
    let own = scores[class];
    let before = |&(other, &score): &(usize, &f64)| score > own || score == own && other < class;
    scores.iter().enumerate().filter(before).count()
}
