//! L-BFGS.

use super::descent::{Direction, Move, descend};
use super::error::check_setting;
use super::pairs::Pairs;
use super::projected::{self, Bounds};
use super::stopping::stopping_methods;
use super::vector::{difference, norm};
use super::{LineSearch, MinimizeError, Minimizer, Minimum, Objective, Stopping};
use graph::Domain;

/// L-BFGS: a quasi-Newton method that remembers the curvature along its last steps.
///
/// The inverse Hessian is approximated from the last m = 10 steps s and changes of the gradient y,
/// beginning with γ·I, γ = sᵀy/yᵀy; the step d = −H·∇f has a natural length of 1, and a line search
/// for the strong Wolfe conditions makes sᵀy > 0. Pairs where sᵀy is not clearly positive are left
/// out; when no lower point is found along d, all are forgotten. (Liu and Nocedal, Mathematical
/// Programming 45, 1989.)
///
/// With [`bounds`](Self::bounds) it is a projected quasi-Newton method: variables at a bound that the
/// gradient holds there are left out of the model, and steps are bent along the bounds with
/// backtracking for sufficient decrease (Bertsekas, SIAM J. Control and Optimization 20, 1982).
///
/// ```
/// use cotangent::minimize::{Lbfgs, Minimizer};
/// let mut bowl = |x: &[f64], g: &mut [f64]| {
///     (g[0], g[1]) = (2.0 * (x[0] - 3.0), 20.0 * (x[1] + 1.0));
///     (x[0] - 3.0).powi(2) + 10.0 * (x[1] + 1.0).powi(2)
/// };
/// let minimum = Lbfgs::new().bounds(&[0.0, 0.0], &[2.0, f64::INFINITY]).minimize(&mut bowl, &[1.0, 1.0])?;
/// assert_eq!(minimum.x, [2.0, 0.0]);
/// # Ok::<(), cotangent::minimize::MinimizeError>(())
/// ```
///
/// For PyTorch's optimizer of this name see [`TorchLbfgs`](crate::TorchLbfgs).
#[derive(Clone, Debug, PartialEq)]
pub struct Lbfgs {
    memory: usize,
    search: LineSearch,
    stopping: Stopping,
    bounds: Option<Bounds>,
}

impl Default for Lbfgs {
    fn default() -> Self {
        // As L-BFGS-B: an interval of a tenth is searched no further, as the next direction knows
        // more than this one.
        let search = LineSearch { decrease: 1e-3, width: 0.1, ..LineSearch::default() };
        Self { memory: 10, search, stopping: Stopping::default(), bounds: None }
    }
}

impl Lbfgs {
    /// L-BFGS with a memory of 10 steps.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many steps it remembers.
    pub fn memory(self, steps: usize) -> Self {
        Self { memory: steps, ..self }
    }

    /// The line search. Default: c₁ = 10⁻³, c₂ = 0.9, of L-BFGS-B.
    pub fn line_search(self, search: LineSearch) -> Self {
        Self { search, ..self }
    }

    /// Keeps every variable between two numbers, which may be infinite. A start outside is moved to
    /// the bound.
    pub fn bounds(self, lower: &[f64], upper: &[f64]) -> Self {
        Self { bounds: Some(Bounds::new(lower, upper)), ..self }
    }

    stopping_methods!();
}

impl<O: Objective + ?Sized> Minimizer<O> for Lbfgs {
    fn minimize(&self, objective: &mut O, x0: &[f64]) -> Result<Minimum, MinimizeError> {
        self.stopping.validate("lbfgs")?;
        check_setting("lbfgs", "memory", self.memory as f64, Domain::AtLeastOne)?;
        if let Some(bounds) = &self.bounds {
            let pairs = Pairs::new(self.memory);
            return projected::descend(objective, x0, bounds, pairs, &self.search, &self.stopping);
        }
        let mut rule = QuasiNewton { pairs: Pairs::new(self.memory) };
        descend(objective, x0, &mut rule, &self.search, &self.stopping)
    }
}

struct QuasiNewton {
    pairs: Pairs,
}

impl Direction for QuasiNewton {
    fn direction(&mut self, gradient: &[f64]) -> Vec<f64> {
        self.pairs.direction(gradient)
    }

    fn first_step(&self, _: &[f64], direction: &[f64]) -> f64 {
        if self.pairs.is_empty() { (1.0 / norm(direction)).min(1.0) } else { 1.0 }
    }

    fn learn(&mut self, step: &Move<'_>) {
        // The decrease that the direction promised is −tφ′(0): beside it, sᵀy must be more than
        // round-off.
        let promised = -step.length * step.slope;
        let y = difference(step.after, step.before);
        self.pairs.push(step.moved.to_vec(), y, f64::EPSILON * promised);
    }

    fn forget(&mut self) -> bool {
        let remembered = !self.pairs.is_empty();
        self.pairs.clear();
        remembered
    }
}
