//! Special functions: the error function's relatives, the gamma function's logarithm and its derivatives, sinc.
//!
//! They run by plain evaluation, one number at a time, between the loops of a program.

mod erf;
mod gamma;
mod sinc;

pub use erf::{Erfc, Erfinv};
pub use gamma::{Lgamma, Polygamma};
pub use sinc::Sinc;

use super::registry::Example;

/// c₀xⁿ + … + cₙ by Horner's rule.
fn horner<T: crate::Number>(x: T, coefficients: &[f64]) -> T {
    coefficients.iter().fold(T::zero(), |sum, &c| sum * x + T::constant(c))
}

pub(super) fn examples() -> Vec<Example> {
    [erf::examples(), gamma::examples(), sinc::examples()].concat()
}
