//! What an equation defines: values that iterations end at, differentiated by the equation alone.

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::panic::Location;
use std::sync::Arc;

use super::ended::Ended;
use super::{Body, recorded};
use crate::gradient::sweep;
use crate::short::Short;
use crate::transform::CustomVjp;
use crate::{Cotangents, Graph, Var, misfit};

type Line = &'static Location<'static>;
type Function<'b, 'g> = Box<dyn FnOnce(Var<'g>) -> Var<'g> + 'b>;

/// A function of one array, cut out of its graph, with what it reads besides.
struct Equation<'g> {
    body: Arc<Body>,
    captured: Vec<Var<'g>>,
}

impl<'g> Equation<'g> {
    /// Records f once, on a hole of the type of `init`, and what `more` makes of the hole and f's value.
    #[track_caller]
    fn of(name: &str, line: Line, init: Var<'g>, f: Function<'_, 'g>, more: More) -> Self {
        let graph = init.graph();
        if !init.is_real() {
            misfit(name, "what it starts from must be real", &[init]);
        }
        let (first, updates) = (graph.len(), graph.update_count());
        let hole = graph.at(line, || graph.hole(init.ty()));
        let y = f(hole);
        if y.ty() != init.ty() {
            let rule = format!("the function must keep the type, and makes {} of it", y.ty());
            misfit(name, rule, &[init]);
        }
        if graph.update_count() > updates {
            misfit(name, "the function must not update running statistics", &[init]);
        }
        let mut outputs = vec![y];
        outputs.extend(more(line, hole, y));
        let inside = recorded(graph, first..graph.len());
        let (body, captured) = Body::cut(graph, &[hole], &inside, &outputs);
        Self { body: Arc::new(body), captured }
    }

    /// f(x), and what else was made.
    fn at(&self, x: Var<'g>) -> Vec<Var<'g>> {
        recorded_at(&self.body, x, &self.captured).0
    }
}

/// Something made of x and f(x).
type More = for<'g> fn(Line, Var<'g>, Var<'g>) -> Option<Var<'g>>;

/// f(x) and what else was made, and the range of the nodes that they were recorded in.
fn recorded_at<'g>(body: &Body, x: Var<'g>, captured: &[Var<'g>]) -> (Vec<Var<'g>>, Range<usize>) {
    let graph = x.graph();
    let first = graph.len();
    let values = body.record(graph, &[&[x], captured].concat());
    (body.outputs.iter().map(|&output| values[output]).collect(), first..graph.len())
}

/// An iteration x ← step(x), until no element changes by more than the tolerance times `size`, or else times 1 + max|x|.
fn iterated<'g>(
    init: Var<'g>,
    (tolerance, most): (f64, usize),
    check: Ended,
    size: Option<Var<'g>>,
    step: impl FnOnce(Var<'g>) -> Var<'g>,
) -> Var<'g> {
    let graph = init.graph();
    if init.shape().size() == 0 {
        return init;
    }
    // By how much it still changes, or 0 at rest. A number that is not finite does not come to rest.
    let start = [init, graph.full([], 1.0), graph.full([], 0.0)];
    let last = graph.while_loop(
        &start,
        |at| {
            let on = at[1].ne(0.0).to_real() * at[2].lt(most as f64).to_real();
            on.gt(0.5)
        },
        |at| {
            let x = step(at[0]);
            let change = (x - at[0]).abs().max();
            let size = size.unwrap_or_else(|| 1.0 + x.abs().max());
            let finite = change.lt(f64::INFINITY).to_real();
            let rests = change.le(tolerance * size).to_real() * finite;
            vec![x, change * (1.0 - rests), at[2] + 1.0]
        },
    );
    graph.apply(check, &[last[0], last[1]])
}

/// That an iteration did not come to rest.
fn unrested(operation: &'static str, tolerance: f64, most: usize) -> Ended {
    let rule = format!(
        "the values still change by more than the tolerance {tolerance:e} after {most} iterations: allow more of them, \
         or look whether it converges"
    );
    Ended { operation, rule, running: Some("the last changed them by") }
}

/// x* = f(x*), whose rule is that of the equation.
fn fixed<'g>(
    init: Var<'g>,
    limits: (f64, usize),
    equation: Equation<'g>,
    size: Option<Var<'g>>,
) -> Var<'g> {
    let check = unrested("fixed_point", limits.0, limits.1);
    let x = iterated(init, limits, check, size, |x| equation.at(x)[0]);
    let body = Arc::clone(&equation.body);
    let rule = CustomVjp::new("fixed_point", move |inputs, x, v| {
        adjoint(&body, inputs, x, |made, nodes| {
            // w = v + Jᵀ·w is a fixed point of its own, and so is differentiated like this one.
            let size = v.abs().max();
            let step = |w: Var<'_>| {
                let w = v.graph().var(w.id());
                let pulled = sweep(nodes.clone(), &[(made[0], w)], &[x])[0];
                pulled.map_or(v, |pulled| v + pulled)
            };
            if v.shape().size() == 0 {
                return v;
            }
            let graph = v.graph();
            let (first, hole) = (graph.len(), graph.hole(v.ty()));
            let next = step(hole);
            let inside = recorded(graph, first..graph.len());
            let (body, captured) = Body::cut(graph, &[hole], &inside, &[next]);
            fixed(v, limits, Equation { body: Arc::new(body), captured }, Some(size))
        })
    });
    rule.around(x, &equation.captured)
}

