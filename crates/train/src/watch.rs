//! Which epoch is the best, and whether there is to be another.

use crate::error::list;
use crate::{EarlyStopping, FitError, History};

/// What decides: a curve, and which way it is better. It remembers nothing: all is seen from the history, so that a run that
/// goes on decides as one that was not interrupted.
pub(crate) struct Watch {
    curve: String,
    greater: bool,
    stopping: Option<EarlyStopping>,
}

impl Watch {
    /// `curves` are those there are, each with whether the greater value is the better one.
    pub(crate) fn new(
        curve: &str,
        curves: &[(String, bool)],
        stopping: Option<EarlyStopping>,
    ) -> Result<Self, FitError> {
        let known = || list(curves.iter().map(|(name, _)| name.as_str()));
        let Some(&(_, greater)) = curves.iter().find(|(name, _)| name == curve) else {
            return Err(FitError::UnknownCurve { name: curve.to_owned(), known: known() });
        };
        match stopping.map(|stopping| stopping.least()) {
            Some(least) if !(least >= 0.0 && least.is_finite()) => Err(FitError::MinDelta(least)),
            _ => Ok(Self { curve: curve.to_owned(), greater, stopping }),
        }
    }

    /// The values of the curve, turned so that the lower is the better.
    fn costs(&self, history: &History) -> Vec<f64> {
        let sign = if self.greater { -1.0 } else { 1.0 };
        let values = history.curve(&self.curve).expect("it is one of the history's");
        values.iter().map(|value| sign * value).collect()
    }

    /// The value of the last epoch.
    pub(crate) fn last(&self, history: &History) -> f64 {
        history.last(&self.curve).expect("an epoch is over")
    }

    /// The best epoch so far, counted from 1; of equal ones the first.
    pub(crate) fn best(&self, history: &History) -> Option<usize> {
        let costs = self.costs(history).into_iter().zip(1..);
        costs.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, epoch)| epoch)
    }

    pub(crate) fn stops(&self, history: &History) -> bool {
        self.stopping.is_some_and(|stopping| stopping.stops(&self.costs(history)))
    }
}
