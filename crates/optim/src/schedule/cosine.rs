//! Annealing along a cosine.

use std::f64::consts::PI;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Curve, ramp};

/// b + (a − b)·((1 + cos πt/n)/2)^p for n steps, then b.
///
/// With [`rebounding`](Self::rebounding) the cosine goes on after n and climbs again, as PyTorch's
/// `CosineAnnealingLR` does; p is 1 unless set (optax's `exponent`).
/// (Loshchilov and Hutter, "SGDR", arXiv:1608.03983.)
///
/// ```
/// use cotangent::optim::{Cosine, Curve};
/// let rate = Cosine::new(0.1, 0.0, 100);
/// assert_eq!((rate.at(0), rate.at(100), rate.at(150)), (0.1, 0.0, 0.0));
/// assert!((rate.at(50) - 0.05).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cosine {
    /// a.
    pub from: f64,
    /// b.
    pub to: f64,
    /// n.
    pub steps: u64,
    /// p.
    pub exponent: f64,
    /// The cosine goes on after n steps.
    pub rebounds: bool,
}

impl Cosine {
    /// From a to b in n steps.
    pub fn new(from: f64, to: f64, steps: u64) -> Self {
        Self { from, to, steps, exponent: 1.0, rebounds: false }
    }

    /// The exponent p.
    pub fn exponent(self, exponent: f64) -> Self {
        Self { exponent, ..self }
    }

    /// Climbs again after n steps.
    pub fn rebounding(self) -> Self {
        Self { rebounds: true, ..self }
    }
}

impl Curve for Cosine {
    fn at(&self, step: u64) -> f64 {
        let progress = if self.rebounds && self.steps > 0 {
            step as f64 / self.steps as f64
        } else {
            ramp::progress(step, self.steps)
        };
        self.to + (self.from - self.to) * falling(progress).powf(self.exponent)
    }
}

impl fmt::Display for Cosine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, steps, exponent, rebounds } = self;
        write!(f, "{from} → {to} along a cosine of {steps} steps")?;
        if *exponent != 1.0 {
            write!(f, " with exponent {exponent}")?;
        }
        f.write_str(if *rebounds { ", and back" } else { "" })
    }
}

/// From 1 to 0 along half a cosine.
pub(super) fn falling(progress: f64) -> f64 {
    (1.0 + (PI * progress).cos()) / 2.0
}

/// A [`Cosine`] from a to b over and over: the first in n steps, each later one in m times as many.
///
/// An n of 0 has no meaning: the values are NaN, which an optimizer refuses. (Loshchilov and
/// Hutter, "SGDR: Stochastic gradient descent with warm restarts", arXiv:1608.03983.)
///
/// ```
/// use cotangent::optim::{CosineRestarts, Curve};
/// let rate = CosineRestarts::new(0.1, 0.0, 10).growing(2);
/// assert_eq!((rate.at(0), rate.at(10), rate.at(29), rate.at(30)), (0.1, 0.1, rate.at(29), 0.1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CosineRestarts {
    /// a.
    pub from: f64,
    /// b.
    pub to: f64,
    /// n.
    pub period: u64,
    /// m, at least 1.
    pub growth: u64,
}

impl CosineRestarts {
    /// From a to b every n steps.
    pub fn new(from: f64, to: f64, period: u64) -> Self {
        Self { from, to, period, growth: 1 }
    }

    /// Each period m times as long as the one before.
    pub fn growing(self, growth: u64) -> Self {
        Self { growth, ..self }
    }
}

impl Curve for CosineRestarts {
    fn at(&self, step: u64) -> f64 {
        if self.period == 0 {
            return f64::NAN;
        }
        let (mut since, mut period) = (step, self.period);
        if self.growth <= 1 {
            since %= period;
        }
        while since >= period {
            since -= period;
            period = period.saturating_mul(self.growth);
        }
        Cosine::new(self.from, self.to, period).at(since)
    }
}

impl fmt::Display for CosineRestarts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, period, growth } = self;
        write!(f, "{from} → {to} along cosines of {period} steps")?;
        if *growth > 1 { write!(f, ", each {growth} times as long as the last") } else { Ok(()) }
    }
}
