//! Up and down: once, or over and over.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Curve, cosine, ramp};

/// How a value goes from one to another.
///
/// ```
/// use cotangent::optim::{Anneal, OneCycle};
/// assert_eq!(OneCycle::new(100).linear().anneal, Anneal::Linear);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anneal {
    /// Along a straight line.
    #[default]
    Linear,
    /// Along half a cosine.
    Cosine,
}

impl Anneal {
    /// The value after a share `progress` of the way from a to b.
    pub(super) fn between(self, from: f64, to: f64, progress: f64) -> f64 {
        let left = match self {
            Self::Linear => 1.0 - progress,
            Self::Cosine => cosine::falling(progress),
        };
        to + (from - to) * left
    }
}

/// The one-cycle policy: from a start up to a peak, and down to an end, in n steps.
///
/// With PyTorch's numbers for a peak α: the start is α/25, the end α/25/10⁴, and the climb takes 30
/// % of the steps. In [three phases](Self::three_phase) the descent to the start takes as long as
/// the climb, and the rest leads on to the end. The same curve upside down cycles the momentum:
/// `OneCycle::between(0.95, 0.85, 0.95, n)`. (Smith and Topin, "Super-convergence",
/// arXiv:1708.07120.)
///
/// ```
/// use cotangent::optim::{Curve, OneCycle, Optimizer, Sgd};
/// let sgd = Sgd::<f32>::new(0.1).momentum(0.95)
///     .schedule(OneCycle::new(1000))
///     .vary("momentum", OneCycle::between(0.95, 0.85, 0.95, 1000));
/// assert!((sgd.learning_rate() - 0.1 / 25.0).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OneCycle {
    /// The value at step 0.
    pub start: f64,
    /// The value at the peak.
    pub peak: f64,
    /// The value at step n − 1, and after.
    pub end: f64,
    /// n.
    pub steps: u64,
    /// The share of the steps that the climb takes.
    pub climb: f64,
    /// How it goes up and down.
    pub anneal: Anneal,
    /// Comes down as steeply as it went up, then goes on to the end.
    pub three_phase: bool,
}

impl OneCycle {
    /// Factors of a learning rate that is the peak, in n steps.
    pub fn new(steps: u64) -> Self {
        Self::between(1.0 / 25.0, 1.0, 1.0 / 25.0 / 1e4, steps)
    }

    /// From start to peak to end, in n steps.
    pub fn between(start: f64, peak: f64, end: f64, steps: u64) -> Self {
        let (climb, anneal, three_phase) = (0.3, Anneal::Cosine, false);
        Self { start, peak, end, steps, climb, anneal, three_phase }
    }

    /// The share of the steps that the climb takes.
    pub fn climb(self, climb: f64) -> Self {
        Self { climb, ..self }
    }

    /// Along straight lines, not cosines.
    pub fn linear(self) -> Self {
        Self { anneal: Anneal::Linear, ..self }
    }

    /// Back to the start as steeply as it went up, then on to the end.
    pub fn three_phase(self) -> Self {
        Self { three_phase: true, ..self }
    }
}

impl Curve for OneCycle {
    fn at(&self, step: u64) -> f64 {
        let (t, last) = (step as f64, self.steps as f64 - 1.0);
        let top = self.climb * self.steps as f64 - 1.0;
        let way = |from, to, begin: f64, end: f64| {
            let progress = if end > begin { (t - begin) / (end - begin) } else { 1.0 };
            self.anneal.between(from, to, progress)
        };
        let down = if self.three_phase { 2.0 * top } else { top };
        if t >= last {
            self.end
        } else if t <= top {
            way(self.start, self.peak, 0.0, top)
        } else if t <= down {
            way(self.peak, self.start, top, down)
        } else if self.three_phase {
            way(self.start, self.end, down, last)
        } else {
            way(self.peak, self.end, top, last)
        }
    }
}

impl fmt::Display for OneCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { start, peak, end, steps, .. } = self;
        let back = if self.three_phase { format!(" → {start}") } else { String::new() };
        write!(f, "{start} → {peak}{back} → {end} in {steps} steps")
    }
}

/// Over and over from low to high in u steps, and back in d.
///
/// The height is that of [`mode`](CycleMode): constant, halved by each cycle, or γᵗ.
/// (Smith, "Cyclical learning rates for training neural networks", arXiv:1506.01186.)
///
/// ```
/// use cotangent::optim::{Curve, Cyclic};
/// let rate = Cyclic::new(0.0, 1.0, 2, 2);
/// assert_eq!(rate.sample(0..6), [0.0, 0.5, 1.0, 0.5, 0.0, 0.5]);
/// assert_eq!(rate.halving().at(6), 0.5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cyclic {
    /// The value between two cycles.
    pub low: f64,
    /// The value at the top of the first cycle, unless that is lowered by the mode.
    pub high: f64,
    /// u.
    pub up: u64,
    /// d.
    pub down: u64,
    /// What becomes of the height.
    pub mode: CycleMode,
}

/// What becomes of the height of a [`Cyclic`] schedule.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CycleMode {
    /// It stays ("triangular").
    Constant,
    /// It is halved by each cycle ("triangular2").
    Halving,
    /// It is multiplied by γᵗ ("exp_range").
    Exponential(f64),
}

impl Cyclic {
    /// From low to high in u steps and back in d.
    pub fn new(low: f64, high: f64, up: u64, down: u64) -> Self {
        Self { low, high, up, down, mode: CycleMode::Constant }
    }

    /// Each cycle half as high as the one before.
    pub fn halving(self) -> Self {
        Self { mode: CycleMode::Halving, ..self }
    }

    /// The height multiplied by γᵗ.
    pub fn decaying(self, gamma: f64) -> Self {
        Self { mode: CycleMode::Exponential(gamma), ..self }
    }
}

impl Curve for Cyclic {
    fn at(&self, step: u64) -> f64 {
        let Some(cycle) = step.checked_div(self.up + self.down) else { return f64::NAN };
        let since = step % (self.up + self.down);
        let height = if since < self.up {
            ramp::progress(since, self.up)
        } else {
            1.0 - ramp::progress(since - self.up, self.down)
        };
        let scale = match self.mode {
            CycleMode::Constant => 1.0,
            CycleMode::Halving => 0.5_f64.powf(cycle as f64),
            CycleMode::Exponential(gamma) => gamma.powf(step as f64),
        };
        self.low + (self.high - self.low) * height * scale
    }
}

impl fmt::Display for Cyclic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { low, high, up, down, mode } = self;
        write!(f, "{low} → {high} in {up} steps and back in {down}, over and over")?;
        match mode {
            CycleMode::Constant => Ok(()),
            CycleMode::Halving => write!(f, ", each half as high as the last"),
            CycleMode::Exponential(gamma) => write!(f, ", the height times {gamma}^t"),
        }
    }
}
