//! How far predicted numbers are off.

use super::{Metric, MetricError};
use crate::Predictions;

/// The mean absolute error, (1/N) Σ |ŷ − y|, over all samples and columns.
///
/// Of real targets in the shape of the outputs.
///
/// ```
/// use cotangent::ndarray::array;
/// use cotangent_train::Predictions;
/// use cotangent_train::metrics::{Mae, Metric};
///
/// let predictions = Predictions::new(array![1.0, 2.0], array![1.5, 4.0])?;
/// assert_eq!(Mae.of(&predictions)?, 1.25);
/// # Ok::<(), cotangent_train::metrics::MetricError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mae;

impl Metric for Mae {
    fn name(&self) -> String {
        "mae".to_owned()
    }

    fn of(&self, predictions: &Predictions) -> Result<f64, MetricError> {
        let [outputs, targets] = predictions.measured()?;
        let off = outputs.iter().zip(&targets).map(|(output, target)| (output - target).abs());
        Ok(off.sum::<f64>() / outputs.len() as f64)
    }

    fn greater_is_better(&self) -> bool {
        false
    }
}

/// The root of the mean squared error, √((1/N) Σ (ŷ − y)²), over all samples and columns.
///
/// Of real targets in the shape of the outputs. [`Predictions`] shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rmse;

impl Metric for Rmse {
    fn name(&self) -> String {
        "rmse".to_owned()
    }

    fn of(&self, predictions: &Predictions) -> Result<f64, MetricError> {
        let [outputs, targets] = predictions.measured()?;
        let off = outputs.iter().zip(&targets).map(|(output, target)| (output - target).powi(2));
        Ok((off.sum::<f64>() / outputs.len() as f64).sqrt())
    }

    fn greater_is_better(&self) -> bool {
        false
    }
}

/// The coefficient of determination, 1 − Σ (ŷ − y)² / Σ (y − ȳ)²: 1 is right, 0 no better than the mean. Of several columns, the
/// mean of theirs.
///
/// Of real targets in the shape of the outputs, which differ in each column: it is not defined of targets that are all equal.
///
/// ```
/// use cotangent::ndarray::array;
/// use cotangent_train::Predictions;
/// use cotangent_train::metrics::{Metric, R2};
///
/// let mean = Predictions::new(array![2.0, 2.0, 2.0], array![1.0, 2.0, 3.0])?;
/// assert_eq!(R2.of(&mean)?, 0.0);
/// # Ok::<(), cotangent_train::metrics::MetricError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct R2;

impl Metric for R2 {
    fn name(&self) -> String {
        "r2".to_owned()
    }

    fn of(&self, predictions: &Predictions) -> Result<f64, MetricError> {
        let [outputs, targets] = predictions.measured()?;
        let mut sum = 0.0;
        for (column, (outputs, targets)) in
            outputs.columns().into_iter().zip(targets.columns()).enumerate()
        {
            let mean = targets.sum() / targets.len() as f64;
            let (mut left, mut all) = (0.0, 0.0);
            for (output, target) in outputs.iter().zip(targets) {
                left += (output - target).powi(2);
                all += (target - mean).powi(2);
            }
            if targets.iter().all(|target| *target == targets[0]) {
                let reason = format!("all targets of column {column} are equal");
                return Err(MetricError::Undefined { metric: "R²", reason });
            }
            sum += 1.0 - left / all;
        }
        Ok(sum / outputs.ncols() as f64)
    }
}
