//! Which constants may move without a result leaving the range of the precision.

use super::fold::{constant, is_fixed};
use super::simplify::{input, lowering};
use graph::{Lowering, Scalar, Value, Var};

/// Whether a factor may meet others before it meets what it was written beside.
///
/// A value of the run may. A constant does if its numbers lie between √m and √M, for the smallest
/// normal number m and the largest number M: then no product of two constants leaves the range, and
/// 10⁻³⁰, which somebody wrote to keep a product small, stays where it does so.
pub(super) fn may_meet<T: Scalar>(factor: Var<'_>) -> bool {
    let (least, most) = (T::min_positive_value().sqrt(), T::max_value().sqrt());
    let (least, most) = (least.to_f64(), most.to_f64());
    holds(factor, |c| (least..=most).contains(&c.abs()))
}

/// Whether a factor may leave a sum: a constant does if the sum cannot grow by it.
pub(super) fn may_leave_sum(factor: Var<'_>) -> bool {
    holds(factor, |c| c.is_finite() && c.abs() >= 1.0)
}

/// As [`may_leave_sum`], of a divisor.
pub(super) fn divisor_may_leave_sum(divisor: Var<'_>) -> bool {
    holds(divisor, |c| c.abs() <= 1.0)
}

/// Whether all numbers of a constant are so. Of a value of the run nothing is known, and of a large
/// constant nothing is asked: true for the one, false for the other.
fn holds(factor: Var<'_>, condition: impl Fn(f64) -> bool) -> bool {
    let mut source = factor;
    while let Lowering::Broadcast | Lowering::Reshape | Lowering::Permute(_) = lowering(source) {
        source = input(source);
    }
    if !is_fixed(source) {
        return true;
    }
    match constant::<f64>(source) {
        Some(Value::Real(array)) => array.iter().all(|&c| condition(c)),
        _ => false,
    }
}
