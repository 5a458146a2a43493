//! Taylor's remainder: a property of right gradients with no step to choose and no table to read.

use crate::claim::Claim;
use crate::draws::Draws;
use crate::numeric::Line;
use crate::point::{direction, inner};
use crate::report::Property;

impl Claim<'_> {
    /// |f(x + h·d) − f(x) − h·⟨∇f, d⟩| shrinks like h² (slope 2, or more) for the right gradient, and
    /// like h (slope 1) for a wrong one.
    pub fn taylor(&self, draws: &Draws) -> Property {
        let direction = direction(self.variables, &draws.split(4));
        let (slope, _) = inner(&self.gradient, &direction);
        let (_, wobble) = inner(&self.wobble, &direction);
        let line = Line::new(self.along_direction(direction), 0.0);
        let (holds, detail) = remainder(&mut line.rounding_like(self.magnitude), slope, wobble);
        Property { order: self.order, name: "Taylor remainder", holds, detail }
    }
}

/// What the remainder shrinks like, from the two smallest steps at which it is above rounding, for a
/// slope that rounding makes wobble.
fn remainder<F: FnMut(f64) -> f64>(
    line: &mut Line<F>,
    slope: f64,
    wobble: f64,
) -> (Option<bool>, String) {
    let mut seen: Vec<Remainder> = Vec::new();
    for k in 2..13 {
        let next = Remainder::at(line, 0.25f64.powi(k), slope, wobble);
        if !next.one_sided.is_finite() || !next.even.is_finite() {
            return (None, "not finite".to_owned());
        }
        if next.one_sided <= next.rounding {
            // Right beside a kink it vanishes at once.
            let vanishes = seen.last().is_none_or(|last| last.one_sided > 64.0 * next.rounding);
            if vanishes {
                return (Some(true), format!("nothing above rounding at step {:.0e}", next.step));
            }
            break;
        }
        seen.push(next);
    }
    let [.., wide, narrow] = &seen[..] else {
        return (Some(true), "nothing above rounding".to_owned());
    };
    let order = (wide.one_sided / narrow.one_sided).ln() / (wide.step / narrow.step).ln();
    if order <= 1.7 && narrow.bends_like_a_kink(wide) {
        return (None, "kink".to_owned());
    }
    if order < 0.5 {
        return (None, "jump".to_owned());
    }
    let holds = if order > 1.7 { Some(true) } else { (order < 1.3).then_some(false) };
    (holds, format!("slope {order:.2} at step {:.0e}", narrow.step))
}

/// What Taylor's polynomial of first order leaves at a step.
struct Remainder {
    step: f64,
    one_sided: f64,
    /// The part that is even in the step: h² for a smooth function, h at a kink.
    even: f64,
    /// What rounding may amount to.
    rounding: f64,
}

impl Remainder {
    fn at<F: FnMut(f64) -> f64>(line: &mut Line<F>, step: f64, slope: f64, wobble: f64) -> Self {
        let origin = line.origin();
        let (right, left) = (line.at(step) - origin, line.at(-step) - origin);
        let rounding = step * (250.0 * line.noise(step, slope) + 64.0 * wobble);
        let one_sided = (right - step * slope).abs();
        Self { step, one_sided, even: (0.5 * (right + left)).abs(), rounding }
    }

    fn bends_like_a_kink(&self, wide: &Remainder) -> bool {
        self.even > self.rounding && 8.0 * self.even > wide.even
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope(f: impl FnMut(f64) -> f64, derivative: f64) -> Option<bool> {
        remainder(&mut Line::new(f, 1.0), derivative, 0.0).0
    }

    #[test]
    fn the_remainder_has_slope_two_for_the_right_derivative_alone() {
        assert_eq!(slope(|t| (0.5 + t).sin(), 0.5f64.cos()), Some(true));
        assert_eq!(slope(|t| (0.5 + t).sin(), 0.5f64.cos() + 1e-3), Some(false));
        assert_eq!(slope(|t| 3.0 * t - 1.0, 3.0), Some(true), "no remainder");
        assert_eq!(slope(|t| 3.0 * t - 1.0, 2.9), Some(false));
        assert_eq!(slope(f64::abs, 0.0), None, "a kink");
        assert_eq!(slope(|t| if t > 0.0 { 1.0 } else { 0.0 }, 0.0), None, "a jump");
    }
}
