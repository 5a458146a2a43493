//! When a minimisation ends.

use super::descent::Evaluated;
use super::error::check_setting;
use super::minimum::Iterate;
use super::vector::{difference, norm};
use super::{MinimizeError, Stop};
use graph::Domain;

/// When a minimisation ends; the first that holds decides.
///
/// It ends, too, where nothing can be gained any more: where the promised and the actual change of
/// the value are below its round-off, and the steps do not become shorter.
///
/// Every method takes one: see [`Lbfgs::stopping`](super::Lbfgs::stopping).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stopping {
    /// ‖∇f‖∞ ≤ this. Default 10⁻⁸.
    pub gradient: f64,
    /// f₋₁ − f ≤ this · max(|f₋₁|, |f|). Default 0: only where the value does not fall at all.
    pub value: f64,
    /// ‖x − x₋₁‖₂ ≤ this · ‖x‖₂. Default 0.
    pub step: f64,
    /// Over the last 100 iterations, f fell by less than this · min(|f|, f₀ − f): it creeps, in a
    /// valley towards infinity for instance. Default 10⁻⁵; 10⁻⁴ for [`Newton`](super::Newton) and
    /// [`NewtonCg`](super::NewtonCg): each a hundredth, nearly, of what the slowest runs show that
    /// still arrive, of the problems of Moré, Garbow and Hillstrom. 0, which is never, for
    /// [`GradientDescent`](super::GradientDescent),
    /// [`ConjugateGradient`](super::ConjugateGradient) and
    /// [`LevenbergMarquardt`](super::LevenbergMarquardt).
    pub stall: f64,
    /// At most as many iterations. Default 10 000.
    pub iterations: usize,
    /// At most as many evaluations of the function; those of a step begun are still made.
    /// Default 100 000.
    pub evaluations: usize,
}

impl Default for Stopping {
    fn default() -> Self {
        Self {
            gradient: 1e-8,
            value: 0.0,
            step: 0.0,
            stall: 1e-5,
            iterations: 10_000,
            evaluations: 100_000,
        }
    }
}

impl Stopping {
    /// The defaults with another stall tolerance.
    pub(crate) fn with_stall(stall: f64) -> Self {
        Self { stall, ..Self::default() }
    }

    /// Fails unless each tolerance is finite and at least 0.
    pub(crate) fn validate(&self, of: &'static str) -> Result<(), MinimizeError> {
        check_setting(of, "gradient tolerance", self.gradient, Domain::NonNegative)?;
        check_setting(of, "value tolerance", self.value, Domain::NonNegative)?;
        check_setting(of, "step tolerance", self.step, Domain::NonNegative)?;
        check_setting(of, "stall tolerance", self.stall, Domain::NonNegative)
    }

    /// Whether a limit is reached, or the value has stalled, on a way that begins with the start.
    pub(crate) fn limit(&self, way: &[Iterate], evaluations: usize) -> Option<Stop> {
        if way.len() > self.iterations {
            Some(Stop::Iterations)
        } else if evaluations >= self.evaluations {
            Some(Stop::Evaluations)
        } else {
            self.stalled(way).then_some(Stop::Stalled)
        }
    }

    fn stalled(&self, way: &[Iterate]) -> bool {
        let [first, .., last] = way else { return false };
        let Some(before) = way.len().checked_sub(WINDOW + 1) else { return false };
        // Of both: a constant beside the function counts as little as a start far away.
        let scale = last.value.abs().min(first.value - last.value);
        self.stall > 0.0 && way[before].value - last.value < self.stall * scale
    }
}

/// Over how many iterations a value must have fallen.
const WINDOW: usize = 100;

/// Below this share of the value a change of it is taken for round-off.
const ROUND_OFF: f64 = 64.0 * f64::EPSILON;

/// How large a change round-off alone may make of a value, where nothing more is known of it.
pub(crate) fn round_off(value: f64) -> f64 {
    ROUND_OFF * value.abs()
}

/// A step that was made.
pub(crate) struct Made {
    /// The value before and after it.
    pub values: (f64, f64),
    /// By how much the value should have fallen.
    pub promised: f64,
    /// What round-off alone may make of the value.
    pub round_off: f64,
    /// ‖x − x₋₁‖₂.
    pub length: f64,
    /// ‖x‖₂.
    pub size: f64,
    /// Whether it was cut short, so that its length says nothing of how near the minimum is.
    pub cut_short: bool,
}

impl Made {
    /// A step along a line.
    pub fn along(from: &Evaluated, to: &Evaluated, promised: f64) -> Self {
        Self {
            values: (from.value, to.value),
            promised,
            round_off: round_off(from.value),
            length: norm(&difference(&to.x, &from.x)),
            size: norm(&to.x),
            cut_short: false,
        }
    }

    /// Whether round-off hides what was gained.
    pub fn is_hidden(&self) -> bool {
        self.promised.max((self.values.0 - self.values.1).abs()) <= self.round_off
    }
}

/// Whether anything is left to be gained. Steps whose gain is hidden by round-off go on as long as
/// they become shorter: the gradient may still fall, and with it the distance from the minimum.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    shortest: Option<f64>,
    idle: usize,
}

/// How many steps whose gain is hidden by round-off may be no shorter than one before.
const IDLE: usize = 8;

impl Progress {
    /// Whether a step was the last.
    pub fn after(&mut self, stopping: &Stopping, made: &Made) -> Option<Stop> {
        let (from, to) = made.values;
        let hidden = made.is_hidden();
        let fell = from - to > stopping.value * from.abs().max(to.abs());
        if to == f64::NEG_INFINITY {
            Some(Stop::Unbounded)
        } else if !fell && (!hidden || stopping.value > 0.0) {
            Some(Stop::Value)
        } else if made.length <= stopping.step * made.size {
            Some(Stop::Step)
        } else if hidden && !made.cut_short && !self.shortens(made.length) {
            Some(Stop::Value)
        } else {
            None
        }
    }

    fn shortens(&mut self, length: f64) -> bool {
        if self.shortest.is_none_or(|shortest| length < shortest) {
            self.shortest = Some(length);
            self.idle = 0;
        } else {
            self.idle += 1;
        }
        self.idle < IDLE
    }
}

/// The settings of when to stop, for every minimizer alike.
macro_rules! stopping_methods {
    () => {
        /// ‖∇f‖∞ at which it stops: [`Stopping::gradient`](crate::Stopping::gradient).
        pub fn gradient_tolerance(mut self, tolerance: f64) -> Self {
            self.stopping.gradient = tolerance;
            self
        }

        /// At most as many iterations.
        pub fn max_iterations(mut self, iterations: usize) -> Self {
            self.stopping.iterations = iterations;
            self
        }

        /// When it stops, in full.
        pub fn stopping(self, stopping: crate::Stopping) -> Self {
            Self { stopping, ..self }
        }
    };
}
pub(crate) use stopping_methods;
