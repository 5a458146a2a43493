//! When training longer does not help.

/// Ends a training after `patience` epochs in a row without an improvement.
///
/// An epoch is an improvement if what is [monitored](crate::Trainer::monitor) is better than at the last improvement by more
/// than `min_delta`, 0 by default. As Keras and Lightning have it: with a patience of 0 or 1 the first epoch without improvement
/// is the last.
///
/// ```
/// use cotangent_train::EarlyStopping;
///
/// let stopping = EarlyStopping::new(2).min_delta(0.05);
/// assert!(!stopping.stops(&[1.0, 0.9, 0.88]));
/// // 0.88 and 0.86 are not lower than 0.9 by more than 0.05.
/// assert!(stopping.stops(&[1.0, 0.9, 0.88, 0.86]));
/// // Slow progress counts once there is enough of it.
/// assert!(!stopping.stops(&[1.0, 0.9, 0.88, 0.84]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EarlyStopping {
    patience: usize,
    min_delta: f64,
}

impl EarlyStopping {
    /// Stops after so many epochs without an improvement.
    pub fn new(patience: usize) -> Self {
        Self { patience, min_delta: 0.0 }
    }

    /// By how much an improvement must exceed the last, at least 0.
    #[must_use]
    pub fn min_delta(self, min_delta: f64) -> Self {
        Self { min_delta, ..self }
    }

    pub(crate) fn least(&self) -> f64 {
        self.min_delta
    }

    /// Whether a run that went through these values, the lower the better, is to end.
    pub fn stops(&self, values: &[f64]) -> bool {
        let (mut reference, mut waited) = (f64::INFINITY, 0);
        for &value in values {
            if value + self.min_delta < reference {
                (reference, waited) = (value, 0);
            } else {
                waited += 1;
            }
        }
        waited >= self.patience.max(1)
    }
}
