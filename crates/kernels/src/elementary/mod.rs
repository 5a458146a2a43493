//! Elementary functions of one number, written so that a loop over them vectorises.
//!
//! No branches, no tables, no library calls: range reduction by adding and subtracting a large constant,
//! exponents by integer arithmetic on the bits, special values by selection at the end. Every function is written
//! once for both precisions; a [`Lane`] type brings its bit layout and its polynomial coefficients.
//!
//! The error of each is measured in `accuracy.rs` and stated in the crate's documentation.

mod erf;
mod exp;
mod log;
mod tanh;
mod trig;

#[cfg(test)]
mod accuracy;
#[cfg(test)]
mod double_double;

pub use erf::Erf;
pub use exp::Exp;
pub use log::Log;
pub use tanh::Tanh;
pub use trig::Trig;

pub(crate) use exp::{exp, exp2, expm1};
pub(crate) use log::{ln, log1p, log2, log10};
pub(crate) use tanh::{sech_squared, sigmoid, tanh};
pub(crate) use trig::{cos, sin};

use num_traits::Float;

use crate::elementwise::chain::Chained;
use crate::isa::{Simd, fma};

/// A floating point format with all that the elementary functions need to know of it.
pub trait Lane: Float + Exp + Log + Tanh + Erf + Trig {
    /// The vector of this format on a level.
    type Vector<S: Simd>: Chained<Self>;
}

impl Lane for f32 {
    type Vector<S: Simd> = S::Single;
}

impl Lane for f64 {
    type Vector<S: Simd> = S::Double;
}

/// Bit-level steps of a format, each the same few instructions on every level.
pub trait Bits: Float + 'static {
    /// 1.5·2^p with p the number of fraction bits: x + SHIFT rounds x to an integer, which then stands in the lowest bits.
    const SHIFT: Self;

    /// The number nearest to `x`, so that one literal serves both precisions.
    fn rounded(x: f64) -> Self;

    /// 2^k for t = SHIFT + k, where 2^k is a normal number.
    fn pow2(t: Self) -> Self;

    /// y·2^k for t = SHIFT + k, rounded once: k may exceed the exponent range of one factor.
    fn scale(y: Self, t: Self) -> Self;

    /// x = m·2^k with √½ ≤ m < √2, for x positive and normal.
    fn split(x: Self) -> (Self, Self);
}

macro_rules! bits {
    ($float:ty, $uint:ty, fraction: $fraction:literal, bias: $bias:literal) => {
        impl Bits for $float {
            const SHIFT: Self = 1.5 * ((1 as $uint) << $fraction) as $float;

            #[inline(always)]
            fn rounded(x: f64) -> Self {
                x as $float
            }

            #[inline(always)]
            fn pow2(t: Self) -> Self {
                let k = t.to_bits().wrapping_sub(Self::SHIFT.to_bits());
                <$float>::from_bits(k.wrapping_add($bias) << $fraction)
            }

            #[inline(always)]
            fn scale(y: Self, t: Self) -> Self {
                // Twice the bias keeps k positive, so that halving it needs no arithmetic shift (AVX2 has none of 64 bits).
                let k = t.to_bits().wrapping_sub(Self::SHIFT.to_bits()).wrapping_add(2 * $bias);
                let half = k >> 1;
                let first = <$float>::from_bits(half << $fraction);
                let second = <$float>::from_bits((k - half) << $fraction);
                y * first * second
            }

            #[inline(always)]
            fn split(x: Self) -> (Self, Self) {
                // Counting exponents from √½ instead of 1; the offset keeps the count positive.
                const ROOT_HALF: $uint = (std::f64::consts::FRAC_1_SQRT_2 as $float).to_bits();
                const OFFSET: $uint = $bias + 1;
                const TWO_P: $float = ((1 as $uint) << $fraction) as $float;
                let counted =
                    (x.to_bits().wrapping_sub(ROOT_HALF).wrapping_add(OFFSET << $fraction))
                        >> $fraction;
                let m = x.to_bits().wrapping_sub(counted.wrapping_sub(OFFSET) << $fraction);
                let k = <$float>::from_bits(counted | TWO_P.to_bits()) - (TWO_P + OFFSET as $float);
                (<$float>::from_bits(m), k)
            }
        }
    };
}

bits!(f32, u32, fraction: 23, bias: 127);
bits!(f64, u64, fraction: 52, bias: 1023);

/// c₀xⁿ + … + cₙ by Horner's rule.
#[inline(always)]
pub(crate) fn horner<S: Simd, T: Float>(x: T, coefficients: &[T]) -> T {
    let mut sum = coefficients[0];
    for &c in &coefficients[1..] {
        sum = fma::<S, T>(sum, x, c);
    }
    sum
}

/// A literal in either precision.
#[inline(always)]
pub(crate) fn lit<T: Lane>(x: f64) -> T {
    T::rounded(x)
}

/// The whole number nearest to x; of two, the even one. What has no fraction anyway is too large for the addition.
#[inline(always)]
pub(crate) fn round<T: Lane>(x: T) -> T {
    let large = T::one() / T::epsilon();
    let rounded = ((x.abs() + large) - large).copysign(x);
    if x.abs() < large { rounded } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_rounded_to_even() {
        for x in
            [0.0_f64, -0.0, 0.5, -0.5, 1.5, 2.5, 0.49999999999999994, 4503599627370495.5, 1e300]
        {
            assert_eq!(round(x).to_bits(), f64::round_ties_even(x).to_bits(), "{x}");
            let x = x as f32;
            assert_eq!(round(x).to_bits(), f32::round_ties_even(x).to_bits(), "{x}");
        }
    }

    #[test]
    fn scaling_rounds_once_down_to_the_smallest_subnormal() {
        let two_to = |k: f64| f64::scale(1.0, f64::SHIFT + k);
        assert_eq!(two_to(-1074.0), f64::from_bits(1));
        assert_eq!(two_to(-1076.0), 0.0);
        assert_eq!(two_to(1023.0), 2f64.powi(1023));
        assert_eq!(two_to(1024.0), f64::INFINITY);
        assert_eq!(f32::scale(1.5, f32::SHIFT - 149.0), f32::from_bits(2));
        assert_eq!(f32::scale(1.0, f32::SHIFT + 127.0), 2f32.powi(127));
        assert_eq!(f32::pow2(f32::SHIFT - 126.0), f32::MIN_POSITIVE);
    }

    #[test]
    fn splitting_is_exact_and_centred_on_one() {
        let root_half = std::f32::consts::FRAC_1_SQRT_2;
        for x in [
            f32::MIN_POSITIVE,
            0.1,
            root_half,
            root_half.next_down(),
            1.0,
            1.41,
            1.42,
            3e7,
            f32::MAX,
        ] {
            let (m, k) = f32::split(x);
            assert!((root_half..1.414_213_7).contains(&m), "{x}: {m}");
            assert_eq!(f64::from(m) * 2f64.powi(k as i32), f64::from(x));
            let (m, k) = f64::split(f64::from(x) * 1e-260);
            assert_eq!(m * 2f64.powi(k as i32 + 900) * 2f64.powi(-900), f64::from(x) * 1e-260);
        }
    }
}
