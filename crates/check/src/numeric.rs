//! Numerical derivatives along a line, with bounds on their errors.
//!
//! Differences at steps h, h/2, h/4, … are extrapolated to step 0 (Richardson, 1911); the tableau's
//! own differences estimate the error (Ridders, 1982), to which the rounding of the function's values
//! is added.

/// Steps in one tableau.
const ROWS: usize = 7;

/// The tableau's error estimate is trusted to this factor.
const SAFETY: f64 = 8.0;

/// A derivative and a bound on its error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Estimate {
    pub value: f64,
    pub bound: f64,
}

/// A function along a line through the point of interest, which is at 0.
pub(crate) struct Line<F> {
    function: F,
    /// The value at 0.
    origin: f64,
    /// The largest change from the value at 0 that was seen.
    change: f64,
    /// The size of numbers that round as the values do.
    magnitude: f64,
    /// The magnitude of the coordinate, whose own rounding perturbs the step.
    coordinate: f64,
}

/// What central differences at one sequence of steps say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Central {
    pub estimate: Estimate,
    /// What the function does at the point.
    pub bend: Bend,
    /// What rounding alone contributes to the bound.
    pub noise: f64,
}

/// What a function does at a point, as far as differences show it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bend {
    /// Nothing that is seen.
    Smooth,
    /// It bends as at a kink: its symmetric difference shrinks like h, not h².
    Kink,
    /// It jumps: the values to the left and to the right do not approach each other.
    Jump,
}

/// Values at one step to both sides.
#[derive(Clone, Copy, Debug)]
struct Pair {
    step: f64,
    left: f64,
    right: f64,
}

impl<F: FnMut(f64) -> f64> Line<F> {
    pub fn new(mut function: F, coordinate: f64) -> Self {
        let origin = function(0.0);
        Self { function, origin, change: 0.0, magnitude: origin.abs(), coordinate }
    }

    /// The line of a function whose values round as if they were at least this large.
    pub fn rounding_like(self, magnitude: f64) -> Self {
        Self { magnitude: self.magnitude.max(magnitude), ..self }
    }

    pub fn origin(&self) -> f64 {
        self.origin
    }

    pub fn at(&mut self, t: f64) -> f64 {
        let value = (self.function)(t);
        if value.is_finite() {
            self.change = self.change.max((value - self.origin).abs());
            self.magnitude = self.magnitude.max(value.abs());
        }
        value
    }

    /// The largest change from the value at 0 that was seen.
    pub fn change(&self) -> f64 {
        self.change
    }

    /// What the rounding of values contributes to a difference at this step.
    pub fn noise(&self, h: f64, slope: f64) -> f64 {
        4.0 * f64::EPSILON * (self.magnitude + self.coordinate * slope.abs()) / h
    }

    /// Central differences, extrapolated in powers of h²; `None` where a value is not finite.
    pub fn central(&mut self, h: f64) -> Option<Central> {
        let mut tableau = Tableau::new(4.0);
        let mut pairs = Vec::with_capacity(ROWS);
        for row in 0..ROWS {
            let h = h / (1 << row) as f64;
            let (right, left) = (self.at(h), self.at(-h));
            let slope = (right - left) / (2.0 * h);
            if !slope.is_finite() {
                return None;
            }
            pairs.push(Pair { step: h, left, right });
            tableau.push(slope, self.noise(h, slope));
            if row >= 2 && tableau.settled() {
                break;
            }
        }
        let (estimate, noise) = tableau.best();
        Some(Central { estimate, bend: self.bend(&pairs, estimate), noise })
    }

    fn bend(&self, pairs: &[Pair], estimate: Estimate) -> Bend {
        let (wide, narrow) = (pairs[0], pairs[pairs.len() - 1]);
        let visible = 64.0 * f64::EPSILON * self.magnitude;
        let gap = |pair: Pair| (pair.right - pair.left).abs();
        // Between the first and the last of all rows the step has shrunk to its 64th part.
        if pairs.len() == ROWS && gap(narrow) > visible && 2.0 * gap(narrow) > gap(wide) {
            return Bend::Jump;
        }
        let origin = self.origin;
        let even = |pair: Pair| ((pair.right - origin) + (pair.left - origin)).abs();
        let change = |pair: Pair| even(pair) / pair.step;
        // Where the step is halved, the change of slope stays at a kink, and halves where it is smooth.
        let before = pairs[pairs.len() - 2];
        let is_kink = even(narrow) > visible
            && change(narrow) > 1e-6 * estimate.value.abs()
            && change(narrow) > 0.75 * change(before);
        if is_kink { Bend::Kink } else { Bend::Smooth }
    }

