//! Sine and cosine.
//!
//! With k the integer nearest to x·2/π, the remainder r = x − k·π/2 is computed as a sum of two numbers and the
//! quadrant k mod 4 chooses between ± sin r and ± cos r (FreeBSD msun `k_sin.c`, `k_cos.c`). π/2 in three parts is
//! exact enough for |x| ≤ [`LIMIT`]; beyond, the elementwise kernels ask the standard library, one number at a time.
//! f32 computes in f64 and rounds once.

use num_traits::Float;

use super::horner;
use crate::isa::{Simd, fma};

/// The largest |x| that the vectorised reduction takes: k < 2¹⁴ keeps its products exact.
const LIMIT: f64 = 25_000.0;

/// Either of the two functions.
pub trait Trig: Float {
    /// Whether the vectorised formula holds.
    fn is_near(self) -> bool;
    /// The function by the vectorised formula, started `quarters` quarter turns later: 0 for sine, 1 for cosine.
    fn near<S: Simd>(self, quarters: u64) -> Self;
}

impl Trig for f64 {
    #[inline(always)]
    fn is_near(self) -> bool {
        self.abs() <= LIMIT
    }

    #[inline(always)]
    fn near<S: Simd>(self, quarters: u64) -> f64 {
        let (quadrant, high, low) = reduce::<S>(self);
        let quadrant = quadrant.wrapping_add(quarters);
        let value = if quadrant & 1 == 0 { sine::<S>(high, low) } else { cosine::<S>(high, low) };
        f64::from_bits(value.to_bits() ^ ((quadrant & 2) << 62))
    }
}

impl Trig for f32 {
    #[inline(always)]
    fn is_near(self) -> bool {
        f64::from(self).is_near()
    }

    #[inline(always)]
    fn near<S: Simd>(self, quarters: u64) -> f32 {
        f64::from(self).near::<S>(quarters) as f32
    }
}

/// sin x for |x| within the limit.
#[inline(always)]
pub(crate) fn sin<S: Simd, T: Trig>(x: T) -> T {
    if x.is_zero() { x } else { x.near::<S>(0) } // −0 gives −0
}

/// cos x for |x| within the limit.
#[inline(always)]
pub(crate) fn cos<S: Simd, T: Trig>(x: T) -> T {
    x.near::<S>(1)
}

/// (k mod 2⁵², r rounded, the rest of r).
#[inline(always)]
fn reduce<S: Simd>(x: f64) -> (u64, f64, f64) {
    use super::Bits;
    // The first two parts have 33 bits each, so that k times them is exact.
    const FIRST: f64 = 1.570_796_326_734_125_6;
    const SECOND: f64 = 6.077_100_506_303_966e-11;
    const REST: f64 = 2.022_266_248_795_950_6e-21;
    let t = fma::<S, f64>(x, std::f64::consts::FRAC_2_PI, f64::SHIFT);
    let k = t - f64::SHIFT;
    let a = x - k * FIRST;
    let b = k * SECOND;
    // Knuth's two-sum: a − b = difference + error exactly, whichever is larger.
    let difference = a - b;
    let b_virtual = a - difference;
    let error = (a - (difference + b_virtual)) + (b_virtual - b);
    let rest = error - k * REST;
    let high = difference + rest;
    (t.to_bits(), high, (difference - high) + rest)
}

/// sin(x + y) for |x| ≤ π/4 and y far smaller.
#[inline(always)]
fn sine<S: Simd>(x: f64, y: f64) -> f64 {
    const S1: f64 = -1.666_666_666_666_663_2e-1;
    const S: &[f64] = &[
        1.589_690_995_211_55e-10,
        -2.505_076_025_340_686_3e-8,
        2.755_731_370_707_006_8e-6,
        -1.984_126_982_985_795e-4,
        8.333_333_333_322_49e-3,
    ];
    let z = x * x;
    let cube = z * x;
    x - ((z * (0.5 * y - cube * horner::<S, f64>(z, S)) - y) - cube * S1)
}

/// cos(x + y) likewise.
#[inline(always)]
fn cosine<S: Simd>(x: f64, y: f64) -> f64 {
    const C: &[f64] = &[
        -1.135_964_755_778_819_5e-11,
        2.087_572_321_298_175e-9,
        -2.755_731_435_139_066_3e-7,
        2.480_158_728_947_673e-5,
        -1.388_888_888_887_411e-3,
        4.166_666_666_666_66e-2,
    ];
    let z = x * x;
    let half = 0.5 * z;
    let w = 1.0 - half;
    w + (((1.0 - w) - half) + (z * z * horner::<S, f64>(z, C) - x * y))
}
