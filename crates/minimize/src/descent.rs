//! What the methods that search along a line share: everything but the direction.

use super::error::{check_at_start, check_start};
use super::minimum::Iterate;
use super::objective::Counted;
use super::stopping::{Made, Progress, round_off};
use super::vector::{add_scaled, all_finite, difference, dot, largest, norm};
use super::{LineSearch, MinimizeError, Minimum, Objective, Stop, Stopping};

/// Where to search, given gradients.
pub(crate) trait Direction {
    /// A direction of descent at a point with this gradient; of a quadratic model, its step to the
    /// minimum.
    fn direction(&mut self, gradient: &[f64]) -> Vec<f64>;

    /// The first step to try along the direction.
    fn first_step(&self, gradient: &[f64], direction: &[f64]) -> f64;

    /// Takes up the step that was made: x − x₋₁ and the gradients before and after it.
    fn learn(&mut self, step: &Move<'_>);

    /// Forgets all steps; answers whether there were any.
    fn forget(&mut self) -> bool;
}

/// A step that was made.
pub(crate) struct Move<'a> {
    /// s = x − x₋₁.
    pub moved: &'a [f64],
    /// ∇f(x₋₁).
    pub before: &'a [f64],
    /// ∇f(x).
    pub after: &'a [f64],
    /// The share of the direction that was gone.
    pub length: f64,
    /// ∇f(x₋₁)ᵀd.
    pub slope: f64,
}

/// A point and what is known there.
#[derive(Clone)]
pub(crate) struct Evaluated {
    pub x: Vec<f64>,
    pub value: f64,
    pub gradient: Vec<f64>,
}

impl Evaluated {
    /// The start, if all is finite there.
    pub fn start<O: Objective + ?Sized>(
        objective: &mut Counted<'_, O>,
        x0: &[f64],
    ) -> Result<Self, MinimizeError> {
        let place = Self::at(objective, x0.to_vec())?;
        check_at_start("the objective", &[place.value])?;
        check_at_start("the gradient", &place.gradient)?;
        Ok(place)
    }

    pub fn at<O: Objective + ?Sized>(
        objective: &mut Counted<'_, O>,
        x: Vec<f64>,
    ) -> Result<Self, MinimizeError> {
        let mut gradient = vec![0.0; x.len()];
        let value = objective.value_and_gradient(&x, &mut gradient)?;
        Ok(Self { x, value, gradient })
    }

    /// Whether value and gradient are finite.
    pub fn is_finite(&self) -> bool {
        self.value.is_finite() && all_finite(&self.gradient)
    }
}

/// Minimises along directions, with a line search along each.
pub(crate) fn descend<O: Objective + ?Sized>(
    objective: &mut O,
    x0: &[f64],
    rule: &mut impl Direction,
    search: &LineSearch,
    stopping: &Stopping,
) -> Result<Minimum, MinimizeError> {
    check_start(x0, objective.dimension())?;
    search.validate()?;
    let mut objective = Counted::new(objective);
    let mut place = Evaluated::start(&mut objective, x0)?;
    let mut history = vec![Iterate {
        value: place.value,
        gradient_norm: largest(&place.gradient),
        step: 0.0,
        functions: objective.evaluations.functions,
    }];
    let mut progress = Progress::default();
    let stop = loop {
        if largest(&place.gradient) <= stopping.gradient {
            break Stop::Gradient;
        }
        let functions = objective.evaluations.functions;
        if let Some(limit) = stopping.limit(&history, functions) {
            break limit;
        }
        let (next, promised) = match advance(&mut objective, &place, rule, search)? {
            Advance::To(next, promised) => (next, promised),
            Advance::Nowhere(why) => break why,
        };
        let step = norm(&difference(&next.x, &place.x));
        history.push(Iterate {
            value: next.value,
            gradient_norm: largest(&next.gradient),
            step,
            functions: objective.evaluations.functions,
        });
        let made = Made::along(&place, &next, promised);
        let last = progress.after(stopping, &made);
        place = next;
        if largest(&place.gradient) > stopping.gradient
            && let Some(last) = last
        {
            break last;
        }
    };
    Ok(Minimum {
        gradient_norm: largest(&place.gradient),
        x: place.x,
        value: place.value,
        stop,
        evaluations: objective.evaluations,
        history,
    })
}

/// What came of a search.
pub(crate) enum Advance {
    /// A place, and the decrease that was promised on the way to it.
    To(Evaluated, f64),
    /// No place, and why.
    Nowhere(Stop),
}

/// The next place: along the rule's direction, or along the steepest descent if what the rule
/// remembers is of no use, unless what it promises is hidden by round-off anyway.
fn advance<O: Objective + ?Sized>(
    objective: &mut Counted<'_, O>,
    place: &Evaluated,
    rule: &mut impl Direction,
    search: &LineSearch,
) -> Result<Advance, MinimizeError> {
    loop {
        let direction = rule.direction(&place.gradient);
        let slope = dot(&direction, &place.gradient);
        let first = rule.first_step(&place.gradient, &direction);
        if let Some((next, length)) = along(objective, place, &direction, slope, first, search)? {
            let moved = difference(&next.x, &place.x);
            let (before, after) = (&place.gradient, &next.gradient);
            rule.learn(&Move { moved: &moved, before, after, length, slope });
            return Ok(Advance::To(next, promised(slope, length)));
        }
        if promised(slope, first) <= round_off(place.value) {
            return Ok(Advance::Nowhere(Stop::Value));
        }
        if !rule.forget() {
            return Ok(Advance::Nowhere(Stop::NoDescent));
        }
    }
}

/// By how much the value falls on the way to the minimum of a parabola that has this slope at the
/// beginning.
pub(crate) fn promised(slope: f64, length: f64) -> f64 {
    -0.5 * slope * length
}

/// The place that a line search finds, and how far along the direction it is.
fn along<O: Objective + ?Sized>(
    objective: &mut Counted<'_, O>,
    place: &Evaluated,
    direction: &[f64],
    slope: f64,
    first: f64,
    search: &LineSearch,
) -> Result<Option<(Evaluated, f64)>, MinimizeError> {
    if !(all_finite(direction) && slope < 0.0 && first > 0.0 && first.is_finite()) {
        return Ok(None);
    }
    let go = |t: f64| {
        let mut x = place.x.clone();
        add_scaled(&mut x, t, direction);
        x
    };
    // The last trial is most often the one that is taken.
    let mut last: Option<(f64, Evaluated)> = None;
    let start = (place.value, slope);
    let found = search.search_above(round_off(place.value), first, start, |t| {
        let trial = Evaluated::at(objective, go(t))?;
        let slope = dot(&trial.gradient, direction);
        let finite = all_finite(&trial.gradient);
        let phi = (trial.value, if finite { slope } else { f64::NAN });
        last = Some((t, trial));
        Ok(phi)
    })?;
    let Some(found) = found else { return Ok(None) };
    match last {
        Some((t, trial)) if t == found.step => Ok(Some((trial, t))),
        _ => Ok(Some((Evaluated::at(objective, go(found.step))?, found.step))),
    }
}
