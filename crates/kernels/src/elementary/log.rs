//! Logarithms to bases e, 2 and 10, and ln(1 + x) without cancellation.
//!
//! x = m·2^k with √½ ≤ m < √2, so that ln x = k·ln 2 + ln(1 + f) with f = m − 1. With s = f/(2 + f),
//!
//! > ln(1 + f) = ln(1 + s) − ln(1 − s) = 2s + s·R(s²),
//!
//! evaluated as f − (f²/2 − s·(f²/2 + R)) because f is exact. Method and coefficients: FreeBSD msun `e_log.c` and
//! `e_logf.c`; for ln(1 + x) the rounding error of 1 + x is carried along as in `s_log1p.c`. To the other bases, k counts
//! whole units, or parts of units that are split as ln 2 is, and ln m is converted.

use super::{Bits, Exp, Lane, horner, lit};
use crate::isa::{Simd, fma};

/// Coefficients of the logarithm in one format.
pub trait Log: Bits {
    /// ln 2 to so few bits that k·LOG_HIGH is exact.
    const LOG_HIGH: Self;
    /// ln 2 − LOG_HIGH.
    const LOG_LOW: Self;
    /// log₁₀ 2 to so few bits that k times it is exact.
    const LOG10_2_HIGH: Self;
    /// The rest of it.
    const LOG10_2_LOW: Self;
    /// R(z)/z, highest power first.
    const LOG: &'static [Self];
}

impl Log for f32 {
    const LOG_HIGH: f32 = 90_851.0 / 131_072.0;
    const LOG_LOW: f32 = 9.058_001e-6;
    const LOG10_2_HIGH: f32 = 4_932.0 / 16_384.0;
    const LOG10_2_LOW: f32 = 4.605_039e-6;
    const LOG: &'static [f32] = &[0.242_790_79, 0.284_987_87, 0.400_009_72, 0.666_666_6];
}

impl Log for f64 {
    const LOG_HIGH: f64 = f64::LN2_HIGH;
    const LOG_LOW: f64 = f64::LN2_LOW;
    const LOG10_2_HIGH: f64 = 0.301_029_995_663_952_83;
    const LOG10_2_LOW: f64 = 2.836_339_455_104_496_4e-14;
    const LOG: &'static [f64] = &[
        1.479_819_860_511_658_6e-1,
        1.531_383_769_920_937_3e-1,
        1.818_357_216_161_805e-1,
        2.222_219_843_214_978_4e-1,
        2.857_142_874_366_239e-1,
        3.999_999_999_940_942e-1,
        6.666_666_666_666_735e-1,
    ];
}

/// k·ln 2 + ln(1 + f) + c for a small correction c.
#[inline(always)]
fn assemble<S: Simd, T: Lane>(k: T, f: T, c: T) -> T {
    let s = f / (f + lit(2.0));
    let z = s * s;
    let half_square = lit::<T>(0.5) * f * f;
    let tail =
        fma::<S, T>(s, half_square + z * horner::<S, T>(z, T::LOG), fma::<S, T>(k, T::LOG_LOW, c));
    fma::<S, T>(k, T::LOG_HIGH, f - (half_square - tail))
}

/// m and k of x = m·2^k.
#[inline(always)]
fn split<T: Lane>(x: T) -> (T, T) {
    // Subnormal numbers are scaled up to normal ones.
    let subnormal = x < T::min_positive_value();
    let (up, down) = (lit::<T>((1u64 << 54) as f64), lit::<T>(54.0));
    let (m, k) = T::split(if subnormal { x * up } else { x });
    (m, if subnormal { k - down } else { k })
}

/// ln x.
#[inline(always)]
pub(crate) fn ln<S: Simd, T: Lane>(x: T) -> T {
    let (m, k) = split(x);
    outside_domain(x, assemble::<S, T>(k, m - T::one(), T::zero()))
}

/// log₂ x, exact for powers of 2.
#[inline(always)]
pub(crate) fn log2<S: Simd, T: Lane>(x: T) -> T {
    let (m, k) = split(x);
    let ln = assemble::<S, T>(T::zero(), m - T::one(), T::zero());
    outside_domain(x, fma::<S, T>(ln, lit(std::f64::consts::LOG2_E), k))
}

/// log₁₀ x.
#[inline(always)]
pub(crate) fn log10<S: Simd, T: Lane>(x: T) -> T {
    let (m, k) = split(x);
    let ln = assemble::<S, T>(T::zero(), m - T::one(), T::zero());
    let low = fma::<S, T>(ln, lit(std::f64::consts::LOG10_E), k * T::LOG10_2_LOW);
    outside_domain(x, fma::<S, T>(k, T::LOG10_2_HIGH, low))
}

/// ln(1 + x).
#[inline(always)]
pub(crate) fn log1p<S: Simd, T: Lane>(x: T) -> T {
    let one = T::one();
    let u = one + x;
    let (m, k) = T::split(u);
    let lost = if k < lit(2.0) { x - (u - one) } else { one - (u - x) }; // 1 + x = u + lost
    let near_one = k == T::zero();
    let f = if near_one { x } else { m - one };
    let c = if near_one { T::zero() } else { lost / u };
    outside_domain(u, assemble::<S, T>(k, f, c)).copysign(x) // −0 gives −0
}

/// `value` for 0 < x < ∞, and what the logarithm has elsewhere: ln 0 = −∞, ln ∞ = ∞, NaN below 0.
#[inline(always)]
fn outside_domain<T: Lane>(x: T, value: T) -> T {
    let at_most_zero = if x == T::zero() { T::neg_infinity() } else { T::nan() };
    let value = if x == T::infinity() { x } else { value };
    if x > T::zero() { value } else { at_most_zero }
}
