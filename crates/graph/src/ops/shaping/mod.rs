//! Operations that rearrange elements without computing.

mod apart;
mod border;
mod broadcast;
mod concat;
mod pad;
mod permute;
mod repeat;
mod reshape;
mod slice;
mod view;

pub use border::PaddingMode;
pub use broadcast::Broadcast;
pub use permute::Permute;
pub use reshape::Reshape;
pub use slice::Span;
pub(crate) use view::joined;
pub use view::{Embed, View};

use super::registry::Example;
use crate::{Args, Out, Scalar, View as Values};

/// Copies a rearranged view of input 0, whatever its kind, to the output.
fn assign<'v, T: Scalar>(
    args: &'v Args<'_, T>,
    out: &mut Out<'_, T>,
    reals: impl FnOnce(ndarray::ArrayViewD<'v, T>) -> ndarray::ArrayViewD<'v, T>,
    indices: impl FnOnce(ndarray::ArrayViewD<'v, i64>) -> ndarray::ArrayViewD<'v, i64>,
) {
    match (args.view(0), out) {
        (Values::Real(x), Out::Real(out)) => out.assign(&reals(x.view())),
        (Values::Index(x), Out::Index(out)) => out.assign(&indices(x.view())),
        _ => unreachable!("the output has the kind of the input"),
    }
}

pub(super) fn examples() -> Vec<Example> {
    [
        apart::examples(),
        border::examples(),
        broadcast::examples(),
        concat::examples(),
        pad::examples(),
        permute::examples(),
        repeat::examples(),
        reshape::examples(),
        slice::examples(),
        view::examples(),
    ]
    .concat()
}
