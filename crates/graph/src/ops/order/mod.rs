//! What the order of numbers says: sorting, the largest so far, quantiles, places among sorted numbers.
//!
//! Each is an operation that answers indices, by plain evaluation, and a [`gather`](crate::Var::gather) at them, which has the
//! derivative. NaN counts as larger than all other numbers, as in PyTorch and numpy.

mod argsort;
mod cumulative;
mod quantile;
mod searchsorted;

pub use argsort::ArgSort;
pub use cumulative::CumArg;
pub use searchsorted::SearchSorted;

use std::cmp::Ordering;

use ndarray::{ArrayView1, ArrayViewMut1};

use super::registry::Example;
use crate::error::{exactly, expect_kind};
use crate::shape::resolve_axis;
use crate::{Args, Kind, Out, Scalar, Type};

/// The order of numbers, with NaN behind all others.
fn order<T: Scalar>(a: &T, b: &T) -> Ordering {
    a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// The type of one index for each number of an array, which point along this axis.
fn indices_along(axis: isize, inputs: &[Type]) -> Result<Type, String> {
    let [x] = exactly(inputs)?;
    expect_kind("the argument", x.kind, Kind::Real)?;
    resolve_axis(axis, x.shape.rank())?;
    Ok(Type::index(&x.shape))
}

/// Goes through the lanes along this axis, with those of the indices that come out.
fn each_lane<T: Scalar>(
    axis: isize,
    args: &Args<'_, T>,
    out: &mut Out<'_, T>,
    answer: &mut dyn FnMut(ArrayView1<'_, T>, ArrayViewMut1<'_, i64>),
) {
    let x = args.real(0);
    let axis = resolve_axis(axis, x.ndim()).expect("the shape rule checked the axis");
    let axis = ndarray::Axis(axis);
    for (lane, indices) in x.lanes(axis).into_iter().zip(out.index().lanes_mut(axis)) {
        answer(lane, indices);
    }
}

pub(super) fn examples() -> Vec<Example> {
    [argsort::examples(), cumulative::examples(), quantile::examples(), searchsorted::examples()]
        .concat()
}
