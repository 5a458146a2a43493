//! The same function for every step of time, with values carried from each to the next.

mod record;
mod reverse;
mod run;
mod segments;
mod split;
#[cfg(test)]
mod tests;
mod trim;
mod vmapped;

pub(crate) use record::Updated;
pub(super) use record::check_carried;
pub(crate) use vmapped::Mapped;
pub(super) use vmapped::mapped;

use std::sync::Arc;

use smallvec::SmallVec;

use super::body::Body;
use super::part::Part;
use crate::{
    Args, Cotangents, Lowering, Operation, Out, Place, RunResult, Scalar, Shape, Type, Var,
};

/// A loop over the slices of arrays, in which arrays are carried from each step to the next.
///
/// Its inputs are what the carries start as, the arrays whose slices along their first axis the steps get, and whatever
/// else the body reads. It computes one array, in which its results lie one after the other ([`Layout`]).
///
/// Recorded by [`Graph::scan`](crate::Graph::scan) and its like.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// What a step computes: from the carries, the slices and the rest, the new carries, and what is kept of the step.
    pub body: Arc<Body>,
    /// The number of steps.
    pub steps: usize,
    /// Whether they go from the last slice to the first.
    pub reverse: bool,
    /// How many arrays are sliced.
    pub slices: usize,
    /// Of each carry, whether its values before and after every step are results, and not the last alone.
    pub kept: Vec<bool>,
    /// Whether the values of the body are computed again for the backward pass.
    pub recompute: bool,
}

/// Where the results of a [`Scan`] lie in the array that it computes: of each carry the last value, or all values in the
/// order of the steps beginning with the first; then, of each value that is kept of the steps, those of all steps in the
/// order of the slices.
///
/// Recorded by [`Graph::scan`](crate::Graph::scan) and its like.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Of each carry.
    pub carries: Vec<Place>,
    /// Of what is kept of each step.
    pub each: Vec<Place>,
    /// The size of the array.
    pub size: usize,
}

/// The results of a scan, by which its parts are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Result {
    /// A carry after the last step.
    Last(usize),
    /// A carry before each step, in the order of the slices.
    Before(usize),
    /// A carry after each step, in the order of the slices.
    After(usize),
    /// What is kept of each step.
    Each(usize),
}

impl Scan {
    /// The number of carries.
    pub fn carries(&self) -> usize {
        self.kept.len()
    }

    /// How many values are kept of a step.
    pub fn each(&self) -> usize {
        self.body.outputs.len() - self.carries()
    }

    /// Where the results lie.
    pub fn layout(&self) -> Layout {
        let mut size = 0;
        let mut next = |number: usize, count: Option<usize>| {
            let one = &self.body.ty(number).shape;
            let shape = count.map_or(one.clone(), |count| one.inserted(0, count));
            let place = Place { offset: size, ..Place::whole(shape) };
            size += place.shape.size();
            place
        };
        let outputs = &self.body.outputs;
        let carries = self.kept.iter().zip(outputs);
        let carries = carries.map(|(&kept, &o)| next(o, kept.then_some(self.steps + 1))).collect();
        let each = outputs[self.carries()..].iter();
        let each = each.map(|&output| next(output, Some(self.steps))).collect();
        Layout { carries, each, size }
    }

    /// The slice that a step gets, and where what is kept of it goes.
    pub fn slice(&self, step: usize) -> usize {
        if self.reverse { self.steps - 1 - step } else { step }
    }

    fn result(&self, number: usize) -> Result {
        let carries = self.carries();
        match (number % carries.max(1), number / carries.max(1)) {
            (carry, 0) if carries > 0 => Result::Last(carry),
            (carry, 1) if carries > 0 => Result::Before(carry),
            (carry, 2) if carries > 0 => Result::After(carry),
            _ => Result::Each(number - 3 * carries),
        }
    }

    fn number(&self, result: Result) -> usize {
        let carries = self.carries();
        match result {
            Result::Last(carry) => carry,
            Result::Before(carry) => carries + carry,
            Result::After(carry) => 2 * carries + carry,
            Result::Each(each) => 3 * carries + each,
        }
    }

    /// Where a result lies.
    fn place(&self, result: Result) -> Place {
        let layout = self.layout();
        match result {
            Result::Each(each) => layout.each[each].clone(),
            Result::Last(carry) if self.kept[carry] => {
                layout.carries[carry].clone().without(0, self.steps)
            }
            Result::Last(carry) => layout.carries[carry].clone(),
            Result::Before(carry) => self.in_order(&layout.carries[carry], 0),
            Result::After(carry) => self.in_order(&layout.carries[carry], 1),
        }
    }

    /// All values of a carry from one on, in the order of the slices.
    fn in_order(&self, all: &Place, from: usize) -> Place {
        match (self.steps, self.reverse) {
            (0, _) => all.clone().along(0, 0, 1, 0),
            (steps, false) => all.clone().along(0, from, 1, steps),
            (steps, true) => all.clone().along(0, from + steps - 1, -1, steps),
        }
    }

    /// A result of this scan, which `node` is.
    #[track_caller]
    fn part<'g>(&self, node: Var<'g>, result: Result) -> Var<'g> {
        let part = Part { number: self.number(result), place: self.place(result) };
        node.graph().apply(part, &[node])
    }
}

impl Operation for Scan {
    fn name(&self) -> &'static str {
        "scan"
    }
    fn infer(&self, inputs: &[Type]) -> std::result::Result<Type, String> {
        let carries = self.carries();
        if inputs.len() != self.body.holes.len() {
            let (takes, given) = (self.body.holes.len(), inputs.len());
            return Err(format!("takes {takes} inputs, and was given {given}"));
        }
        for (i, (input, hole)) in inputs.iter().zip(&self.body.holes).enumerate() {
            let sliced = (carries..carries + self.slices).contains(&i);
            let shape =
                if sliced { hole.shape.inserted(0, self.steps) } else { hole.shape.clone() };
            let expected = Type { kind: hole.kind, shape };
            if *input != expected {
                return Err(format!("input {i} must be {expected}, and is {input}"));
            }
        }
        let layout = self.layout();
        Shape::from([layout.size]).check_size()?;
        Ok(Type::real([layout.size]))
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        unreachable!("its parts have cotangents, and not their array")
    }
    fn vjp_of_parts<'g>(
        &self,
        inputs: &[Var<'g>],
        output: Var<'g>,
        parts: &[(usize, Var<'g>)],
    ) -> Cotangents<'g> {
        reverse::cotangents(self, inputs, output, parts)
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        run::run(self, args, out)
    }
    fn lower(&self) -> Lowering {
        Lowering::Scan
    }
}

/// The shape of one slice along the first axis.
fn sliced(ty: &Type) -> Type {
    Type { kind: ty.kind, shape: ty.shape.reduced(&[0], false) }
}

type List<'g> = SmallVec<[Var<'g>; 4]>;
