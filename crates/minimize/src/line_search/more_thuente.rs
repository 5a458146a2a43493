//! The search of Moré and Thuente: their `dcsrch`.

use super::interpolate::{Interval, Point};
use super::{Found, LineSearch};
use crate::MinimizeError;

/// How far beyond the last step an extrapolation goes, at least and at most.
const EXTRAPOLATE: (f64, f64) = (1.1, 4.0);
/// The largest step.
const LARGEST: f64 = 1e20;
/// What an interval must shrink to in two steps, or else it is bisected.
const SHRINK: f64 = 0.66;

struct Search<'a> {
    settings: &'a LineSearch,
    /// By how much round-off may change φ.
    round_off: f64,
    /// φ(0) and φ′(0).
    start: (f64, f64),
    interval: Interval,
    /// The ends between which the next step must lie.
    low: f64,
    high: f64,
    /// The least step at which φ is known not to be finite.
    wall: f64,
    /// The widths of the last two intervals.
    widths: (f64, f64),
    /// Whether a point with sufficient decrease and a slope that is not negative was seen.
    second_stage: bool,
}

/// Finds a step; the settings and the start are valid.
pub(super) fn search(
    settings: &LineSearch,
    round_off: f64,
    first: f64,
    start: (f64, f64),
    mut phi: impl FnMut(f64) -> Result<(f64, f64), MinimizeError>,
) -> Result<Option<Found>, MinimizeError> {
    let mut search = Search::new(settings, round_off, first, start);
    let mut step = first;
    for _ in 0..settings.evaluations {
        let (value, slope) = phi(step)?;
        let trial = Point { step, value, slope };
        if !(value.is_finite() && slope.is_finite()) {
            if value == f64::NEG_INFINITY {
                return Ok(Some(Found { step, value, slope, wolfe: false }));
            }
            step = search.retreat(step);
            continue;
        }
        if search.satisfied(trial) {
            return Ok(Some(Found { step, value, slope, wolfe: true }));
        }
        if search.exhausted(step) {
            return Ok(search.best_of(trial));
        }
        step = search.next(trial);
        if search.narrow() {
            break;
        }
    }
    Ok(search.best_of(search.interval.best))
}

impl<'a> Search<'a> {
    fn new(settings: &'a LineSearch, round_off: f64, first: f64, start: (f64, f64)) -> Self {
        let origin = Point { step: 0.0, value: start.0, slope: start.1 };
        Self {
            settings,
            round_off,
            start,
            interval: Interval { best: origin, other: origin, bracketed: false },
            low: 0.0,
            high: first + EXTRAPOLATE.1 * first,
            wall: LARGEST,
            widths: (LARGEST, 2.0 * LARGEST),
            second_stage: false,
        }
    }

    /// The slope that a sufficient decrease has on average.
    fn sufficient_slope(&self) -> f64 {
        self.settings.decrease * self.start.1
    }

    fn sufficient(&self, point: Point) -> bool {
        point.value <= self.start.0 + point.step * self.sufficient_slope()
    }

    /// Whether the strong Wolfe conditions hold, the first as far as round-off lets it be seen.
    fn satisfied(&self, point: Point) -> bool {
        let seen = Point { value: point.value - self.round_off, ..point };
        self.sufficient(seen) && point.slope.abs() <= self.settings.curvature * -self.start.1
    }

    /// Whether the interval has no room for another step.
    fn exhausted(&self, step: f64) -> bool {
        self.interval.bracketed && (step <= self.low || step >= self.high) || step >= LARGEST
    }

    /// Whether the interval is to be searched no further: it is narrow, or so near to the start that
    /// round-off hides every decrease within it.
    fn narrow(&self) -> bool {
        let narrow = self.high - self.low <= self.settings.width * self.high;
        let hidden = -self.start.1 * self.high <= self.round_off;
        self.interval.bracketed && (narrow || hidden)
    }

    /// A step nearer to the best point than one where φ is not finite.
    fn retreat(&mut self, step: f64) -> f64 {
        self.wall = self.wall.min(step);
        self.high = self.high.min(step);
        let best = self.interval.best.step;
        best + 0.25 * (step - best)
    }

    /// The step after a trial that does not satisfy the conditions.
    fn next(&mut self, trial: Point) -> f64 {
        self.second_stage |= self.sufficient(trial) && trial.slope >= 0.0;
        let helped = !self.second_stage
            && trial.value <= self.interval.best.value
            && !self.sufficient(trial);
        let mut step = if helped {
            // A lower value that is not sufficient: the minimum of φ less the sufficient decrease.
            self.interval_less(self.sufficient_slope(), trial)
        } else {
            self.interval.narrow(trial, self.low, self.high)
        };
        let Interval { best, other, bracketed } = self.interval;
        if bracketed {
            let width = (other.step - best.step).abs();
            if width >= SHRINK * self.widths.1 {
                step = best.step + 0.5 * (other.step - best.step);
            }
            self.widths = (width, self.widths.0);
            (self.low, self.high) = (best.step.min(other.step), best.step.max(other.step));
        } else {
            self.low = step + EXTRAPOLATE.0 * (step - best.step);
            self.high = step + EXTRAPOLATE.1 * (step - best.step);
        }
        if step >= self.wall {
            step = best.step + 0.5 * (self.wall - best.step);
        }
        if bracketed && (step <= self.low || step >= self.high) {
            best.step
        } else {
            step.clamp(0.0, LARGEST)
        }
    }

    fn interval_less(&mut self, slope: f64, trial: Point) -> f64 {
        let less =
            |p: Point| Point { value: p.value - p.step * slope, slope: p.slope - slope, ..p };
        let more =
            |p: Point| Point { value: p.value + p.step * slope, slope: p.slope + slope, ..p };
        let Interval { best, other, bracketed } = self.interval;
        let mut interval = Interval { best: less(best), other: less(other), bracketed };
        let step = interval.narrow(less(trial), self.low, self.high);
        let Interval { best, other, bracketed } = interval;
        self.interval = Interval { best: more(best), other: more(other), bracketed };
        step
    }

    /// The better of a trial and the best point, if it is sufficiently lower than the start.
    fn best_of(&self, trial: Point) -> Option<Found> {
        let best = self.interval.best;
        let point = if trial.value <= best.value { trial } else { best };
        let found = point.step > 0.0 && self.sufficient(point) && point.value < self.start.0;
        let Point { step, value, slope } = point;
        found.then(|| Found { step, value, slope, wolfe: self.satisfied(point) })
    }
}
