//! The Euclidean norm, which rules, parts and reports share.

use crate::Precision;

/// Σ x², in double precision.
pub(crate) fn squares<'a, T: Precision>(x: impl IntoIterator<Item = &'a T>) -> f64 {
    x.into_iter().map(|&x| x.to_f64() * x.to_f64()).sum()
}

/// ‖x‖ = √Σ x², in double precision.
pub(crate) fn norm<'a, T: Precision>(x: impl IntoIterator<Item = &'a T>) -> f64 {
    squares(x).sqrt()
}
