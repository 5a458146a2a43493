//! What a minimizer answers.

use std::fmt;

use super::MinimizeError;

/// Minimises a function of a whole vector, which it evaluates as often as it needs: the counterpart
/// of an `Optimizer`, which is given one gradient a step.
///
/// ```
/// use cotangent::minimize::{Lbfgs, Minimizer};
///
/// let mut rosenbrock = |x: &[f64], gradient: &mut [f64]| {
///     let rise = x[1] - x[0] * x[0];
///     gradient[0] = -400.0 * x[0] * rise - 2.0 * (1.0 - x[0]);
///     gradient[1] = 200.0 * rise;
///     100.0 * rise * rise + (1.0 - x[0]).powi(2)
/// };
/// let minimum = Lbfgs::new().minimize(&mut rosenbrock, &[-1.2, 1.0])?;
/// assert!(minimum.stop.converged() && (minimum.x[1] - 1.0).abs() < 1e-6);
/// # Ok::<(), cotangent::minimize::MinimizeError>(())
/// ```
pub trait Minimizer<O: ?Sized> {
    /// Minimises from `x0`.
    ///
    /// That it did not converge is no error: [`Minimum::stop`] says why it stopped, and
    /// [`Minimum::x`] is the best point seen, up to round-off.
    ///
    /// # Errors
    /// If a setting is outside of its domain, the start does not fit the objective, the objective is
    /// not finite there, or cannot be evaluated.
    fn minimize(&self, objective: &mut O, x0: &[f64]) -> Result<Minimum, MinimizeError>;
}

/// Where a minimisation ended.
///
/// ```
/// use cotangent::minimize::{GradientDescent, Minimizer};
/// let mut bowl = |x: &[f64], g: &mut [f64]| {
///     g[0] = 2.0 * (x[0] - 3.0);
///     (x[0] - 3.0).powi(2)
/// };
/// let minimum = GradientDescent::new().minimize(&mut bowl, &[0.0])?;
/// assert!(minimum.stop.converged() && (minimum.x[0] - 3.0).abs() < 1e-8);
/// println!("{} after {} iterations", minimum.value, minimum.iterations());
/// # Ok::<(), cotangent::minimize::MinimizeError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    /// The point.
    pub x: Vec<f64>,
    /// The objective there; of residuals ½‖r‖².
    pub value: f64,
    /// ‖∇f‖∞ there; with bounds, of the projected gradient.
    pub gradient_norm: f64,
    /// Why it ended.
    pub stop: Stop,
    /// What was evaluated, and how often.
    pub evaluations: Evaluations,
    /// The start, and the point after each iteration.
    pub history: Vec<Iterate>,
}

impl Minimum {
    /// How many steps were made.
    pub fn iterations(&self) -> usize {
        self.history.len() - 1
    }
}

/// A point on the way.
///
/// It is part of a [`Minimum`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iterate {
    /// The objective.
    pub value: f64,
    /// ‖∇f‖∞.
    pub gradient_norm: f64,
    /// ‖x − x₋₁‖₂; 0 at the start.
    pub step: f64,
    /// How often the function was evaluated so far.
    pub functions: usize,
}

/// Why a minimisation ended.
///
/// It is part of a [`Minimum`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The gradient is as small as was asked for, and no direction is known to curve downwards.
    Gradient,
    /// The value fell by less than was asked for, or by less than its round-off.
    Value,
    /// The step was shorter than was asked for, or the region in which the model is trusted too small
    /// to contain one.
    Step,
    /// The value has hardly fallen over many iterations: [`Stopping::stall`](super::Stopping::stall).
    Stalled,
    /// As many iterations as allowed.
    Iterations,
    /// As many evaluations of the function as allowed.
    Evaluations,
    /// No lower point was found along a direction of descent: round-off, a kink, or a gradient that
    /// is not that of the value.
    NoDescent,
    /// The value fell below every bound.
    Unbounded,
}

impl Stop {
    /// Whether a tolerance was met, rather than a limit.
    pub fn converged(self) -> bool {
        matches!(self, Self::Gradient | Self::Value | Self::Step)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gradient => "the gradient is small",
            Self::Value => "the value no longer falls",
            Self::Step => "the steps are short",
            Self::Stalled => "the value has hardly fallen for long",
            Self::Iterations => "the limit of iterations",
            Self::Evaluations => "the limit of evaluations",
            Self::NoDescent => "no lower point along a direction of descent",
            Self::Unbounded => "the value falls without bound",
        })
    }
}

/// How often what was evaluated.
///
/// It is part of a [`Minimum`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evaluations {
    /// The function, or the residuals.
    pub functions: usize,
    /// The gradient, or the Jacobian of the residuals.
    pub gradients: usize,
    /// Products with the Hessian.
    pub products: usize,
    /// The Hessian.
    pub hessians: usize,
}
