//! Properties of the derivatives of every recorded function, with no step to choose.

use graph::{Gradient, RunError, Value, Var};
use ndarray::ArrayD;

use super::problem::Problem;
use crate::digits::apart;
use crate::draws::Draws;
use crate::point::{Rounded, direction, inner};
use crate::report::Property;

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
        let Rounded { values, wobble } = problem.rounded(vars, draws)?;
        let (value, size) = inner(&values, factors);
        let (_, wobble) = inner(&wobble, factors);
        Ok(Self { value, size, wobble })
    }
}

/// Whether two sums of products, each with its magnitude and wobble, are equal but for rounding.
fn equal(order: usize, name: &'static str, tolerance: f64, sums: [Sum; 2]) -> Property {
    let [Sum { value: left, size: a, wobble: p }, Sum { value: right, size: b, wobble: q }] = sums;
    let allowed = tolerance * (a + b) + 64.0 * (p + q);
    let holds = allowed.is_finite().then(|| (left - right).abs() <= allowed);
    let [left, right] = apart(left, right, 12);
    Property { order, name, holds, detail: format!("{left} and {right}") }
}

/// ⟨J·t, u⟩ = ⟨t, Jᵀ·u⟩ for random t and u: forward and reverse mode are adjoint.
pub(super) fn adjoint<'g>(
    problem: &Problem<'g>,
    output: Var<'g>,
    draws: &Draws,
) -> Result<Property, RunError> {
    let graph = output.graph();
    let vars = &problem.vars;
    let draws = draws.split(1);
    let tangents: Vec<ArrayD<f64>> =
        vars.iter().zip(1..).map(|(x, stream)| draws.array(stream, &x.shape())).collect();
    let u = draws.array(0, &output.shape());
    let constants: Vec<Var<'g>> =
        tangents.iter().map(|t| graph.constant(Value::<f64>::Real(t.clone()))).collect();
    let gradient = Gradient::of(output).zeros_without_path();
    let pushed = gradient.jvp(vars, &constants)?;
    let cotangent = graph.constant(Value::<f64>::Real(u.clone()));
    let pulled = gradient.cotangent(cotangent).with_respect_to(vars)?;
    let sums =
        [Sum::of(problem, &[pushed], &[u], &draws)?, Sum::of(problem, &pulled, &tangents, &draws)?];
    Ok(equal(1, "adjoint identity ⟨J·t, u⟩ = ⟨t, Jᵀ·u⟩", 1e-12, sums))
}

/// sᵀ·H·t = tᵀ·H·s for random s and t: the Hessian of the scalar, over all variables, is symmetric.
pub(super) fn symmetry<'g>(
    problem: &Problem<'g>,
    scalar: Var<'g>,
    draws: &Draws,
) -> Result<Property, RunError> {
    let graph = scalar.graph();
    let vars = &problem.vars;
    let along = |purpose| direction(&problem.variables, &draws.split(purpose));
    let product = |t: &[ArrayD<f64>], s: &[ArrayD<f64>]| -> Result<Sum, RunError> {
        let constants: Vec<Var<'g>> =
            t.iter().map(|t| graph.constant(Value::<f64>::Real(t.clone()))).collect();
        let products = Gradient::of(scalar).zeros_without_path().hvp(vars, &constants)?;
        Sum::of(problem, &products, s, draws)
    };
    let (s, t) = (along(2), along(3));
    let sums = [product(&t, &s)?, product(&s, &t)?];
    Ok(equal(2, "symmetry of the Hessian sᵀ·H·t = tᵀ·H·s", 1e-10, sums))
}
