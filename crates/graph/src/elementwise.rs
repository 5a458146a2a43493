//! Loops over the elements of arrays, for plain evaluations. What is done with an element is a `dyn` function: `ndarray` writes
//! a loop for each layout, and here they are compiled once for the types of the elements, not for each operation again.

use ndarray::{ArrayViewD, ArrayViewMutD, Zip};

/// Hands `f` every element of `out` with the one of `x` that stands beside it; `x` broadcasts.
pub(crate) fn each<A, B: Copy>(
    out: &mut ArrayViewMutD<'_, A>,
    x: &ArrayViewD<'_, B>,
    f: &dyn Fn(&mut A, B),
) {
    Zip::from(out).and_broadcast(x).for_each(|y, &x| f(y, x));
}

/// Hands `f` every element of `out` with those of `a` and `b` that stand beside it; both broadcast.
pub(crate) fn each_of_two<A, B: Copy, C: Copy>(
    out: &mut ArrayViewMutD<'_, A>,
    a: &ArrayViewD<'_, B>,
    b: &ArrayViewD<'_, C>,
    f: &dyn Fn(&mut A, B, C),
) {
    Zip::from(out).and_broadcast(a).and_broadcast(b).for_each(|y, &a, &b| f(y, a, b));
}
