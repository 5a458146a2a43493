//! The line search of PyTorch's L-BFGS, which is that of minFunc.

use super::descent::Evaluated;
use super::objective::Counted;
use super::vector::{add_scaled, dot, largest};
use super::{MinimizeError, Objective};

/// c₁, c₂, the width in x of a bracket that is searched no further, and the most trials.
const DECREASE: f64 = 1e-4;
const CURVATURE: f64 = 0.9;
const WIDTH: f64 = 1e-9;
const TRIALS: usize = 25;

/// Where a search begins, and which way it goes.
pub(super) struct Along<'a> {
    pub place: &'a Evaluated,
    pub direction: &'a [f64],
    pub slope: f64,
}

#[derive(Clone)]
struct Trial {
    t: f64,
    place: Evaluated,
    slope: f64,
}

impl Along<'_> {
    fn at<O: Objective + ?Sized>(
        &self,
        objective: &mut Counted<'_, O>,
        t: f64,
    ) -> Result<Trial, MinimizeError> {
        let mut x = self.place.x.clone();
        add_scaled(&mut x, t, self.direction);
        let place = Evaluated::at(objective, x)?;
        let slope = dot(&place.gradient, self.direction);
        Ok(Trial { t, place, slope })
    }

    fn start(&self) -> Trial {
        Trial { t: 0.0, place: self.place.clone(), slope: self.slope }
    }

    fn insufficient(&self, trial: &Trial) -> bool {
        trial.place.value > self.place.value + DECREASE * trial.t * self.slope
    }

    fn flat(&self, trial: &Trial) -> bool {
        trial.slope.abs() <= -CURVATURE * self.slope
    }
}

/// How far to go, and what is there: `_strong_wolfe` of `torch/optim/lbfgs.py`. After the first trial
/// there are at most as many as evaluations are left for the step (as in PyTorch 2.15).
pub(super) fn search<O: Objective + ?Sized>(
    objective: &mut Counted<'_, O>,
    along: &Along<'_>,
    first: f64,
    left: usize,
) -> Result<(f64, Evaluated), MinimizeError> {
    let mut previous = along.start();
    let mut trial = along.at(objective, first)?;
    let most = TRIALS.min(left);
    let mut trials = 0;
    let bracket = loop {
        if trials == most {
            break [along.start(), trial];
        }
        if along.insufficient(&trial) || trials > 1 && trial.place.value >= previous.place.value {
            break [previous, trial];
        }
        if along.flat(&trial) {
            return Ok((trial.t, trial.place));
        }
        if trial.slope >= 0.0 {
            break [previous, trial];
        }
        let (least, farthest) = (trial.t + 0.01 * (trial.t - previous.t), trial.t * 10.0);
        let t = cubic(&previous, &trial, least, farthest);
        previous = trial;
        trial = along.at(objective, t)?;
        trials += 1;
    };
    let lowest = zoom(objective, along, bracket, most - trials)?;
    Ok((lowest.t, lowest.place))
}

/// Narrows a bracket until the conditions hold, and answers its lower end.
fn zoom<O: Objective + ?Sized>(
    objective: &mut Counted<'_, O>,
    along: &Along<'_>,
    mut bracket: [Trial; 2],
    trials: usize,
) -> Result<Trial, MinimizeError> {
    let lower = |bracket: &[Trial; 2]| usize::from(bracket[0].place.value > bracket[1].place.value);
    let mut low = lower(&bracket);
    let mut slow = false;
    for _ in 0..trials {
        let (a, b) = (bracket[0].t, bracket[1].t);
        let (least, most) = (a.min(b), a.max(b));
        if (b - a).abs() * largest(along.direction) < WIDTH {
            break;
        }
        let mut t = cubic(&bracket[0], &bracket[1], least, most);
        let margin = 0.1 * (most - least);
        let near = (most - t).min(t - least) < margin;
        if near && (slow || t >= most || t <= least) {
            t = if (t - most).abs() < (t - least).abs() { most - margin } else { least + margin };
            slow = false;
        } else {
            slow = near;
        }
        let trial = along.at(objective, t)?;
        let high = 1 - low;
        if along.insufficient(&trial) || trial.place.value >= bracket[low].place.value {
            bracket[high] = trial;
            low = lower(&bracket);
            continue;
        }
        let done = along.flat(&trial);
        if !done && trial.slope * (bracket[high].t - bracket[low].t) >= 0.0 {
            bracket[high] = bracket[low].clone();
        }
        bracket[low] = trial;
        if done {
            break;
        }
    }
    let [a, b] = bracket;
    Ok(if low == 0 { a } else { b })
}

/// The minimum of the cubic through two points and their slopes, between bounds.
fn cubic(a: &Trial, b: &Trial, least: f64, most: f64) -> f64 {
    let (a, b) = if a.t <= b.t { (a, b) } else { (b, a) };
    let theta = a.slope + b.slope - 3.0 * (a.place.value - b.place.value) / (a.t - b.t);
    let square = theta * theta - a.slope * b.slope;
    // Neither a square below 0 nor one that is not a number has a root.
    if square.is_nan() || square < 0.0 {
        return (least + most) / 2.0;
    }
    let root = square.sqrt();
    let t = b.t - (b.t - a.t) * ((b.slope + root - theta) / (b.slope - a.slope + 2.0 * root));
    if t.is_nan() { least } else { t.max(least).min(most) }
}
