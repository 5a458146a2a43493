//! The same function again and again, as long as a condition holds.

mod bounded;
mod record;
#[cfg(test)]
mod tests;
mod vmapped;

pub(super) use record::Spec;
pub(super) use vmapped::mapped;

use std::sync::Arc;

use ndarray::ArrayD;

use super::traced::{first_in, given, traced};
use super::{Body, Part, Trimmed, in_step};
use crate::operation::Op;
use crate::{
    Args, Cotangents, Lowering, Operation, Out, Place, RunResult, Scalar, Type, Var, View,
};

/// A loop that ends when a condition does not hold any more, in which arrays are carried from each step to the next.
///
/// Its inputs are what the carries start as, and whatever else the condition and the body read. It computes one array, in
/// which the last carries lie one after the other.
///
/// Recorded by [`Graph::while_loop`](crate::Graph::while_loop).
#[derive(Clone, Debug, PartialEq)]
pub struct While {
    /// Whether there is another step: a truth value of the carries and the rest.
    pub condition: Arc<Body>,
    /// What a step computes: from the carries and the rest, the new carries.
    pub body: Arc<Body>,
}

impl While {
    /// The number of carries.
    pub fn carries(&self) -> usize {
        self.body.outputs.len()
    }

    /// The last value of a carry of this loop, which `node` is.
    #[track_caller]
    fn part<'g>(&self, node: Var<'g>, number: usize) -> Var<'g> {
        let place = self.body.layout().0.swap_remove(number);
        node.graph().apply(Part { number, place }, &[node])
    }

    /// What is left where these carries alone are read: those that reach one, or the condition.
    pub(super) fn trimmed(&self, parts: &[usize]) -> Trimmed {
        let asked = self.condition.sources(&self.condition.outputs);
        let carries = self.carries();
        let mut carried: Vec<bool> = (0..carries).map(|i| parts.contains(&i) || asked[i]).collect();
        let live = loop {
            let wanted = (0..carries).filter(|&carry| carried[carry]);
            let wanted: Vec<usize> = wanted.map(|carry| self.body.outputs[carry]).collect();
            let live = self.body.sources(&wanted);
            match (0..carries).find(|&carry| live[carry] && !carried[carry]) {
                Some(carry) => carried[carry] = true,
                None => break live,
            }
        };
        let takes = |&i: &usize| if i < carries { carried[i] } else { live[i] || asked[i] };
        let inputs: Vec<usize> = (0..self.body.holes.len()).filter(takes).collect();
        let left: Vec<usize> = inputs.iter().copied().take_while(|&i| i < carries).collect();
        let op = Self {
            condition: Arc::new(self.condition.pruned(&inputs, &asked, &[0])),
            body: Arc::new(self.body.pruned(&inputs, &live, &left)),
        };
        let places = op.body.layout().0;
        Trimmed { op: Op::new(op), inputs, parts: left, places }
    }
}

impl Operation for While {
    fn name(&self) -> &'static str {
        "while_loop"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        if self.body.holes != inputs || self.condition.holes != inputs {
            return Err("the condition and the body must read what is given".to_owned());
        }
        Ok(Type::real([self.body.layout().1]))
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        unreachable!("its parts have cotangents, and not their array")
    }
    fn vjp_of_parts<'g>(
        &self,
        _: &[Var<'g>],
        output: Var<'g>,
        _: &[(usize, Var<'g>)],
    ) -> Cotangents<'g> {
        panic!(
            "while_loop: a loop without a bound keeps no steps, and has no gradient: use `while_at_most`, or \
             `fixed_point` for an iteration that converges\n  at {}",
            output.location()
        )
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let carries = self.carries();
        let mut carried: Vec<ArrayD<T>> = (0..carries).map(|i| args.real(i).to_owned()).collect();
        let mut before = Vec::new();
        for step in 0.. {
            let hole = |i: usize| match args.view(i) {
                _ if i < carries => View::Real(carried[i].view()),
                view => view.view(),
            };
            let holes: Vec<View<'_, T>> = (0..args.len()).map(hole).collect();
            let answer = |body: &Body| {
                body.answer(&holes, args.seed()).map_err(|fault| in_step(body, step, fault))
            };
            if answer(&self.condition)?[0].iter().all(|&truth| truth == T::zero()) {
                break;
            }
            let next = answer(&self.body)?;
            let done = std::mem::replace(&mut carried, next);
            if args.suspect().is_some() {
                before.push(done);
            }
        }
        let last = carried.iter().flatten();
        out.real().iter_mut().zip(last).for_each(|(y, &x)| *y = x);
        match args.suspect() {
            Some(place) => self.look(args, &before, place, out),
            None => Ok(()),
        }
    }
    fn lower(&self) -> Lowering {
        Lowering::While
    }
}

impl While {
    /// The fault of the operation in which it began that the results are not finite in this place.
    fn look<T: Scalar>(
        &self,
        args: &Args<'_, T>,
        before: &[Vec<ArrayD<T>>],
        place: &Place,
        out: &mut Out<'_, T>,
    ) -> RunResult {
        let results = out.real();
        let results = results.as_slice().expect("an output is in row-major order");
        let lies = |found| {
            self.body.layout().0.iter().position(|part| found < part.offset + part.shape.size())
        };
        let carry = first_in(place, results).and_then(lies);
        let (Some(carry), Some(last)) = (carry, before.len().checked_sub(1)) else {
            return Ok(());
        };
        let others = || (self.carries()..args.len()).map(|i| args.view(i).view());
        let holes = |step: usize| given(&before[step], &mut others());
        match traced(&self.body, self.carries(), &holes, (last, carry), args.seed()) {
            Some((step, number, fault)) => Err(in_step(&self.body, step, (number, fault))),
            None => Ok(()),
        }
    }
}
