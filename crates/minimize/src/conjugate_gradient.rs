//! The nonlinear conjugate gradient method.

use super::descent::{Direction, Move, descend};
use super::gradient_descent::{LastStep, first_step};
use super::stopping::stopping_methods;
use super::vector::{add_scaled, difference, dot};
use super::{LineSearch, MinimizeError, Minimizer, Minimum, Objective, Stopping};

/// The nonlinear conjugate gradient method: d = −∇f + β·d₋₁, with a line search along it.
///
/// It remembers one direction, and on a convex quadratic with exact line searches ends in n steps.
/// It begins anew along the steepest descent when the direction is none of descent, or when
/// neighbouring gradients are far from orthogonal (Powell, 1977). (Nocedal and Wright, *Numerical
/// Optimization*, 2006, §5.2.)
#[derive(Clone, Debug, PartialEq)]
pub struct ConjugateGradient {
    beta: Beta,
    search: LineSearch,
    stopping: Stopping,
}

/// What β is, with y = ∇f − ∇f₋₁.
///
/// ```
/// use cotangent::minimize::{Beta, ConjugateGradient};
/// let method = ConjugateGradient::new().beta(Beta::FletcherReeves);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Beta {
    /// ‖∇f‖² / ‖∇f₋₁‖² (Fletcher and Reeves, 1964).
    FletcherReeves,
    /// max(0, ∇fᵀy / ‖∇f₋₁‖²) (Polak and Ribière, 1969; Powell, 1984). The default.
    #[default]
    PolakRibiere,
    /// ∇fᵀy / d₋₁ᵀy (Hestenes and Stiefel, 1952).
    HestenesStiefel,
    /// ‖∇f‖² / d₋₁ᵀy (Dai and Yuan, 1999).
    DaiYuan,
    /// (y − 2·d₋₁·‖y‖²/d₋₁ᵀy)ᵀ∇f / d₋₁ᵀy, which is always one of descent (Hager and Zhang, 2005).
    HagerZhang,
}

impl Default for ConjugateGradient {
    fn default() -> Self {
        let search = LineSearch::precise();
        Self { beta: Beta::default(), search, stopping: Stopping::with_stall(0.0) }
    }
}

impl ConjugateGradient {
    /// The method of Polak and Ribière.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another β.
    pub fn beta(self, beta: Beta) -> Self {
        Self { beta, ..self }
    }

    /// The line search. Default: [`LineSearch::precise`].
    pub fn line_search(self, search: LineSearch) -> Self {
        Self { search, ..self }
    }

    stopping_methods!();
}

impl<O: Objective + ?Sized> Minimizer<O> for ConjugateGradient {
    fn minimize(&self, objective: &mut O, x0: &[f64]) -> Result<Minimum, MinimizeError> {
        self.stopping.validate("conjugate gradient")?;
        let mut rule = Conjugate { beta: self.beta, direction: None, last: None };
        descend(objective, x0, &mut rule, &self.search, &self.stopping)
    }
}

struct Conjugate {
    beta: Beta,
    /// β·d₋₁ for the next direction.
    direction: Option<Vec<f64>>,
    last: Option<LastStep>,
}

/// ∇fᵀ∇f₋₁ / ‖∇f‖² from which on the directions are no longer taken for conjugate.
const RESTART: f64 = 0.2;

impl Direction for Conjugate {
    fn direction(&mut self, gradient: &[f64]) -> Vec<f64> {
        let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
        if let Some(previous) = &self.direction {
            add_scaled(&mut direction, 1.0, previous);
        }
        direction
    }

    fn first_step(&self, gradient: &[f64], direction: &[f64]) -> f64 {
        first_step(self.last, gradient, direction)
    }

    fn learn(&mut self, step: &Move<'_>) {
        self.last = Some(LastStep::of(step));
        let (before, after) = (step.before, step.after);
        if dot(after, before).abs() >= RESTART * dot(after, after) {
            self.direction = None;
            return;
        }
        // d₋₁, as it was before it was scaled by the length of the step.
        let mut previous: Vec<f64> = step.moved.iter().map(|s| s / step.length).collect();
        let beta = self.beta.of(before, after, &previous);
        previous.iter_mut().for_each(|d| *d *= beta);
        self.direction = Some(previous).filter(|_| beta.is_finite());
    }

    fn forget(&mut self) -> bool {
        self.direction.take().is_some() | self.last.take().is_some()
    }
}

impl Beta {
    fn of(self, before: &[f64], after: &[f64], direction: &[f64]) -> f64 {
        let y = difference(after, before);
        let dy = dot(direction, &y);
        match self {
            Self::FletcherReeves => dot(after, after) / dot(before, before),
            Self::PolakRibiere => (dot(after, &y) / dot(before, before)).max(0.0),
            Self::HestenesStiefel => dot(after, &y) / dy,
            Self::DaiYuan => dot(after, after) / dy,
            Self::HagerZhang => {
                (dot(&y, after) - 2.0 * dot(direction, after) * dot(&y, &y) / dy) / dy
            }
        }
    }
}
