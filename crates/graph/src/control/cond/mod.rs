//! One of two functions, of which the other does not run.

mod record;
mod reverse;
#[cfg(test)]
mod tests;
mod vmapped;

pub(super) use vmapped::mapped;

use std::sync::Arc;

use super::traced::{first_in, traced};
use super::{Body, Part, Trimmed, in_body};
use crate::error::expect_kind;
use crate::operation::Op;
use crate::{
    Args, Cotangents, Kind, Lowering, Operation, Out, Place, RunResult, Scalar, Type, Var, View,
};

/// One of two functions of the same values, by a truth value.
///
/// Its inputs are the truth value and what either of the functions reads. It computes one array, in which the results of
/// the function that runs lie one after the other.
///
/// Recorded by [`Graph::cond`](crate::Graph::cond).
#[derive(Clone, Debug, PartialEq)]
pub struct Cond {
    /// What is computed if it holds.
    pub yes: Arc<Body>,
    /// What is computed if it does not: results of the same types.
    pub no: Arc<Body>,
}

impl Cond {
    /// A result of this choice, which `node` is.
    #[track_caller]
    fn part<'g>(&self, node: Var<'g>, number: usize) -> Var<'g> {
        let place = self.yes.layout().0.swap_remove(number);
        node.graph().apply(Part { number, place }, &[node])
    }

    /// What is left where these parts alone are read.
    pub(super) fn trimmed(&self, parts: &[usize]) -> Trimmed {
        let mut results = parts.to_vec();
        results.sort_unstable();
        results.dedup();
        let bodies = [&self.yes, &self.no];
        let live = bodies.map(|body| {
            let outputs: Vec<usize> = results.iter().map(|&i| body.outputs[i]).collect();
            body.sources(&outputs)
        });
        let holes = (0..self.yes.holes.len()).filter(|&i| live[0][i] || live[1][i]);
        let holes: Vec<usize> = holes.collect();
        let left = |i: usize| Arc::new(bodies[i].pruned(&holes, &live[i], &results));
        let cond = Self { yes: left(0), no: left(1) };
        let inputs = [0].into_iter().chain(holes.iter().map(|hole| hole + 1)).collect();
        let places = cond.yes.layout().0;
        Trimmed { op: Op::new(cond), inputs, parts: results, places }
    }
}

impl Operation for Cond {
    fn name(&self) -> &'static str {
        "cond"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [predicate, captured @ ..] = inputs else {
            return Err("takes a truth value".to_owned());
        };
        expect_kind("the predicate", predicate.kind, Kind::Boolean)?;
        if predicate.shape.rank() > 0 {
            return Err(format!("the predicate must be one truth value, and is {predicate}"));
        }
        for body in [&self.yes, &self.no] {
            if body.holes != captured {
                return Err("the functions must read what is given".to_owned());
            }
        }
        let results = |body: &Body| -> Vec<Type> {
            body.outputs.iter().map(|&output| body.ty(output).clone()).collect()
        };
        if results(&self.yes) != results(&self.no) {
            return Err("both functions must answer the same types".to_owned());
        }
        Ok(Type::real([self.yes.layout().1]))
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        unreachable!("its parts have cotangents, and not their array")
    }
    fn vjp_of_parts<'g>(
        &self,
        inputs: &[Var<'g>],
        _: Var<'g>,
        parts: &[(usize, Var<'g>)],
    ) -> Cotangents<'g> {
        reverse::cotangents(self, inputs, parts)
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let holds = args.real(0).iter().all(|&truth| truth != T::zero());
        let body = if holds { &self.yes } else { &self.no };
        let holes: Vec<View<'_, T>> = (1..args.len()).map(|i| args.view(i).view()).collect();
        let results = body.answer(&holes, args.seed()).map_err(|fault| in_body(body, fault))?;
        let results = results.iter().flatten();
        out.real().iter_mut().zip(results).for_each(|(y, &x)| *y = x);
        let Some(place) = args.suspect() else { return Ok(()) };
        let results = out.real();
        let results = results.as_slice().expect("an output is in row-major order");
        let Some(found) = first_in(place, results) else { return Ok(()) };
        let lies = |part: &Place| found < part.offset + part.shape.size();
        let output = body.layout().0.iter().position(lies).expect("results lie side by side");
        let given = |_| holes.iter().map(View::view).collect();
        match traced(body, 0, &given, (0, output), args.seed()) {
            Some((_, number, fault)) => Err(in_body(body, (number, fault))),
            None => Ok(()),
        }
    }
    fn lower(&self) -> Lowering {
        Lowering::Cond
    }
}
