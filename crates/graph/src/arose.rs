//! Where a number that is not finite arose: walked back from where it was seen, in a graph or in a body.

use ndarray::ArrayViewD;
use smallvec::SmallVec;

use crate::extent::Extent;
use crate::{Lowering, Scalar, View};

/// What an operation reads that is not finite: which value it is, and the first such number of it.
pub(crate) type Wild<I, T> = SmallVec<[(I, T); 2]>;

/// Where a number that is not finite comes from.
pub(crate) struct Origin<I> {
    /// The value in which it began.
    pub at: I,
    /// The value that showed it there, if it was not seen there at once.
    pub seen_in: Option<I>,
}

/// The value in which that began which is seen `at` a value: the first whose inputs are finite. `wild` answers the inputs of
/// a value that are not.
///
/// A NaN is followed before an infinity. An infinite constant is meant: what is told is who made a NaN of it, or passed it
/// on, so that `wild` leaves constants out.
pub(crate) fn origin<I: Copy, T: Scalar>(at: I, wild: impl Fn(I) -> Wild<I, T>) -> Origin<I> {
    let mut found = Origin { at, seen_in: None };
    loop {
        let inputs = wild(found.at);
        let nan = inputs.iter().find(|(_, value)| value.is_nan());
        match nan.or(inputs.first()) {
            Some(&(input, _)) => found = Origin { at: input, seen_in: Some(found.at) },
            None => return found,
        }
    }
}

/// The first number that is infinite or NaN, if there is one.
pub(crate) fn first_wild<T: Scalar>(view: &View<'_, T>) -> Option<T> {
    match view {
        View::Real(array) => array.iter().copied().find(|x| !x.is_finite()),
        View::Index(_) => None,
    }
}

/// The extents of what an operation read, as errors print them.
pub(crate) fn extents<'a, T: Scalar>(inputs: impl Iterator<Item = View<'a, T>>) -> String {
    let extent = |view: View<'a, T>| match view {
        View::Real(array) => Some(of(&array)),
        View::Index(_) => None,
    };
    inputs.filter_map(extent).collect::<Vec<_>>().join(", ")
}

fn of<T: Scalar>(array: &ArrayViewD<'_, T>) -> String {
    Extent::of(array).to_string()
}

/// Whether an operation is a constant.
pub(crate) fn is_constant(lowering: &Lowering) -> bool {
    matches!(lowering, Lowering::Constant | Lowering::Full(_))
}

/// Whether it has a body, in whose operations to look.
pub(crate) fn has_body(lowering: &Lowering) -> bool {
    matches!(lowering, Lowering::Scan | Lowering::Cond | Lowering::While)
}
