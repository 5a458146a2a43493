//! When a minimisation ends.

use super::error::check_setting;
use super::{MinimizeError, Stop};
use crate::Domain;

/// When a minimisation ends; the first that holds decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stopping {
    /// ‖∇f‖∞ ≤ this. Default 10⁻⁸.
    pub gradient: f64,
    /// f₋₁ − f ≤ this · max(|f₋₁|, |f|). Default 0: only where the value does not fall at all.
    pub value: f64,
    /// ‖x − x₋₁‖₂ ≤ this · ‖x‖₂. Default 0.
    pub step: f64,
    /// At most as many iterations. Default 10 000.
    pub iterations: usize,
    /// At most as many evaluations of the function; those of a step begun are still made.
    /// Default 100 000.
    pub evaluations: usize,
}

impl Default for Stopping {
    fn default() -> Self {
        Self { gradient: 1e-8, value: 0.0, step: 0.0, iterations: 10_000, evaluations: 100_000 }
    }
}

impl Stopping {
    /// Fails unless each tolerance is finite and at least 0.
    pub(crate) fn validate(&self, of: &'static str) -> Result<(), MinimizeError> {
        check_setting(of, "gradient tolerance", self.gradient, Domain::NonNegative)?;
        check_setting(of, "value tolerance", self.value, Domain::NonNegative)?;
        check_setting(of, "step tolerance", self.step, Domain::NonNegative)
    }

    /// Whether a limit is reached.
    pub(crate) fn limit(&self, iterations: usize, evaluations: usize) -> Option<Stop> {
        match () {
            () if iterations >= self.iterations => Some(Stop::Iterations),
            () if evaluations >= self.evaluations => Some(Stop::Evaluations),
            () => None,
        }
    }

    /// Whether a step that changed the value, and moved by a length of a point's, was the last.
    pub(crate) fn after(&self, from: f64, to: f64, step: f64, x: f64) -> Option<Stop> {
        match () {
            () if to == f64::NEG_INFINITY => Some(Stop::Unbounded),
            () if from - to <= self.value * from.abs().max(to.abs()) => Some(Stop::Value),
            () if step <= self.step * x => Some(Stop::Step),
            () => None,
        }
    }
}

/// The settings of when to stop, for every minimizer alike.
macro_rules! stopping_methods {
    () => {
        /// ‖∇f‖∞ at which it stops: [`Stopping::gradient`](crate::minimize::Stopping::gradient).
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
        pub fn stopping(self, stopping: crate::minimize::Stopping) -> Self {
            Self { stopping, ..self }
        }
    };
}
pub(crate) use stopping_methods;
