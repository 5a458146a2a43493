//! The error function erf x = 2/√π ∫₀ˣ e^(−t²) dt.
//!
//! An odd polynomial or rational function near 0; beyond, 1 − erfc |x|, where erfc is small enough that its own
//! error hardly counts.

use super::{Lane, exp, horner};
use crate::isa::{Simd, fma};

/// The error function in one format: the two formats share no formula.
pub trait Erf: Sized {
    /// erf x.
    fn erf<S: Simd>(x: Self) -> Self;
}

impl Erf for f32 {
    /// x + x·P(x²) up to 7/8, then 1 − e^(x·Q(x) − x): minimax fits, made by `fit/erf.py`.
    #[inline(always)]
    fn erf<S: Simd>(x: f32) -> f32 {
        const P: &[f32] = &[
            -6.020_363_7e-4,
            4.998_917e-3,
            -2.677_048_4e-2,
            1.128_192_2e-1,
            -3.761_250_4e-1,
            1.283_791_5e-1,
        ];
        const Q: &[f32] = &[
            -9.365_671e-6,
            3.043_399_8e-4,
            -3.568_294_2e-3,
            2.360_724_7e-2,
            -1.060_596_5e-1,
            -6.352_569e-1,
            -1.286_229e-1,
        ];
        let a = saturated(x.abs(), 4.0);
        let near = fma::<S, f32>(horner::<S, f32>(a * a, P), a, a);
        let far = 1.0 - exp::<S, f32>(fma::<S, f32>(horner::<S, f32>(a, Q), a, -a));
        (if a > 7.0 / 8.0 { far } else { near }).copysign(x)
    }
}

impl Erf for f64 {
    /// Cephes `ndtr.c`: x·T(x²)/U(x²) up to 1, then 1 − e^(−x²)·P(x)/Q(x).
    #[inline(always)]
    fn erf<S: Simd>(x: f64) -> f64 {
        const T: &[f64] = &[
            9.604_973_739_870_516,
            9.002_601_972_038_427e1,
            2.232_005_345_946_843e3,
            7.003_325_141_128_051e3,
            5.559_230_130_103_949e4,
        ];
        const U: &[f64] = &[
            1.0,
            3.356_171_416_475_031e1,
            5.213_579_497_801_527e2,
            4.594_323_829_709_801e3,
            2.262_900_006_138_909_5e4,
            4.926_739_426_086_359e4,
        ];
        const P: &[f64] = &[
            2.461_969_814_735_305e-10,
            5.641_895_648_310_688e-1,
            7.463_210_564_422_699,
            4.863_719_709_856_814e1,
            1.965_208_329_560_771e2,
            5.264_451_949_954_773e2,
            9.345_285_271_719_576e2,
            1.027_551_886_895_157e3,
            5.575_353_353_693_993e2,
        ];
        const Q: &[f64] = &[
            1.0,
            1.322_819_511_547_449_9e1,
            8.670_721_408_859_897e1,
            3.549_377_788_878_199e2,
            9.757_085_017_432_055e2,
            1.823_909_166_879_097_4e3,
            2.246_337_608_187_109_8e3,
            1.656_663_091_941_613_5e3,
            5.575_353_408_177_277e2,
        ];
        let a = saturated(x.abs(), 6.0);
        let z = a * a;
        let near = a <= 1.0;
        let numerator = if near {
            a * horner::<S, f64>(z, T)
        } else {
            exp::<S, f64>(-z) * horner::<S, f64>(a, P)
        };
        let denominator = if near { horner::<S, f64>(z, U) } else { horner::<S, f64>(a, Q) };
        let quotient = numerator / denominator;
        (if near { quotient } else { 1.0 - quotient }).copysign(x)
    }
}

/// `a`, or `limit` from where on erf has rounded to 1; NaN stays NaN.
#[inline(always)]
fn saturated<T: Lane>(a: T, limit: T) -> T {
    if a > limit { limit } else { a }
}
