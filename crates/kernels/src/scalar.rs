//! The two precisions: everything generic in this house is generic over [`Scalar`].

use std::fmt::{Debug, Display, LowerExp};
use std::iter::Sum;

use num_traits::{Float, NumAssign};

use crate::compiled::Compiled;
use crate::elementary::Lane;

/// A floating point type that the kernels compute in: `f32` or `f64`, and nothing else.
///
/// The trait is sealed (its supertraits `Lane` and `Compiled` are private to this crate): a kernel exists for exactly these two types, so that code written against
/// `T: Scalar` can rely on IEEE 754 arithmetic and on every kernel being there.
pub trait Scalar:
    Float
    + NumAssign
    + Debug
    + Display
    + LowerExp
    + Default
    + Send
    + Sync
    + Sum
    + Lane
    + Compiled
    + 'static
{
    /// The type's name as Rust writes it: `"f32"` or `"f64"`.
    const NAME: &'static str;

    /// The distance from 1 to the next larger number: 2⁻²³ or 2⁻⁵².
    const MACHINE_EPSILON: Self;

    /// The number nearest to `x` (ties to even; overflow gives ±∞).
    fn from_f64(x: f64) -> Self;

    /// The same number in double precision; exact.
    fn to_f64(self) -> f64;

    /// The error function erf(x) = 2/√π ∫₀ˣ e^(−t²) dt of one number, by `libm` (below 1 ULP).
    fn erf(self) -> Self;
}

impl Scalar for f32 {
    const NAME: &'static str = "f32";
    const MACHINE_EPSILON: Self = f32::EPSILON;

    fn from_f64(x: f64) -> Self {
        x as f32
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn erf(self) -> Self {
        libm::erff(self)
    }
}

impl Scalar for f64 {
    const NAME: &'static str = "f64";
    const MACHINE_EPSILON: Self = f64::EPSILON;

    fn from_f64(x: f64) -> Self {
        x
    }

    fn to_f64(self) -> f64 {
        self
    }

    fn erf(self) -> Self {
        libm::erf(self)
    }
}
