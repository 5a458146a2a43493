//! Properties that derivatives of every function have: no step to choose, no table to read.

use graph::{Gradient, RunError, Value, Var};
use ndarray::ArrayD;

use crate::examine::Level;
use crate::numeric::Line;
use crate::problem::{Draws, Problem};
use crate::report::Property;

/// A sum of products, and the sum of their magnitudes, against which its rounding is measured.
fn inner(a: &[ArrayD<f64>], b: &[ArrayD<f64>]) -> (f64, f64) {
    let products = a.iter().zip(b).flat_map(|(a, b)| a.iter().zip(b).map(|(a, b)| a * b));
    products.fold((0.0, 0.0), |(sum, size), product| (sum + product, size + product.abs()))
}

/// A sum of products of evaluated variables with fixed factors.
struct Sum {
    value: f64,
    /// The sum of the magnitudes.
    size: f64,
    /// What rounding does to it.
    wobble: f64,
}

impl Sum {
    fn of<'g>(
        problem: &Problem<'g>,
        vars: &[Var<'g>],
        factors: &[ArrayD<f64>],
        draws: &Draws,
    ) -> Result<Self, RunError> {
        let (value, size) = inner(&problem.values(vars)?, factors);
        let (_, wobble) = inner(&problem.wobble(vars, draws)?, factors);
        Ok(Self { value, size, wobble })
    }
}

/// Whether two sums of products, each with its magnitude and wobble, are equal but for rounding.
fn equal(order: usize, name: &'static str, tolerance: f64, sums: [Sum; 2]) -> Property {
    let [Sum { value: left, size: a, wobble: p }, Sum { value: right, size: b, wobble: q }] = sums;
    let allowed = tolerance * (a + b) + 64.0 * (p + q);
    let holds = allowed.is_finite().then(|| (left - right).abs() <= allowed);
    Property { order, name, holds, detail: format!("{left:.12e} and {right:.12e}") }
}

/// ⟨J·t, u⟩ = ⟨t, Jᵀ·u⟩ for random t and u: forward and reverse mode are adjoint.
pub(crate) fn adjoint<'g>(
    problem: &Problem<'g>,
    output: Var<'g>,
    draws: &Draws,
) -> Result<Property, RunError> {
    let graph = output.graph();
    let vars = problem.vars();
    let draws = draws.split(1);
    let tangents: Vec<ArrayD<f64>> =
        vars.iter().zip(1..).map(|(x, stream)| draws.array(stream, &x.shape())).collect();
    let u = draws.array(0, &output.shape());
    let constants: Vec<Var<'g>> =
        tangents.iter().map(|t| graph.constant(Value::<f64>::Real(t.clone()))).collect();
    let gradient = Gradient::of(output).zeros_without_path();
    let pushed = gradient.jvp(&vars, &constants)?;
    let cotangent = graph.constant(Value::<f64>::Real(u.clone()));
    let pulled = gradient.cotangent(cotangent).with_respect_to(&vars)?;
    let sums =
        [Sum::of(problem, &[pushed], &[u], &draws)?, Sum::of(problem, &pulled, &tangents, &draws)?];
    Ok(equal(1, "adjoint identity ⟨J·t, u⟩ = ⟨t, Jᵀ·u⟩", 1e-12, sums))
}

/// sᵀ·H·t = tᵀ·H·s for random s and t: the Hessian of the scalar, over all variables, is symmetric.
pub(crate) fn symmetry<'g>(
    problem: &Problem<'g>,
    scalar: Var<'g>,
    draws: &Draws,
) -> Result<Property, RunError> {
    let graph = scalar.graph();
    let vars = problem.vars();
    let direction = |purpose| problem.direction(&draws.split(purpose));
    let product = |t: &[ArrayD<f64>], s: &[ArrayD<f64>]| -> Result<Sum, RunError> {
        let constants: Vec<Var<'g>> =
            t.iter().map(|t| graph.constant(Value::<f64>::Real(t.clone()))).collect();
        let products = Gradient::of(scalar).zeros_without_path().hvp(&vars, &constants)?;
        Sum::of(problem, &products, s, draws)
    };
    let (s, t) = (direction(2), direction(3));
    let sums = [product(&t, &s)?, product(&s, &t)?];
    Ok(equal(2, "symmetry of the Hessian sᵀ·H·t = tᵀ·H·s", 1e-10, sums))
}

/// |f(x + h·d) − f(x) − h·⟨∇f, d⟩| shrinks like h² (slope 2, or more) for the right gradient, and like
/// h (slope 1) for a wrong one.
pub(crate) fn taylor<'g>(problem: &Problem<'g>, level: &Level<'g>, draws: &Draws) -> Property {
    let direction = problem.direction(&draws.split(4));
    let (slope, _) = inner(&level.values, &direction);
    let (_, wobble) = inner(&level.wobble, &direction);
    let line = Line::new(problem.along_direction(level.scalar, direction), 0.0);
    let mut line = line.rounding_like(level.magnitude);
    let (holds, detail) = remainder(&mut line, slope, wobble);
    Property { order: level.order, name: "Taylor remainder", holds, detail }
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
    }
}
