//! Sine and cosine.
//!
//! In double precision, with k the integer nearest to x·2/π, the remainder r = x − k·π/2 is computed as a sum of two
//! numbers and the quadrant k mod 4 chooses between ± sin r and ± cos r (FreeBSD msun `k_sin.c`, `k_cos.c`).
//!
//! Single precision computes in double and rounds once. With bits to spare it needs neither the rest of r nor both curves:
//! x = k·π + r, with k whole for sine and a half more for cosine, and the result is ± sin r by one odd polynomial that
//! reaches to |r| ≤ π/2, from `fit/sin.py`.
//!
//! π/2 in three parts, or π in two, is exact enough for |x| ≤ [`LIMIT`]; beyond, the elementwise kernels ask the standard
//! library, one number at a time.

use num_traits::Float;

use super::{Bits, horner};
use crate::isa::{Simd, fma};

/// The largest |x| that the vectorised reduction takes: k < 2¹⁴ keeps its products exact.
const LIMIT: f64 = 25_000.0;

/// The two functions where the vectorised formulas hold.
pub trait Trig: Float {
    /// Whether they hold.
    fn is_near(self) -> bool;
    /// sin x.
    fn near_sin<S: Simd>(self) -> Self;
    /// cos x.
    fn near_cos<S: Simd>(self) -> Self;
}

impl Trig for f64 {
    #[inline(always)]
    fn is_near(self) -> bool {
        self.abs() <= LIMIT
    }

    #[inline(always)]
    fn near_sin<S: Simd>(self) -> f64 {
        if self == 0.0 { self } else { turned::<S>(self, 0) } // −0 gives −0
    }

    #[inline(always)]
    fn near_cos<S: Simd>(self) -> f64 {
        turned::<S>(self, 1)
    }
}

impl Trig for f32 {
    #[inline(always)]
    fn is_near(self) -> bool {
        self.abs() <= LIMIT as f32
    }

    #[inline(always)]
    fn near_sin<S: Simd>(self) -> f32 {
        let x = f64::from(self);
        let t = fma::<S, f64>(x, std::f64::consts::FRAC_1_PI, f64::SHIFT);
        half_turns::<S>(x, t - f64::SHIFT, t.to_bits())
    }

    #[inline(always)]
    fn near_cos<S: Simd>(self) -> f32 {
        let x = f64::from(self);
        let t = fma::<S, f64>(x, std::f64::consts::FRAC_1_PI, 0.5) + f64::SHIFT;
        half_turns::<S>(x, (t - f64::SHIFT) - 0.5, t.to_bits())
    }
}

/// sin x for |x| within the limit.
#[inline(always)]
pub(crate) fn sin<S: Simd, T: Trig>(x: T) -> T {
    x.near_sin::<S>()
}

/// cos x for |x| within the limit.
#[inline(always)]
pub(crate) fn cos<S: Simd, T: Trig>(x: T) -> T {
    x.near_cos::<S>()
}

/// sin(x − k·π), negated where `count` is odd. Written so that −0 gives −0.
#[inline(always)]
fn half_turns<S: Simd>(x: f64, k: f64, count: u64) -> f32 {
    // The first part has 33 bits, so that k times it is exact.
    const FIRST: f64 = 3.141_592_653_468_251_2;
    const REST: f64 = 1.215_420_101_301_238_4e-10;
    const P: &[f64] = &[
        -2.386_834_640_851_423_3e-8,
        2.752_397_106_967_766e-6,
        -1.984_083_282_321_515_4e-4,
        8.333_330_720_558_323e-3,
        -1.666_666_660_882_618_3e-1,
        9.999_999_999_788_494e-1,
    ];
    let r = fma::<S, f64>(-k, REST, fma::<S, f64>(-k, FIRST, x));
    let sine = r * horner::<S, f64>(r * r, P);
    f64::from_bits(sine.to_bits() ^ (count << 63)) as f32
}

/// sin(x + `quarters`·π/2).
#[inline(always)]
fn turned<S: Simd>(x: f64, quarters: u64) -> f64 {
    let (quadrant, high, low) = reduce::<S>(x);
    let quadrant = quadrant.wrapping_add(quarters);
    let value = if quadrant & 1 == 0 { sine::<S>(high, low) } else { cosine::<S>(high, low) };
    f64::from_bits(value.to_bits() ^ ((quadrant & 2) << 62))
}

/// (k mod 2⁵², r rounded, the rest of r).
#[inline(always)]
fn reduce<S: Simd>(x: f64) -> (u64, f64, f64) {
    // The first two parts have 33 bits each, so that k times them is exact.
    const FIRST: f64 = 1.570_796_326_734_125_6;
    const SECOND: f64 = 6.077_100_506_303_966e-11;
    const REST: f64 = 2.022_266_248_795_950_6e-21;
    let t = fma::<S, f64>(x, std::f64::consts::FRAC_2_PI, f64::SHIFT);
    let k = t - f64::SHIFT;
    let a = fma::<S, f64>(-k, FIRST, x);
    let b = k * SECOND;
    // Dekker's two-sum: a − b = difference + error exactly, even where b is the larger, as a is a multiple of b's last place.
    let difference = a - b;
    let error = (a - difference) - b;
    (t.to_bits(), difference, fma::<S, f64>(-k, REST, error))
}

/// sin(x + y) for |x| ≤ π/4 and |y| < 2⁻⁵³.
#[inline(always)]
fn sine<S: Simd>(x: f64, y: f64) -> f64 {
    const SINE: &[f64] = &[
        1.589_690_995_211_55e-10,
        -2.505_076_025_340_686_3e-8,
        2.755_731_370_707_006_8e-6,
        -1.984_126_982_985_795e-4,
        8.333_333_333_322_49e-3,
        -1.666_666_666_666_663_2e-1,
    ];
    let z = x * x;
    let rest = fma::<S, f64>(-0.5 * z, y, y);
    x + fma::<S, f64>(z * x, horner::<S, f64>(z, SINE), rest)
}

/// cos(x + y) likewise.
#[inline(always)]
fn cosine<S: Simd>(x: f64, y: f64) -> f64 {
    const COSINE: &[f64] = &[
        -1.135_964_755_778_819_5e-11,
        2.087_572_321_298_175e-9,
        -2.755_731_435_139_066_3e-7,
        2.480_158_728_947_673e-5,
        -1.388_888_888_887_411e-3,
        4.166_666_666_666_66e-2,
    ];
    let z = x * x;
    let w = 1.0 - 0.5 * z;
    // What the rounding of w lost, and with a fused product also that of z.
    let lost = fma::<S, f64>(-0.5 * x, x, 1.0 - w);
    let rest = fma::<S, f64>(-x, y, lost);
    w + fma::<S, f64>(z * z, horner::<S, f64>(z, COSINE), rest)
}
