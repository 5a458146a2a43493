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

use super::registry::Example;
use crate::Scalar;

/// The order of numbers, with NaN behind all others.
fn order<T: Scalar>(a: &T, b: &T) -> Ordering {
    a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

pub(super) fn examples() -> Vec<Example> {
    [argsort::examples(), cumulative::examples(), quantile::examples(), searchsorted::examples()]
        .concat()
}
