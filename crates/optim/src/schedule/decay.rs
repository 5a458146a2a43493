//! Factors that begin at 1 and fall for ever.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Curve;

/// A factor every k steps: s(t) = γ^⌊t/k⌋ (lecture: "decay learning rate by half every few
/// epochs").
///
/// A k of 0 has no meaning: the values are NaN, which an optimizer refuses.
///
/// ```
/// use cotangent::optim::{Curve, StepDecay};
/// assert_eq!(StepDecay::halve_every(2).sample(0..5), [1.0, 1.0, 0.5, 0.5, 0.25]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepDecay {
    /// γ.
    pub factor: f64,
    /// k.
    pub every: u64,
}

impl StepDecay {
    /// The factor γ every k steps.
    pub fn new(factor: f64, every: u64) -> Self {
        Self { factor, every }
    }

    /// One half every k steps.
    pub fn halve_every(every: u64) -> Self {
        Self::new(0.5, every)
    }
}

impl Curve for StepDecay {
    fn at(&self, step: u64) -> f64 {
        step.checked_div(self.every).map_or(f64::NAN, |times| self.factor.powf(times as f64))
    }
}

impl fmt::Display for StepDecay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}^⌊t/{}⌋", self.factor, self.every)
    }
}

/// A factor at each milestone: s(t) = γ^n, n the milestones at or before t; one listed twice counts
/// twice.
///
/// ```
/// use cotangent::optim::{Curve, MultiStep};
/// assert_eq!(MultiStep::new(0.5, [1, 3]).sample(0..4), [1.0, 0.5, 0.5, 0.25]);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MultiStep {
    /// γ.
    pub factor: f64,
    /// The steps at which it applies, in any order.
    pub milestones: Vec<u64>,
}

impl MultiStep {
    /// The factor γ at each milestone.
    pub fn new(factor: f64, milestones: impl Into<Vec<u64>>) -> Self {
        Self { factor, milestones: milestones.into() }
    }
}

impl Curve for MultiStep {
    fn at(&self, step: u64) -> f64 {
        let passed = self.milestones.iter().filter(|&&milestone| milestone <= step).count();
        self.factor.powf(passed as f64)
    }
}

impl fmt::Display for MultiStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "× {} at each of {:?}", self.factor, self.milestones)
    }
}

/// s(t) = e^(−kt) (lecture: "exponential decay").
///
/// ```
/// use cotangent::optim::{Curve, Exponential};
/// assert_eq!(Exponential::new(0.5).at(2), (-1.0_f64).exp());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exponential {
    /// k.
    pub rate: f64,
}

impl Exponential {
    /// Decay at the rate k.
    pub fn new(rate: f64) -> Self {
        Self { rate }
    }
}

impl Curve for Exponential {
    fn at(&self, step: u64) -> f64 {
        (-self.rate * step as f64).exp()
    }
}

impl fmt::Display for Exponential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "e^(−{}·t)", self.rate)
    }
}

/// s(t) = γᵗ (lecture: 0.95^epoch; PyTorch's `ExponentialLR`).
///
/// ```
/// use cotangent::optim::{Curve, Geometric};
/// assert_eq!(Geometric::new(0.5).sample(0..3), [1.0, 0.5, 0.25]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Geometric {
    /// γ.
    pub ratio: f64,
}

impl Geometric {
    /// The factor γ at every step.
    pub fn new(ratio: f64) -> Self {
        Self { ratio }
    }
}

impl Curve for Geometric {
    fn at(&self, step: u64) -> f64 {
        self.ratio.powf(step as f64)
    }
}

impl fmt::Display for Geometric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}^t", self.ratio)
    }
}

/// s(t) = 1/(1 + kt) (lecture: "1/t decay").
///
/// ```
/// use cotangent::optim::{Curve, InverseTime};
/// assert_eq!(InverseTime::new(1.0).sample(0..3), [1.0, 1.0 / 2.0, 1.0 / 3.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct InverseTime {
    /// k.
    pub rate: f64,
}

impl InverseTime {
    /// Decay at the rate k.
    pub fn new(rate: f64) -> Self {
        Self { rate }
    }
}

impl Curve for InverseTime {
    fn at(&self, step: u64) -> f64 {
        1.0 / (1.0 + self.rate * step as f64)
    }
}

impl fmt::Display for InverseTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1/(1 + {}·t)", self.rate)
    }
}

/// s(t) = min((t + 1)/w, √(w/(t + 1))): a linear warm-up of w steps to 1, then a fall with the root
/// of time (Vaswani et al., "Attention is all you need", arXiv:1706.03762, scaled to the peak 1).
///
/// A w of 0 gives 0 throughout.
///
/// ```
/// use cotangent::optim::{Curve, InverseSqrt};
/// assert_eq!([0, 3, 15].map(|step| InverseSqrt::new(4).at(step)), [0.25, 1.0, 0.5]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct InverseSqrt {
    /// w.
    pub warmup: u64,
}

impl InverseSqrt {
    /// A warm-up of w steps.
    pub fn new(warmup: u64) -> Self {
        Self { warmup }
    }
}

impl Curve for InverseSqrt {
    fn at(&self, step: u64) -> f64 {
        let (t, w) = ((step + 1) as f64, self.warmup as f64);
        (t / w).min((w / t).sqrt())
    }
}

impl fmt::Display for InverseSqrt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "min((t + 1)/{0}, √({0}/(t + 1)))", self.warmup)
    }
}