/// The cotangents of what the function reads beside x: those of its value, given that of its value, `w`, by the equation.
fn adjoint<'g>(
    body: &Body,
    inputs: &[Var<'g>],
    x: Var<'g>,
    w: impl FnOnce(&[Var<'g>], Range<usize>) -> Var<'g>,
) -> Cotangents<'g> {
    let (made, nodes) = recorded_at(body, x, inputs);
    let w = w(&made, nodes.clone());
    // Where one variable stands at several positions, the first gets the cotangent of them all.
    let stood_before = |i: usize| inputs[..i].iter().any(|input| input.id() == inputs[i].id());
    let reached = sweep(nodes, &[(made[0], w)], inputs).into_iter().enumerate();
    reached.map(|(i, cotangent)| cotangent.filter(|_| !stood_before(i))).short()
}

impl Graph {
    /// The fixed point x* = f(x*) that the iteration x ← f(x) from `init` ends at: when no element changes by more than
    /// tolerance · (1 + max|x|) any more.
    ///
    /// It is differentiated by the implicit function theorem (Christianson, 1994; Bai, Kolter and Koltun, 2019), to any order,
    /// and no iterations are kept: with J = ∂f/∂x at x*, a cotangent v becomes w = v + Jᵀ·w, by another such iteration of
    /// at most so many steps, and then (∂f/∂θ)ᵀ·w for whatever f reads. With respect to `init` there is no gradient.
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// // Kepler's equation E = M + e·sin E, and dE/dM = 1/(1 − e·cos E).
    /// let (mean, e) = (g.constant(1.0), g.constant(0.3));
    /// let anomaly = g.fixed_point(mean, 1e-14, 100, |x| mean + e * x.sin());
    /// let slope = anomaly.grad(mean).eval()?[[]];
    /// assert!((slope - 1.0 / (1.0 - 0.3 * anomaly.eval()?[[]].cos())).abs() < 1e-12);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// A run in which it does not come to rest within `most` iterations is an error, and so is one in which that holds of the
    /// adjoint. Both converge as fast as the largest modulus of the eigenvalues of J says, which must be below 1. In single
    /// precision a tolerance below 1e-7 may never be reached. Several arrays are one, [joined](Self::concat).
    ///
    /// # Panics
    /// If `init` is not real, f does not keep its type, or updates running statistics.
    #[track_caller]
    pub fn fixed_point<'g>(
        &'g self,
        init: Var<'g>,
        tolerance: f64,
        most: usize,
        f: impl FnOnce(Var<'g>) -> Var<'g>,
    ) -> Var<'g> {
        let line = self.line();
        let equation = Equation::of("fixed_point", line, init, Box::new(f), |_, _, _| None);
        let backward = self.is_backward();
        self.on_behalf((line, backward), || fixed(init, (tolerance, most), equation, None))
    }

    /// The root x* of f, f(x*) = 0, that Newton's method x ← x − J⁻¹·f(x), with J = ∂f/∂x, from `init` ends at: when no element
    /// changes by more than tolerance · (1 + max|x|) any more.
    ///
    /// It is differentiated by the implicit function theorem, to any order: a cotangent v becomes w = −J⁻ᵀ·v at x*, and then
    /// (∂f/∂θ)ᵀ·w for whatever f reads. With respect to `init` there is no gradient. For n unknowns each iteration records J
    /// as a matrix, and solves with it in n³ operations.
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// // The cube root of a, and its derivative 1/(3·x²).
    /// let a = g.constant(8.0);
    /// let x = g.root(g.constant(1.0), 1e-14, 50, |x| x * x * x - a);
    /// assert!((x.eval()?[[]] - 2.0).abs() < 1e-14);
    /// assert!((x.grad(a).eval()?[[]] - 1.0 / 12.0).abs() < 1e-14);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// A run in which it does not come to rest within `most` iterations is an error, as is one that meets a J with a pivot of
    /// 0.
    ///
    /// # Panics
    /// If `init` is not real, f does not keep its type, does not depend on x differentiably, or updates running statistics.
    #[cfg(feature = "linalg")]
    #[track_caller]
    pub fn root<'g>(
        &'g self,
        init: Var<'g>,
        tolerance: f64,
        most: usize,
        f: impl FnOnce(Var<'g>) -> Var<'g>,
    ) -> Var<'g> {
        let line = self.line();
        let equation = Equation::of("root", line, init, Box::new(f), jacobian);
        let limits = (tolerance, most);
        let backward = self.is_backward();
        self.on_behalf((line, backward), || newton(init, limits, equation))
    }
}

/// f(x*) = 0, whose rule is that of the equation; with f the matrix J is made.
#[cfg(feature = "linalg")]
fn newton<'g>(init: Var<'g>, limits: (f64, usize), equation: Equation<'g>) -> Var<'g> {
    let check = unrested("root", limits.0, limits.1);
    let flat = |x: Var<'g>| x.reshape_to([x.shape().size()]);
    let x = iterated(init, limits, check, None, |x| {
        let made = equation.at(x);
        x - made[1].solve(flat(made[0])).reshape_to(x.shape())
    });
    let body = Arc::clone(&equation.body);
    let rule = CustomVjp::new("root", move |inputs, x, v| {
        adjoint(&body, inputs, x, |made, _| {
            let flat = v.reshape_to([v.shape().size()]);
            -made[1].t().solve(flat).reshape_to(v.shape())
        })
    });
    rule.around(x, &equation.captured)
}

/// ∂y/∂x as a matrix.
#[cfg(feature = "linalg")]
fn jacobian<'g>(line: Line, x: Var<'g>, y: Var<'g>) -> Option<Var<'g>> {
    match y.graph().at(line, || crate::Gradient::of(y).jacobian_matrix(&[x])) {
        Ok(matrix) => Some(matrix),
        Err(error) => panic!("{}", error.at(line)),
    }
}
