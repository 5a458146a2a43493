//! Minimisation within bounds.

use super::descent::{Advance, Evaluated, promised};
use super::error::check_start;
use super::minimum::Iterate;
use super::objective::Counted;
use super::pairs::Pairs;
use super::stopping::{Made, Progress, round_off};
use super::vector::{difference, dot, largest, norm};
use super::{LineSearch, MinimizeError, Minimum, Objective, Stop, Stopping};

/// A lower and an upper bound for each variable.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bounds {
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl Bounds {
    pub fn new(lower: &[f64], upper: &[f64]) -> Self {
        Self { lower: lower.to_vec(), upper: upper.to_vec() }
    }

    fn check(&self, variables: usize) -> Result<(), MinimizeError> {
        let (lower, upper) = (self.lower.len(), self.upper.len());
        if lower != variables || upper != variables {
            return Err(MinimizeError::BoundsCount { lower, upper, variables });
        }
        for (position, (&lower, &upper)) in self.lower.iter().zip(&self.upper).enumerate() {
            let some = lower <= upper && lower < f64::INFINITY && upper > f64::NEG_INFINITY;
            if !some {
                return Err(MinimizeError::Bounds { position, lower, upper });
            }
        }
        Ok(())
    }

    /// The nearest point within the bounds.
    fn project(&self, x: &[f64]) -> Vec<f64> {
        let bounds = self.lower.iter().zip(&self.upper);
        x.iter().zip(bounds).map(|(x, (&lower, &upper))| x.max(lower).min(upper)).collect()
    }

    /// P(x − ∇f) − x: 0 exactly where no feasible direction leads down.
    fn projected_gradient(&self, place: &Evaluated) -> Vec<f64> {
        difference(&self.project(&difference(&place.x, &place.gradient)), &place.x)
    }

    /// The variables within `near` of a bound that the gradient holds there.
    fn held(&self, place: &Evaluated, near: f64) -> Vec<bool> {
        let held = |i: usize| {
            let (x, g) = (place.x[i], place.gradient[i]);
            g > 0.0 && x <= self.lower[i] + near || g < 0.0 && x >= self.upper[i] - near
        };
        (0..place.x.len()).map(held).collect()
    }
}

/// Variables this near to a bound count as there, unless the projected gradient is smaller.
const NEAR: f64 = 1e-3;

/// Minimises along projected quasi-Newton directions.
pub(crate) fn descend<O: Objective + ?Sized>(
    objective: &mut O,
    x0: &[f64],
    bounds: &Bounds,
    mut pairs: Pairs,
    search: &LineSearch,
    stopping: &Stopping,
) -> Result<Minimum, MinimizeError> {
    check_start(x0, objective.dimension())?;
    bounds.check(x0.len())?;
    search.validate()?;
    let mut objective = Counted::new(objective);
    let mut place = Evaluated::start(&mut objective, &bounds.project(x0))?;
    let mut stationarity = largest(&bounds.projected_gradient(&place));
    let mut history = vec![Iterate {
        value: place.value,
        gradient_norm: stationarity,
        step: 0.0,
        functions: objective.evaluations.functions,
    }];
    let mut progress = Progress::default();
    let stop = loop {
        if stationarity <= stopping.gradient {
            break Stop::Gradient;
        }
        let functions = objective.evaluations.functions;
        if let Some(limit) = stopping.limit(&history, functions) {
            break limit;
        }
        let held = bounds.held(&place, NEAR.min(stationarity));
        let way = advance(&mut objective, &place, bounds, &held, &mut pairs, search)?;
        let (next, promised) = match way {
            Advance::To(next, promised) => (next, promised),
            Advance::Nowhere(why) => break why,
        };
        let step = norm(&difference(&next.x, &place.x));
        stationarity = largest(&bounds.projected_gradient(&next));
        history.push(Iterate {
            value: next.value,
            gradient_norm: stationarity,
            step,
            functions: objective.evaluations.functions,
        });
        let last = progress.after(stopping, &Made::along(&place, &next, promised));
        place = next;
        if stationarity > stopping.gradient
            && let Some(last) = last
        {
            break last;
        }
    };
    let evaluations = objective.evaluations;
    let Evaluated { x, value, .. } = place;
    Ok(Minimum { x, value, gradient_norm: stationarity, stop, evaluations, history })
}

/// The next place, along the quasi-Newton direction of the variables that are not held, or along
/// their steepest descent if the pairs are of no use, unless what they promise is hidden by round-off
/// anyway.
fn advance<O: Objective + ?Sized>(
    objective: &mut Counted<'_, O>,
    place: &Evaluated,
    bounds: &Bounds,
    held: &[bool],
    pairs: &mut Pairs,
    search: &LineSearch,
) -> Result<Advance, MinimizeError> {
    let free = |x: &[f64]| -> Vec<f64> {
        x.iter().zip(held).map(|(&x, &held)| if held { 0.0 } else { x }).collect()
    };
    let gradient = free(&place.gradient);
    loop {
        // What is held moves along its own gradient, towards its bound.
        let mut direction = free(&pairs.direction(&gradient));
        for (i, d) in direction.iter_mut().enumerate().filter(|(i, _)| held[*i]) {
            *d = -place.gradient[i];
        }
        let first = if pairs.is_empty() { (1.0 / norm(&direction)).min(1.0) } else { 1.0 };
        let descends =
            dot(&free(&direction), &gradient) < 0.0 || gradient.iter().all(|&g| g == 0.0);
        let way = if descends {
            bent(objective, place, bounds, &direction, first, search)?
        } else {
            Advance::Nowhere(Stop::NoDescent)
        };
        match way {
            Advance::To(next, promised) => {
                let s = free(&difference(&next.x, &place.x));
                let y = free(&difference(&next.gradient, &place.gradient));
                let least = f64::EPSILON * dot(&y, &y);
                pairs.push(s, y, least);
                return Ok(Advance::To(next, promised));
            }
            Advance::Nowhere(Stop::NoDescent) if !pairs.is_empty() => pairs.clear(),
            nowhere => return Ok(nowhere),
        }
    }
}

/// Backtracks along P(x + t·d) until the decrease is sufficient; one that round-off hides need not
/// be seen.
fn bent<O: Objective + ?Sized>(
    objective: &mut Counted<'_, O>,
    place: &Evaluated,
    bounds: &Bounds,
    direction: &[f64],
    first: f64,
    search: &LineSearch,
) -> Result<Advance, MinimizeError> {
    let round_off = round_off(place.value);
    let (mut t, mut why) = (first, Stop::NoDescent);
    for _ in 0..search.evaluations {
        let beyond: Vec<f64> = place.x.iter().zip(direction).map(|(x, d)| x + t * d).collect();
        let x = bounds.project(&beyond);
        let slope = dot(&place.gradient, &difference(&x, &place.x));
        if slope >= 0.0 {
            break;
        }
        let promised = promised(slope, 1.0);
        let hidden = promised <= round_off;
        let trial = Evaluated::at(objective, x)?;
        let sufficient = trial.value < place.value
            && trial.value <= place.value + search.decrease * slope
            || hidden && trial.value <= place.value + round_off;
        if trial.is_finite() && sufficient {
            return Ok(Advance::To(trial, promised));
        }
        if hidden {
            why = if t == first { Stop::Value } else { Stop::NoDescent };
            break;
        }
        // The minimum of the parabola through both values and the slope, kept within bounds.
        let parabola = -0.5 * slope / (trial.value - place.value - slope);
        t *= if parabola.is_finite() { parabola.clamp(0.1, 0.5) } else { 0.1 };
    }
    Ok(Advance::Nowhere(why))
}