    /// Differences to one side (`side` is 1 or −1), extrapolated in powers of h.
    pub fn one_sided(&mut self, h: f64, side: f64) -> Option<Estimate> {
        let mut tableau = Tableau::new(2.0);
        for row in 0..ROWS {
            let h = h / (1 << row) as f64;
            let slope = side * (self.at(side * h) - self.origin) / h;
            if !slope.is_finite() {
                return None;
            }
            tableau.push(slope, 2.0 * self.noise(h, slope));
        }
        Some(tableau.best().0)
    }
}

/// Richardson's tableau for a difference whose error has the powers base⁻¹, base⁻², … of the step
/// when the step is halved.
struct Tableau {
    base: f64,
    last: Vec<f64>,
    best: Option<(Estimate, f64)>,
}

impl Tableau {
    fn new(base: f64) -> Self {
        Self { base, last: Vec::new(), best: None }
    }

    fn push(&mut self, difference: f64, noise: f64) {
        let mut row = vec![difference];
        let mut factor = 1.0;
        for column in 0..self.last.len() {
            factor *= self.base;
            let (here, before) = (row[column], self.last[column]);
            let next = (factor * here - before) / (factor - 1.0);
            let error = (next - here).abs().max((next - before).abs());
            let bound = SAFETY * error + noise + 1e-11 * next.abs();
            if self.best.is_none_or(|(best, _)| bound < best.bound) {
                self.best = Some((Estimate { value: next, bound }, noise));
            }
            row.push(next);
        }
        self.last = row;
    }

    /// Whether more rows would not sharpen the bound.
    fn settled(&self) -> bool {
        self.best.is_some_and(|(best, noise)| {
            best.bound <= 2.0 * noise || best.bound <= 1e-9 * best.value.abs()
        })
    }

    fn best(&self) -> (Estimate, f64) {
        self.best.expect("a tableau has two rows at least")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold_and_are_sharp() {
        let cases: [(fn(f64) -> f64, f64, f64); 4] = [
            (|t| (1.3 + t).sin(), 1.3f64.cos(), 1.3),
            (|t| (0.2 + t).ln(), 5.0, 0.2),
            (|t| (2.0 + t).powi(5), 80.0, 2.0),
            (|t| 7.0 - 3.0 * t, -3.0, 1.0),
        ];
        for (f, exact, scale) in cases {
            let central = Line::new(f, scale).central(scale / 16.0).unwrap();
            let error = (central.estimate.value - exact).abs();
            assert!(error <= central.estimate.bound, "{error} {central:?}");
            assert!(central.estimate.bound < 1e-7 * exact.abs(), "{central:?}");
            assert_eq!(central.bend, Bend::Smooth);
        }
    }

    #[test]
    fn a_kink_is_seen_and_has_two_derivatives() {
        let mut line = Line::new(|t: f64| if t > 0.0 { 3.0 * t } else { -t + t * t }, 1.0);
        assert_eq!(line.central(0.125).unwrap().bend, Bend::Kink);
        let (left, right) = (line.one_sided(0.125, -1.0), line.one_sided(0.125, 1.0));
        approx::assert_relative_eq!(left.unwrap().value, -1.0, max_relative = 1e-9);
        approx::assert_relative_eq!(right.unwrap().value, 3.0, max_relative = 1e-9);
    }

    #[test]
    fn a_jump_is_told_from_what_is_steep() {
        let bend = |f: fn(f64) -> f64| Line::new(f, 1.0).central(0.125).unwrap().bend;
        assert_eq!(bend(|t| if t > 0.0 { 1.0 } else { 0.0 }), Bend::Jump);
        assert_eq!(
            bend(|t| 5.0 + t + if t < 0.0 { -1e-9 } else { 0.0 }),
            Bend::Smooth,
            "too small"
        );
        assert_eq!(bend(|t| 1e3 * t), Bend::Smooth);
        assert_eq!(bend(f64::cbrt), Bend::Smooth);
    }

    #[test]
    fn what_is_not_finite_has_no_estimate() {
        assert!(Line::new(|t: f64| (0.01 + t).ln(), 0.01).central(0.125).is_none());
    }
}
