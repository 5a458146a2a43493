//! Gradient descent with a line search.

use super::descent::{Direction, Move, descend};
use super::stopping::stopping_methods;
use super::vector::{dot, norm};
use super::{LineSearch, MinimizeError, Minimizer, Minimum, Objective, Stopping};

/// Gradient descent on the whole objective: d = −∇f, with a line search for the strong Wolfe
/// conditions along it.
///
/// It converges linearly, at a rate that worsens with the condition of the Hessian: the baseline for
/// the others. The first step tried is expected to lower the value as the last did.
///
/// Its example is that of [`Minimum`](crate::Minimum).
#[derive(Clone, Debug, PartialEq)]
pub struct GradientDescent {
    search: LineSearch,
    stopping: Stopping,
}

impl Default for GradientDescent {
    fn default() -> Self {
        Self { search: LineSearch::default(), stopping: Stopping::with_stall(0.0) }
    }
}

impl GradientDescent {
    /// Gradient descent.
    pub fn new() -> Self {
        Self::default()
    }

    /// The line search.
    pub fn line_search(self, search: LineSearch) -> Self {
        Self { search, ..self }
    }

    stopping_methods!();
}

impl<O: Objective + ?Sized> Minimizer<O> for GradientDescent {
    fn minimize(&self, objective: &mut O, x0: &[f64]) -> Result<Minimum, MinimizeError> {
        self.stopping.validate("gradient descent")?;
        let mut rule = Steepest { last: None };
        descend(objective, x0, &mut rule, &self.search, &self.stopping)
    }
}

struct Steepest {
    last: Option<LastStep>,
}

/// How far along its direction the last step went, and the slope there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastStep {
    pub length: f64,
    pub slope: f64,
}

impl LastStep {
    pub fn of(step: &Move<'_>) -> Self {
        Self { length: step.length, slope: step.slope }
    }
}

/// The first step to try where a direction has no length of its own: as much decrease as by the last
/// step, to first order (Nocedal and Wright, 2006, §3.5); a length of at most 1 at first.
pub(crate) fn first_step(last: Option<LastStep>, gradient: &[f64], direction: &[f64]) -> f64 {
    let slope = dot(gradient, direction);
    match last {
        Some(last) => (last.length * last.slope / slope).min(10.0 * last.length.max(1.0)),
        None => (1.0 / norm(direction)).min(1.0),
    }
}

impl Direction for Steepest {
    fn direction(&mut self, gradient: &[f64]) -> Vec<f64> {
        gradient.iter().map(|g| -g).collect()
    }

    fn first_step(&self, gradient: &[f64], direction: &[f64]) -> f64 {
        first_step(self.last, gradient, direction)
    }

    fn learn(&mut self, step: &Move<'_>) {
        self.last = Some(LastStep::of(step));
    }

    fn forget(&mut self) -> bool {
        self.last.take().is_some()
    }
}
