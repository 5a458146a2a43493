//! How well a score tells two classes apart.

use super::{Metric, MetricError};
use crate::{Predictions, Targets};

/// The area under the receiver operating characteristic: the probability that of two samples, one of class 1 and one of class
/// 0, the first has the greater score, a tie counting half,
///
/// ```text
/// AUC = (Σ₁ rank − n₁(n₁ + 1)/2) / (n₀ n₁)
/// ```
///
/// with the ranks of the samples of class 1 among all, equal scores sharing the mean of theirs (Mann and Whitney, 1947; Hanley
/// and McNeil, 1982).
///
/// Of labels, or real targets, that are 0 or 1, and a score each: outputs `[n]`, `[n, 1]`, or `[n, 2]` of both classes, whose
/// difference is the score (which orders samples as a softmax does).
///
/// ```
/// use cotangent::ndarray::array;
/// use cotangent_train::Predictions;
/// use cotangent_train::metrics::{Metric, RocAuc};
///
/// let predictions = Predictions::new(array![0.1, 0.4, 0.4, 0.8], array![0, 0, 1, 1])?;
/// assert_eq!(RocAuc.of(&predictions)?, 0.875);
/// # Ok::<(), cotangent_train::metrics::MetricError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RocAuc;

impl Metric for RocAuc {
    fn name(&self) -> String {
        "roc_auc".to_owned()
    }

    fn of(&self, predictions: &Predictions) -> Result<f64, MetricError> {
        let mut samples: Vec<(f64, bool)> =
            scores(predictions)?.into_iter().zip(truths(predictions)?).collect();
        let ones = samples.iter().filter(|(_, one)| *one).count();
        let zeros = samples.len() - ones;
        if ones == 0 || zeros == 0 {
            let missing = if ones == 0 { 1 } else { 0 };
            let reason = format!("there are no samples of class {missing}");
            return Err(MetricError::Undefined { metric: "ROC AUC", reason });
        }
        samples.sort_unstable_by(|(a, _), (b, _)| a.total_cmp(b));
        let (mut before, mut ranks) = (0, 0.0);
        for tied in samples.chunk_by(|(a, _), (b, _)| a == b) {
            let mean = before as f64 + 0.5 * (tied.len() + 1) as f64;
            ranks += mean * tied.iter().filter(|(_, one)| *one).count() as f64;
            before += tied.len();
        }
        let (ones, zeros) = (ones as f64, zeros as f64);
        Ok((ranks - 0.5 * ones * (ones + 1.0)) / (ones * zeros))
    }
}

const RULE: &str = "targets that are 0 or 1, [n] or [n, 1], and outputs [n], [n, 1] or [n, 2]";

fn scores(predictions: &Predictions) -> Result<Vec<f64>, MetricError> {
    let outputs = predictions.outputs();
    match outputs.shape() {
        [_] | [_, 1] => Ok(outputs.iter().copied().collect()),
        [_, 2] => Ok(outputs.outer_iter().map(|row| row[1] - row[0]).collect()),
        _ => Err(MetricError::unfit(RULE, predictions)),
    }
}

/// Whether each sample is of class 1.
fn truths(predictions: &Predictions) -> Result<Vec<bool>, MetricError> {
    let unfit = || MetricError::unfit(RULE, predictions);
    if !matches!(predictions.targets().shape(), [_] | [_, 1]) {
        return Err(unfit());
    }
    let truths: Option<Vec<bool>> = match predictions.targets() {
        Targets::Labels(labels) => labels.iter().map(|&label| truth(label as f64)).collect(),
        Targets::Values(values) => values.iter().map(|&value| truth(value)).collect(),
    };
    truths.ok_or_else(unfit)
}

fn truth(value: f64) -> Option<bool> {
    [0.0, 1.0].contains(&value).then_some(value == 1.0)
}
