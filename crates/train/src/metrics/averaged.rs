//! Precision, recall and their harmonic mean, over classes.

use super::{ConfusionMatrix, Metric, MetricError};
use crate::Predictions;

/// How a number for each class becomes one.
///
/// Classes that are neither a label nor a prediction take no part.
///
/// [`F1`] and its neighbours ask for it:
///
/// ```
/// use cotangent::ndarray::array;
/// use cotangent_train::Predictions;
/// use cotangent_train::metrics::{Average, F1, Metric};
///
/// let scores = array![[2.0, 0.0], [0.0, 1.0], [3.0, 1.0]];
/// let predictions = Predictions::new(scores, array![0_i64, 1, 1])?;
/// let f1 = F1(Average::Macro).of(&predictions)?;
/// assert!((f1 - 2.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), cotangent_train::metrics::MetricError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Average {
    /// The mean over classes.
    Macro,
    /// That of the sums of hits and misses over classes: of single labels, the accuracy.
    Micro,
    /// The mean over classes, weighted by how many samples have the label.
    Weighted,
}

impl Average {
    fn name(self) -> &'static str {
        match self {
            Average::Macro => "macro",
            Average::Micro => "micro",
            Average::Weighted => "weighted",
        }
    }

    /// The average of a number for each class.
    fn over(self, matrix: &ConfusionMatrix, of: impl Fn(usize) -> f64) -> f64 {
        let met = |&class: &usize| matrix.support(class) + matrix.predicted(class) > 0;
        let weight = |class| match self {
            Average::Weighted => matrix.support(class) as f64,
            _ => 1.0,
        };
        let weighted = (0..matrix.classes()).filter(met).map(|class| (weight(class), of(class)));
        let (weights, sum) = weighted.fold((0.0, 0.0), |(weights, sum), (weight, value)| {
            (weights + weight, sum + weight * value)
        });
        match self {
            // Each miss is a false positive of one class, and a false negative of another.
            Average::Micro => matrix.accuracy(),
            _ => sum / weights,
        }
    }
}

/// A metric for each class, averaged.
macro_rules! averaged {
    ($($(#[$doc:meta])* $metric:ident $name:literal $of:ident,)*) => {$(
        $(#[$doc])*
        ///
        /// Of outputs `[…, classes]` and labels `[…]`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $metric(pub Average);

        impl Metric for $metric {
            fn name(&self) -> String {
                format!(concat!($name, "_{}"), self.0.name())
            }

            fn of(&self, predictions: &Predictions) -> Result<f64, MetricError> {
                let matrix = ConfusionMatrix::of(predictions)?;
                Ok(self.0.over(&matrix, |class| matrix.$of(class)))
            }
        }
    )*};
}

averaged! {
    /// The averaged [precision](ConfusionMatrix::precision).
    Precision "precision" precision,
    /// The averaged [recall](ConfusionMatrix::recall).
    Recall "recall" recall,
    /// The averaged [F1](ConfusionMatrix::f1).
    F1 "f1" f1,
}
