//! The sigmoid curves: hyperbolic tangent and its derivative, and the logistic function.

use super::{Bits, Lane, exp, horner, lit};
use crate::isa::{Simd, fma};

/// tanh x = x + x³·P(x²)/Q(x²) below 5/8, with the coefficients of Cephes `tanhf.c` and `tanh.c`.
pub trait Tanh: Bits {
    /// P, highest power first.
    const TANH_P: &'static [Self];
    /// Q, highest power first.
    const TANH_Q: &'static [Self];
}

impl Tanh for f32 {
    const TANH_P: &'static [f32] =
        &[-5.704_988_7e-3, 2.063_909e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328e-1];
    const TANH_Q: &'static [f32] = &[1.0];
}

impl Tanh for f64 {
    const TANH_P: &'static [f64] =
        &[-9.643_991_794_250_523e-1, -9.928_772_310_019_185e1, -1.614_687_684_417_084_5e3];
    const TANH_Q: &'static [f64] =
        &[1.0, 1.128_116_784_916_329_3e2, 2.235_488_390_601_004_5e3, 4.844_063_053_251_255e3];
}

/// tanh x; from 5/8 on it is 1 − 2/(e^(2x) + 1).
#[inline(always)]
pub(crate) fn tanh<S: Simd, T: Lane>(x: T) -> T {
    let a = x.abs();
    let z = a * a;
    let small = a < lit(0.625);
    // One division serves both formulas: first + numerator/denominator.
    let first = if small { a } else { T::one() };
    let numerator = if small { a * z * horner::<S, T>(z, T::TANH_P) } else { lit(-2.0) };
    let denominator =
        if small { horner::<S, T>(z, T::TANH_Q) } else { exp::<S, T>(a + a) + T::one() };
    (first + numerator / denominator).copysign(x)
}

/// sech² x = 4e/(1 + e)² with e = e^(−2|x|): all its digits also where tanh x rounds to ±1.
#[inline(always)]
pub(crate) fn sech_squared<S: Simd, T: Lane>(x: T) -> T {
    let a = x.abs();
    let e = exp::<S, T>(-(a + a));
    let d = T::one() + e;
    lit::<T>(4.0) * e / (d * d)
}

/// 1/(1 + e^(−x)), written with e^(−|x|) so that nothing overflows and small values keep their digits.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd, T: Lane>(x: T) -> T {
    let e = exp::<S, T>(-x.abs());
    let numerator = if x >= T::zero() { T::one() } else { e };
    let denominator = T::one() + e;
    let quotient = numerator / denominator;
    // The denominator was rounded; to first order that is repaired with 1/d ≈ 1.457 − d/2 on [1, 2], good to 4 %.
    let lost = e - (denominator - T::one());
    let relative = lost * fma::<S, T>(denominator, lit(-0.5), lit(1.457));
    fma::<S, T>(-quotient, relative, quotient)
}
