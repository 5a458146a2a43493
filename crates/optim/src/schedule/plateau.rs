//! The schedule with memory.

use serde::{Deserialize, Serialize};

use crate::Precision;
use crate::state::Ledger;

/// What counts as an improvement on the best value so far.
///
/// A [`ReduceOnPlateau`] takes it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// By more than this share of the best.
    Relative(f64),
    /// By more than this much.
    Absolute(f64),
}

/// Lowers a value when a metric has stopped improving.
///
/// After more than `patience` observations in a row without an improvement the value is multiplied
/// by `factor`, then left alone for `cooldown` observations, and never less than `least`. It is no
/// pure function of the step, so it is observed:
///
/// ```
/// use cotangent::optim::ReduceOnPlateau;
/// let mut factor = ReduceOnPlateau::new(0.5).patience(1);
/// for loss in [1.0, 0.9, 0.95] {
///     factor.observe(loss);
/// }
/// assert_eq!(factor.value(), 1.0);                // one without improvement: patience
/// factor.observe(0.95);
/// assert_eq!(factor.value(), 0.5);
/// ```
///
/// [`Optim::reduce_on_plateau`](crate::Optim::reduce_on_plateau) multiplies a learning rate by it,
/// saves it with the optimizer, and hands it what
/// [`Optimizer::observe`](crate::Optimizer::observe) is told. Defaults are those of PyTorch's
/// `ReduceLROnPlateau`: a minimum is sought, patience 10, relative threshold 10⁻⁴, no cooldown; a
/// change of less than 10⁻⁸ is not made. A metric that is NaN is no improvement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReduceOnPlateau {
    /// What the value is multiplied by.
    pub factor: f64,
    /// How many observations without improvement are borne.
    pub patience: u64,
    /// What counts as an improvement.
    pub threshold: Threshold,
    /// How many observations after a reduction do not count.
    pub cooldown: u64,
    /// The least value.
    pub least: f64,
    /// The least change of the value that is made.
    pub least_change: f64,
    /// A maximum of the metric is sought.
    pub maximise: bool,
    /// The value before the first observation.
    pub initial: f64,
    value: f64,
    best: Option<f64>,
    bad: u64,
    cooling: u64,
}

impl ReduceOnPlateau {
    /// A value that starts at 1 and is multiplied by `factor`.
    pub fn new(factor: f64) -> Self {
        Self {
            factor,
            patience: 10,
            threshold: Threshold::Relative(1e-4),
            cooldown: 0,
            least: 0.0,
            least_change: 1e-8,
            maximise: false,
            initial: 1.0,
            value: 1.0,
            best: None,
            bad: 0,
            cooling: 0,
        }
    }

    /// A value that starts at `value` instead of 1.
    pub fn starting_at(self, value: f64) -> Self {
        Self { initial: value, value, ..self }
    }

    /// How many observations without improvement are borne.
    pub fn patience(self, patience: u64) -> Self {
        Self { patience, ..self }
    }

    /// What counts as an improvement.
    pub fn threshold(self, threshold: Threshold) -> Self {
        Self { threshold, ..self }
    }

    /// How many observations after a reduction do not count.
    pub fn cooldown(self, cooldown: u64) -> Self {
        Self { cooldown, ..self }
    }

    /// The least value.
    pub fn at_least(self, least: f64) -> Self {
        Self { least, ..self }
    }

    /// Seeks a maximum of the metric, such as an accuracy.
    pub fn maximising(self) -> Self {
        Self { maximise: true, ..self }
    }

    /// The value now.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The best metric so far.
    pub fn best(&self) -> Option<f64> {
        self.best
    }

    /// Takes note of a metric, and answers the value from now on.
    pub fn observe(&mut self, metric: f64) -> f64 {
        if self.improves(metric) {
            self.best = Some(metric);
            self.bad = 0;
        } else {
            self.bad += 1;
        }
        if self.cooling > 0 {
            self.cooling -= 1;
            self.bad = 0;
        }
        if self.bad > self.patience {
            self.reduce();
        }
        self.value
    }

    /// Transfers what was observed so far, and notes the rest as settings.
    pub(crate) fn transfer<T: Precision>(&mut self, ledger: &mut Ledger<'_, T>) {
        ledger.settings(&Self {
            value: self.initial,
            best: None,
            bad: 0,
            cooling: 0,
            ..self.clone()
        });
        ledger.number("value", &mut self.value);
        let mut best = self.best.unwrap_or(f64::NAN);
        ledger.number("best", &mut best);
        self.best = Some(best).filter(|best| !best.is_nan());
        ledger.count("bad", &mut self.bad);
        ledger.count("cooling", &mut self.cooling);
    }

    fn improves(&self, metric: f64) -> bool {
        let Some(best) = self.best else { return !metric.is_nan() };
        let sign = if self.maximise { 1.0 } else { -1.0 };
        match self.threshold {
            Threshold::Relative(share) => sign * metric > sign * best * (1.0 + sign * share),
            Threshold::Absolute(amount) => sign * metric > sign * best + amount,
        }
    }

    fn reduce(&mut self) {
        self.cooling = self.cooldown;
        self.bad = 0;
        let reduced = (self.value * self.factor).max(self.least);
        if self.value - reduced > self.least_change {
            self.value = reduced;
        }
    }
}
