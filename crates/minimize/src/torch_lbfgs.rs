//! L-BFGS as PyTorch has it.

use super::descent::Evaluated;
use super::error::{check_setting, check_start};
use super::objective::Counted;
use super::pairs::Pairs;
use super::torch_wolfe::{self, Along};
use super::vector::{add_scaled, difference, dot, largest};
use super::{MinimizeError, Objective};
use graph::Domain;

/// `torch.optim.LBFGS`: steps of a few iterations each, which continue one another.
///
/// It differs from [`Lbfgs`](super::Lbfgs), which is the better minimizer: without a line search it
/// moves by α·d whatever comes of it (the very first time by min(1, 1/‖∇f‖₁)·α·d); with one it uses
/// that of minFunc; pairs with sᵀy ≤ 10⁻¹⁰ are left out; and a step ends at tolerances on absolute
/// scales. What it evaluates is in the same order, to the same numbers.
///
/// ```
/// use cotangent::minimize::TorchLbfgs;
/// let mut bowl = |x: &[f64], g: &mut [f64]| {
///     g[0] = 4.0 * x[0];
///     2.0 * x[0] * x[0]
/// };
/// let (mut lbfgs, mut x) = (TorchLbfgs::new(1.0).strong_wolfe(), [3.0]);
/// assert_eq!(lbfgs.step(&mut bowl, &mut x)?, 18.0);     // the loss before the step, as in PyTorch
/// assert!(x[0].abs() < 1e-9);
/// # Ok::<(), cotangent::minimize::MinimizeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TorchLbfgs {
    learning_rate: f64,
    max_iterations: usize,
    max_evaluations: Option<usize>,
    gradient_tolerance: f64,
    change_tolerance: f64,
    strong_wolfe: bool,
    memory: Carried,
}

/// What is remembered from iteration to iteration, and from step to step.
#[derive(Clone, Debug)]
struct Carried {
    pairs: Pairs,
    /// The direction, how far it was gone, and the gradient before.
    last: Option<(Vec<f64>, f64, Vec<f64>)>,
}

/// sᵀy of pairs that are left out.
const LEAST_CURVATURE: f64 = 1e-10;

impl TorchLbfgs {
    /// PyTorch's defaults: 20 iterations and 25 evaluations a step, a memory of 100, tolerances of
    /// 10⁻⁷ on ‖∇f‖∞ and 10⁻⁹ on changes, and no line search.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            max_iterations: 20,
            max_evaluations: None,
            gradient_tolerance: 1e-7,
            change_tolerance: 1e-9,
            strong_wolfe: false,
            memory: Carried { pairs: Pairs::new(100), last: None },
        }
    }

    /// `max_iter`.
    pub fn max_iterations(self, iterations: usize) -> Self {
        Self { max_iterations: iterations, ..self }
    }

    /// `max_eval`. Default: 5/4 of the iterations.
    pub fn max_evaluations(self, evaluations: usize) -> Self {
        Self { max_evaluations: Some(evaluations), ..self }
    }

    /// `tolerance_grad` and `tolerance_change`.
    pub fn tolerances(self, gradient: f64, change: f64) -> Self {
        Self { gradient_tolerance: gradient, change_tolerance: change, ..self }
    }

    /// `history_size`. It forgets what it remembers.
    pub fn history(self, steps: usize) -> Self {
        Self { memory: Carried { pairs: Pairs::new(steps), last: None }, ..self }
    }

    /// `line_search_fn="strong_wolfe"`.
    pub fn strong_wolfe(self) -> Self {
        Self { strong_wolfe: true, ..self }
    }

    /// Makes a step: changes `x`, and answers the objective before it.
    ///
    /// # Errors
    /// If a setting is outside of its domain, `x` is not finite or of another length than the
    /// objective's, or the objective cannot be evaluated. `x` and what is remembered are then as they
    /// were.
    pub fn step<O: Objective + ?Sized>(
        &mut self,
        objective: &mut O,
        x: &mut [f64],
    ) -> Result<f64, MinimizeError> {
        self.validate()?;
        check_start(x, objective.dimension())?;
        let mut memory = self.memory.clone();
        let mut objective = Counted::new(objective);
        let start = Evaluated::at(&mut objective, x.to_vec())?;
        let loss = start.value;
        let end = self.iterate(&mut objective, &mut memory, start)?;
        self.memory = memory;
        x.copy_from_slice(&end);
        Ok(loss)
    }

    fn validate(&self) -> Result<(), MinimizeError> {
        let check = |name, value| check_setting("torch lbfgs", name, value, Domain::NonNegative);
        check("learning_rate", self.learning_rate)?;
        check("gradient tolerance", self.gradient_tolerance)?;
        check("change tolerance", self.change_tolerance)
    }

    fn iterate<O: Objective + ?Sized>(
        &self,
        objective: &mut Counted<'_, O>,
        memory: &mut Carried,
        mut place: Evaluated,
    ) -> Result<Vec<f64>, MinimizeError> {
        let evaluations = self.max_evaluations.unwrap_or(self.max_iterations * 5 / 4);
        if largest(&place.gradient) <= self.gradient_tolerance {
            return Ok(place.x);
        }
        for iteration in 1..=self.max_iterations {
            let first = memory.last.is_none();
            let direction = memory.direction(&place.gradient);
            let before = place.clone();
            let size: f64 = place.gradient.iter().map(|g| g.abs()).sum();
            let mut t = self.learning_rate * if first { (1.0 / size).min(1.0) } else { 1.0 };
            let slope = dot(&place.gradient, &direction);
            if slope > -self.change_tolerance {
                memory.last = Some((direction, t, before.gradient));
                break;
            }
            if self.strong_wolfe {
                let along = Along { place: &before, direction: &direction, slope };
                let left = evaluations.saturating_sub(objective.evaluations.functions);
                (t, place) = torch_wolfe::search(objective, &along, t, left)?;
            } else {
                add_scaled(&mut place.x, t, &direction);
                // What the last iteration arrives at is evaluated by the next step.
                if iteration < self.max_iterations {
                    place = Evaluated::at(objective, place.x)?;
                }
            }
            let moved = t * largest(&direction);
            memory.last = Some((direction, t, before.gradient));
            let done = objective.evaluations.functions >= evaluations
                || largest(&place.gradient) <= self.gradient_tolerance
                || moved.abs() <= self.change_tolerance
                || (place.value - before.value).abs() < self.change_tolerance;
            if done {
                break;
            }
        }
        Ok(place.x)
    }
}

impl Carried {
    fn direction(&mut self, gradient: &[f64]) -> Vec<f64> {
        if let Some((direction, t, before)) = &self.last {
            let s = direction.iter().map(|d| d * t).collect();
            self.pairs.push(s, difference(gradient, before), LEAST_CURVATURE);
        }
        self.pairs.direction(gradient)
    }
}
