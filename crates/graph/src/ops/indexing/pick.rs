//! One index for each row, told to the compiler as comparisons, which run within fused loops.

use ndarray::{Array1, Dimension};

use super::check;
use crate::error::exactly;
use crate::shape::resolve_axis;
use crate::{Args, Cotangents, Fault, Operation, Out, RunResult, Scalar, Type, Var};

/// Longer rows are not compared from end to end for the sake of one element.
const LONGEST_ROW: usize = 4096;

/// Where along the last axis of `x` the index of each row points, if there is one index for each
/// row of moderate length: truth values in the shape of `x`.
pub(super) fn picked<'g>(axis: isize, x: Var<'g>, index: Var<'g>) -> Option<Var<'g>> {
    let shape = x.shape();
    let last = shape.rank().checked_sub(1)?;
    let extent = shape[last];
    let one_of_each_row = resolve_axis(axis, shape.rank()) == Ok(last) && index.shape()[last] == 1;
    if !one_of_each_row || !(1..=LONGEST_ROW).contains(&extent) {
        return None;
    }
    let positions = Array1::from_iter((0..extent).map(|i| i as f64)).into_dyn();
    let index = x.graph().apply(Position { extent }, &[index]);
    Some(x.graph().constant(positions).eq(index))
}

/// The indices as reals, which must be less than an extent. Only the compiler records it, in place
/// of a [`Gather`](super::Gather), for which it speaks when an index is out of range.
#[derive(Clone, Debug, PartialEq)]
struct Position {
    extent: usize,
}

impl Operation for Position {
    fn name(&self) -> &'static str {
        "gather"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [index] = exactly(inputs)?;
        Ok(Type::real(&index.shape))
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let index = args.index(0);
        let within = |&i: &i64| usize::try_from(i).is_ok_and(|i| i < self.extent);
        if !index.iter().all(within) {
            return Err(self.fault(args));
        }
        out.real().zip_mut_with(&index, |y, &i| *y = T::from_f64(i as f64));
        Ok(())
    }
}

impl Position {
    /// The first index that is out of range.
    fn fault<T: Scalar>(&self, args: &Args<'_, T>) -> Fault {
        let index = args.index(0);
        let check = |(place, &i): (ndarray::IxDyn, &i64)| {
            check(i, self.extent, || place.slice().to_vec()).err()
        };
        index.indexed_iter().find_map(check).expect("an index was found out of range")
    }
}
