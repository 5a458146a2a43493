//! The exponential functions to bases e and 2, and e^x − 1 without cancellation.
//!
//! With k the integer nearest to x/ln 2 and r = x − k·ln 2, |r| ≤ ½ ln 2,
//!
//! > e^x = 2^k · e^r,  e^r ≈ 1 + r + r²·P(r).
//!
//! ln 2 is split in two parts of which the first has so few bits that k times it is exact (Cody and Waite), and a
//! polynomial of degree 5 (f32) or 10 (f64) is enough for P. Coefficients: Cephes `expf.c` for f32, SLEEF 3
//! `exp_u10` for f64.

use super::{Bits, Lane, horner};
use crate::isa::{Simd, fma};

/// Thresholds and coefficients of the exponential function in one format.
pub trait Exp: Bits {
    /// Any number at or below which e^x rounds to 0.
    const EXP_LOW: Self;
    /// Any number at or above which e^x rounds to ∞.
    const EXP_HIGH: Self;
    /// Where e^x − 1 has long rounded to −1.
    const EXPM1_LOW: Self;
    /// 1/ln 2.
    const INV_LN2: Self;
    /// The leading bits of ln 2, few enough for k·LN2_HIGH to be exact.
    const LN2_HIGH: Self;
    /// ln 2 − LN2_HIGH.
    const LN2_LOW: Self;
    /// P, highest power first.
    const EXP: &'static [Self];
}

impl Exp for f32 {
    const EXP_LOW: f32 = -104.0;
    const EXP_HIGH: f32 = 89.0;
    const EXPM1_LOW: f32 = -20.0;
    const INV_LN2: f32 = std::f32::consts::LOG2_E;
    const LN2_HIGH: f32 = 355.0 / 512.0;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    const EXP: &'static [f32] =
        &[1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];
}

impl Exp for f64 {
    const EXP_LOW: f64 = -746.0;
    const EXP_HIGH: f64 = 710.0;
    const EXPM1_LOW: f64 = -40.0;
    const INV_LN2: f64 = std::f64::consts::LOG2_E;
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const EXP: &'static [f64] = &[
        2.088_606_211_072_837e-9,
        2.511_129_308_928_765e-8,
        2.755_739_112_349_004_7e-7,
        2.755_723_629_119_288_3e-6,
        2.480_158_715_923_547_3e-5,
        1.984_126_989_605_092e-4,
        1.388_888_888_897_745e-3,
        8.333_333_333_316_527e-3,
        4.166_666_666_666_650_5e-2,
        1.666_666_666_666_668_5e-1,
        0.5,
    ];
}

/// (t, e^r − 1) with t = SHIFT + k.
#[inline(always)]
fn reduced<S: Simd, T: Lane>(x: T) -> (T, T) {
    let t = fma::<S, T>(x, T::INV_LN2, T::SHIFT);
    let k = t - T::SHIFT;
    let r = fma::<S, T>(-k, T::LN2_LOW, fma::<S, T>(-k, T::LN2_HIGH, x));
    (t, fma::<S, T>(r * r, horner::<S, T>(r, T::EXP), r))
}

/// `x` held within [low, high]; NaN stays NaN.
#[inline(always)]
fn within<T: Lane>(low: T, x: T, high: T) -> T {
    let x = if x > high { high } else { x };
    if x < low { low } else { x }
}

/// e^x.
#[inline(always)]
pub(crate) fn exp<S: Simd, T: Lane>(x: T) -> T {
    let (t, p) = reduced::<S, T>(within(T::EXP_LOW, x, T::EXP_HIGH));
    T::scale(p + T::one(), t)
}

/// 2^x, with the fraction of x exactly what is left of it.
#[inline(always)]
pub(crate) fn exp2<S: Simd, T: Lane>(x: T) -> T {
    let x = within(T::EXP_LOW * T::INV_LN2, x, T::EXP_HIGH * T::INV_LN2);
    let t = x + T::SHIFT;
    let fraction = x - (t - T::SHIFT);
    let r = fma::<S, T>(fraction, T::LN2_HIGH, fraction * T::LN2_LOW);
    let p = fma::<S, T>(r * r, horner::<S, T>(r, T::EXP), r);
    T::scale(p + T::one(), t)
}

/// e^x − 1 = 2^k·(e^r − 1) + (2^k − 1), which loses nothing where x is small and k = 0.
#[inline(always)]
pub(crate) fn expm1<S: Simd, T: Lane>(x: T) -> T {
    let (t, p) = reduced::<S, T>(within(T::EXPM1_LOW, x, T::EXP_HIGH));
    // Half of it, since 2^k alone overflows before e^x does.
    let half_scale = T::pow2(t - T::one());
    let half = fma::<S, T>(half_scale, p, half_scale - (T::one() / (T::one() + T::one())));
    (half + half).copysign(x) // −0 gives −0
}
