//! What the results of operations depend on that the compiler has no word for.

use std::rc::Rc;

use smallvec::SmallVec;

use super::dependence::{Given, Known, Walk};
use super::rules::Rows;
use super::sets::{EMPTY, SetId};
use crate::operation::Op;
use crate::ops::{CumSum, Part};
#[cfg(feature = "fft")]
use crate::ops::{Fft, Irfft, Rfft};
#[cfg(feature = "linalg")]
use crate::ops::{MatrixExp, Solve, Triangle, TriangularSolve};
use crate::shape::resolve_axis;
use crate::short::Short;
use crate::transform::vmap::Each;
use crate::{Shape, Type};

impl Walk {
    /// Of an operation that the compiler has no word for.
    pub fn plain(&mut self, op: &Op, inputs: &[Given], ty: &Type) -> Option<Rc<[SetId]>> {
        if let Some(each) = op.downcast::<Each>() {
            return Some(self.each(each, inputs, ty).into());
        }
        if let (Some(cumsum), Some(sets)) = (op.downcast::<CumSum>(), &inputs[0].known.sets) {
            let axis = resolve_axis(cumsum.axis, ty.shape.rank());
            let axis = axis.expect("the shape rule checked the axis");
            return Some(self.cumulated(sets, &ty.shape, axis, cumsum.reverse).into());
        }
        if let (Some(part), Some(sets)) = (op.downcast::<Part>(), &inputs[0].known.sets) {
            return Some(triangle(part, sets, &ty.shape).into());
        }
        if let Some(known) = self.expanded(op, inputs) {
            return known.sets;
        }
        #[cfg(feature = "linalg")]
        if let Some(rows) = self.solved(op, inputs, ty) {
            return Some(rows.into());
        }
        if let (Some(axes), Some(sets)) = (mixed(op), &inputs[0].known.sets) {
            return Some(self.of_blocks(sets, &inputs[0].ty.shape, axes, ty).into());
        }
        // Nothing is known: everything depends on everything.
        let all = inputs.iter().filter_map(|input| input.known.sets.as_deref()).flatten().copied();
        let all = self.sets.union_all(all);
        Some(vec![all; ty.shape.size()].into())
    }

    /// Each element with all before it along an axis, or after it.
    fn cumulated(&mut self, x: &[SetId], shape: &Shape, axis: usize, reverse: bool) -> Rows {
        let stride = shape.strides()[axis];
        let mut rows = x.to_vec();
        let mut step = |number: usize, before: isize| {
            let before = number.wrapping_add_signed(before);
            rows[number] = self.sets.union(rows[number], rows[before]);
        };
        let position = |number: usize| number / stride % shape[axis];
        if reverse {
            let inner = (0..x.len()).rev().filter(|&number| position(number) + 1 < shape[axis]);
            inner.for_each(|number| step(number, stride as isize));
        } else {
            let inner = (0..x.len()).filter(|&number| position(number) > 0);
            inner.for_each(|number| step(number, -(stride as isize)));
        }
        rows
    }

    /// All that an operation answers of a block of its input's last axes depends on all of the block.
    fn of_blocks(&mut self, x: &[SetId], shape: &Shape, axes: usize, ty: &Type) -> Rows {
        let batch: usize = shape[..shape.rank() - axes].iter().product();
        let (given, answered) = (x.len() / batch.max(1), ty.shape.size() / batch.max(1));
        let mut rows = Vec::with_capacity(ty.shape.size());
        for block in 0..batch {
            let all = x[block * given..][..given].iter().copied();
            let all = self.sets.union_all(all);
            rows.resize(rows.len() + answered, all);
        }
        rows
    }

    /// An operation on each of many samples.
    fn each(&mut self, each: &Each, inputs: &[Given], ty: &Type) -> Rows {
        let one = Type { kind: ty.kind, shape: Shape::from(&ty.shape[1..]) };
        let mut rows = Vec::with_capacity(ty.shape.size());
        for sample in 0..each.samples() {
            let given = |(i, input): (usize, &Given)| {
                let Given { ty, known } = input;
                if !each.is_sampled(i) {
                    return Given { ty: ty.clone(), known: known.clone() };
                }
                let shape = Shape::from(&ty.shape[1..]);
                let known = known.slice(sample, &ty.shape);
                Given { ty: Type { kind: ty.kind, shape }, known }
            };
            let given: SmallVec<[Given; 3]> = inputs.iter().enumerate().map(given).short();
            let Known { sets, .. } = self.node(each.op(), &given, &one);
            match sets {
                Some(sets) => rows.extend_from_slice(&sets),
                None => rows.resize(rows.len() + one.shape.size(), EMPTY),
            }
        }
        rows
    }

    /// X[b, i, j] of A·X = B depends on all of A[b, ·, ·] and of B[b, ·, j]; of that, for a triangular A, on what is on the
    /// side from which it is solved.
    #[cfg(feature = "linalg")]
    fn solved(&mut self, op: &Op, inputs: &[Given], ty: &Type) -> Option<Rows> {
        let triangular = op.downcast::<TriangularSolve>();
        if triangular.is_none() && op.downcast::<Solve>().is_none() {
            return None;
        }
        let [matrix, sides] = inputs else { return None };
        let last = |input: &Given, axis: usize| input.ty.shape.rank() - 2 + axis;
        let mut rows = vec![EMPTY; ty.shape.size()];
        if let Some(sets) = &matrix.known.sets {
            let axes = [last(matrix, 0), last(matrix, 1)];
            let united = self.united(sets, &matrix.ty.shape, &axes);
            self.unite(&mut rows, &united, &matrix.ty.shape.reduced(&axes, true), &ty.shape);
        }
        if let Some(sets) = &sides.known.sets {
            let (shape, axis) = (&sides.ty.shape, last(sides, 0));
            let (united, shape) = match triangular {
                Some(system) => {
                    let from_last = (system.triangle == Triangle::Upper) != system.transposed;
                    (self.cumulated(sets, shape, axis, from_last), shape.clone())
                }
                None => (self.united(sets, shape, &[axis]), shape.reduced(&[axis], true)),
            };
            self.unite(&mut rows, &united, &shape, &ty.shape);
        }
        Some(rows)
    }
}

/// How many of the last axes of its one input an operation mixes that rules apply to cotangents, with a batch in front.
fn mixed(op: &Op) -> Option<usize> {
    #[cfg(feature = "fft")]
    if op.downcast::<Rfft>().is_some() {
        return Some(1);
    }
    #[cfg(feature = "fft")]
    if op.downcast::<Irfft>().is_some() || op.downcast::<Fft>().is_some() {
        return Some(2);
    }
    #[cfg(feature = "linalg")]
    if op.downcast::<MatrixExp>().is_some() {
        return Some(2);
    }
    let _ = op;
    None
}

/// Nothing outside of the triangle.
fn triangle(part: &Part, x: &[SetId], shape: &Shape) -> Rows {
    let &[.., rows, columns] = &**shape else { unreachable!("the shape rule checked the axes") };
    let of = |(number, &set): (usize, &SetId)| {
        let held = part.holds(number / columns % rows, number % columns);
        if held { set } else { EMPTY }
    };
    x.iter().enumerate().map(of).collect()
}
