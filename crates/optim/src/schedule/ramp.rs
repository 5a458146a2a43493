//! From one value to another in so many steps, and constant after.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Curve;

/// The share of `steps` that has passed, 1 once all have.
pub(super) fn progress(step: u64, steps: u64) -> f64 {
    if step >= steps { 1.0 } else { step as f64 / steps as f64 }
}

/// A straight line from a to b in n steps, then b (PyTorch's `LinearLR`).
///
/// ```
/// use cotangent::optim::{Curve, Ramp};
/// assert_eq!(Ramp::new(1.0, 0.0, 4).sample(0..6), [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]);
/// assert_eq!(Ramp::warmup(4).sample(0..5), [0.25, 0.5, 0.75, 1.0, 1.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ramp {
    /// a.
    pub from: f64,
    /// b.
    pub to: f64,
    /// n.
    pub steps: u64,
}

impl Ramp {
    /// From a to b in n steps.
    pub fn new(from: f64, to: f64, steps: u64) -> Self {
        Self { from, to, steps }
    }

    /// The factor (t + 1)/n until it is 1: the first step is not lost to a rate of 0.
    pub fn warmup(steps: u64) -> Self {
        Self::new(1.0 / steps.max(1) as f64, 1.0, steps.saturating_sub(1))
    }
}

impl Curve for Ramp {
    fn at(&self, step: u64) -> f64 {
        let progress = progress(step, self.steps);
        self.from * (1.0 - progress) + self.to * progress
    }
}

impl fmt::Display for Ramp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {} in {} steps", self.from, self.to, self.steps)
    }
}

/// b + (a − b)·(1 − t/n)^p for n steps, then b.
///
/// ```
/// use cotangent::optim::{Curve, Polynomial};
/// assert_eq!(Polynomial::new(1.0, 0.0, 2.0, 2).sample(0..4), [1.0, 0.25, 0.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Polynomial {
    /// a.
    pub from: f64,
    /// b.
    pub to: f64,
    /// p.
    pub power: f64,
    /// n.
    pub steps: u64,
}

impl Polynomial {
    /// From a to b in n steps, with the power p.
    pub fn new(from: f64, to: f64, power: f64, steps: u64) -> Self {
        Self { from, to, power, steps }
    }
}

impl Curve for Polynomial {
    fn at(&self, step: u64) -> f64 {
        let left = 1.0 - progress(step, self.steps);
        self.to + (self.from - self.to) * left.powf(self.power)
    }
}

impl fmt::Display for Polynomial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, power, steps } = self;
        write!(f, "{from} → {to} in {steps} steps with power {power}")
    }
}
