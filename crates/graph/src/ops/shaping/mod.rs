//! Operations that rearrange elements without computing.

mod broadcast;
mod concat;
mod flip;
mod pad;
mod permute;
mod reshape;
mod slice;

pub use broadcast::Broadcast;
pub use concat::Concat;
pub use flip::Flip;
pub use pad::Pad;
pub use permute::Permute;
pub use reshape::Reshape;
pub use slice::{Slice, Span, Unslice};

use super::registry::Example;
use crate::{Args, Out, Scalar, View};

/// Copies a rearranged view of input 0, whatever its kind, to the output.
fn assign<'v, T: Scalar>(
    args: &'v Args<'_, T>,
    out: &mut Out<'_, T>,
    reals: impl FnOnce(ndarray::ArrayViewD<'v, T>) -> ndarray::ArrayViewD<'v, T>,
    indices: impl FnOnce(ndarray::ArrayViewD<'v, i64>) -> ndarray::ArrayViewD<'v, i64>,
) {
    match (args.view(0), out) {
        (View::Real(x), Out::Real(out)) => out.assign(&reals(x.view())),
        (View::Index(x), Out::Index(out)) => out.assign(&indices(x.view())),
        _ => unreachable!("the output has the kind of the input"),
    }
}

pub(super) fn examples() -> Vec<Example> {
    [
        broadcast::examples(),
        concat::examples(),
        flip::examples(),
        pad::examples(),
        permute::examples(),
        reshape::examples(),
        slice::examples(),
    ]
    .concat()
}
