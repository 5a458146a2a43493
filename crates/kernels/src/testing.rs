//! What the tests of several modules share.

use num_traits::NumCast;

use crate::{Isa, Scalar};

/// Between a precision and `f64`, in which the tests compute what to expect.
pub(crate) trait Precise: Scalar {
    /// The number nearest to `x`.
    fn from_f64(x: f64) -> Self {
        <Self as NumCast>::from(x).expect("floats convert")
    }

    /// The same number; exact.
    fn to_f64(self) -> f64 {
        num_traits::ToPrimitive::to_f64(&self).expect("floats convert")
    }
}

impl<T: Scalar> Precise for T {}

/// Every level of this processor.
pub(crate) fn levels() -> impl Iterator<Item = Isa> {
    Isa::available()
}

/// A small generator of random numbers (G. L. Steele, D. Lea and C. H. Flood, SplitMix64, OOPSLA 2014).
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    /// A number from 0 to `end` − 1.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.bits() % end as u64) as usize
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A number in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// `count` numbers in [−1, 1).
    pub(crate) fn uniform<T: Scalar>(&mut self, count: usize) -> Vec<T> {
        (0..count).map(|_| T::from_f64(2.0 * self.unit() - 1.0)).collect()
    }

    /// `count` numbers of all magnitudes, every third one of the special values.
    pub(crate) fn wild<T: Scalar>(&mut self, count: usize) -> Vec<T> {
        let special = [
            T::zero(),
            -T::zero(),
            T::one(),
            -T::one(),
            T::infinity(),
            T::neg_infinity(),
            T::nan(),
            T::max_value(),
            T::min_value(),
            T::min_positive_value(),
            -T::min_positive_value() * T::epsilon(),
        ];
        let draw = |_| match self.bits() % 3 {
            0 => special[self.bits() as usize % special.len()],
            1 => T::from_f64(8.0 * self.unit() - 4.0),
            _ => T::from_f64(
                (60.0 * self.unit() - 30.0).exp()
                    * if self.bits().is_multiple_of(2) { 1.0 } else { -1.0 },
            ),
        };
        (0..count).map(draw).collect()
    }
}
