//! Numbers as bytes.

use safetensors::Dtype;

use crate::Scalar;

/// The floating point numbers that a file holds; all are those of IEEE 754 but `BF16`, which is the
/// upper half of an `F32`.
///
/// [`Params::save_as`](crate::Params::save_as) takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Storage {
    /// Double precision.
    F64,
    /// Single precision.
    F32,
    /// Half precision: 11 bits of significand, up to 65504.
    F16,
    /// 8 bits of significand, over the range of single precision.
    BF16,
}

impl Storage {
    /// That of a store's precision.
    pub fn of<T: Scalar>() -> Self {
        if size_of::<T>() == 4 { Self::F32 } else { Self::F64 }
    }

    pub(super) fn dtype(self) -> Dtype {
        match self {
            Self::F64 => Dtype::F64,
            Self::F32 => Dtype::F32,
            Self::F16 => Dtype::F16,
            Self::BF16 => Dtype::BF16,
        }
    }

    pub(super) fn from_dtype(dtype: Dtype) -> Option<Self> {
        [Self::F64, Self::F32, Self::F16, Self::BF16].into_iter().find(|s| s.dtype() == dtype)
    }

    /// How many bytes a number takes.
    pub(super) fn width(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
        }
    }

    /// Appends a number, rounded to the nearest, ties to even.
    fn write(self, x: f64, bytes: &mut Vec<u8>) {
        match self {
            Self::F64 => bytes.extend(x.to_le_bytes()),
            Self::F32 => bytes.extend((x as f32).to_le_bytes()),
            Self::F16 => bytes.extend(HALF.encode(x).to_le_bytes()),
            Self::BF16 => bytes.extend(BRAIN.encode(x).to_le_bytes()),
        }
    }

    /// The number that the bytes are.
    pub(super) fn read(self, bytes: &[u8]) -> f64 {
        let whole = "the bytes of a number";
        match self {
            Self::F64 => f64::from_le_bytes(bytes.try_into().expect(whole)),
            Self::F32 => f32::from_le_bytes(bytes.try_into().expect(whole)).into(),
            Self::F16 => HALF.decode(u16::from_le_bytes(bytes.try_into().expect(whole))),
            Self::BF16 => BRAIN.decode(u16::from_le_bytes(bytes.try_into().expect(whole))),
        }
    }

    /// The bytes of some numbers, or the first that is finite and too large for this storage.
    pub(super) fn encode<T: Scalar>(self, values: &[T]) -> Result<Vec<u8>, f64> {
        let mut bytes = Vec::with_capacity(size_of_val(values));
        for x in values.iter().map(|&x| x.to_f64()) {
            let start = bytes.len();
            self.write(x, &mut bytes);
            if x.is_finite() && !self.read(&bytes[start..]).is_finite() {
                return Err(x);
            }
        }
        Ok(bytes)
    }
}

/// A binary floating point format of 16 bits (IEEE 754-2019, section 3.4): a sign, a biased exponent
/// and the fraction of the significand.
struct Format {
    /// How many bits the fraction has.
    fraction: u32,
    /// What the exponent is stored with added.
    bias: i32,
}

const HALF: Format = Format { fraction: 10, bias: 15 };
const BRAIN: Format = Format { fraction: 7, bias: 127 };

impl Format {
    /// The pattern of +∞; above it, patterns are NaN.
    fn infinity(&self) -> u16 {
        0x7fff & !((1 << self.fraction) - 1)
    }

    fn decode(&self, bits: u16) -> f64 {
        let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
        let magnitude = bits & 0x7fff;
        if magnitude >= self.infinity() {
            return if magnitude == self.infinity() { sign * f64::INFINITY } else { f64::NAN };
        }
        let exponent = i32::from(magnitude >> self.fraction);
        let fraction = magnitude & ((1 << self.fraction) - 1);
        // Below the normal numbers, the exponent stays and the leading 1 goes.
        let significand = if exponent == 0 { fraction } else { fraction | (1 << self.fraction) };
        sign * f64::from(significand) * self.unit(exponent.max(1))
    }

    /// To the nearest, ties to even; what is too large is infinite.
    fn encode(&self, x: f64) -> u16 {
        let sign = if x.is_sign_negative() { 1 << 15 } else { 0 };
        if x.is_nan() {
            return sign | self.infinity() | (1 << (self.fraction - 1));
        }
        let own = ((x.abs().to_bits() >> 52) as i32 - 1023).min(2 * self.bias) + self.bias;
        let exponent = own.max(1);
        let significand = (x.abs() / self.unit(exponent)).round_ties_even();
        // A significand that is rounded up to the next power of two adds 1 to the exponent.
        let magnitude = f64::from((exponent - 1) << self.fraction) + significand;
        sign | magnitude.min(self.infinity().into()) as u16
    }

    /// What the last bit of the significand is worth at a stored exponent.
    fn unit(&self, exponent: i32) -> f64 {
        2f64.powi(exponent - self.bias - self.fraction as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_the_standards() {
        for (bits, x) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333251953125),
            (0x7bff, 65504.0),
            (0x0400, 2f64.powi(-14)),
            (0x0001, 2f64.powi(-24)),
            (0xfc00, f64::NEG_INFINITY),
        ] {
            assert_eq!((HALF.decode(bits), HALF.encode(x)), (x, bits));
        }
        assert_eq!(HALF.encode(-0.0), 0x8000);
        assert!(HALF.decode(0x7e00).is_nan() && HALF.decode(HALF.encode(f64::NAN)).is_nan());
    }

    #[test]
    fn brain_floats_are_the_upper_halves_of_single_precision() {
        for bits in 0..=u16::MAX {
            let single = f64::from(f32::from_bits(u32::from(bits) << 16));
            let x = BRAIN.decode(bits);
            assert!(x == single || (x.is_nan() && single.is_nan()), "{bits:#x}");
        }
    }

    #[test]
    fn every_pattern_comes_back_and_ties_go_to_the_even_one() {
        for format in [HALF, BRAIN] {
            for bits in 0..format.infinity() {
                let x = format.decode(bits);
                assert_eq!((format.encode(x), format.encode(-x)), (bits, bits | 1 << 15));
                // Where the next would be, if there were one: rounding goes on as if.
                let step = format.unit(i32::from(bits >> format.fraction).max(1));
                let (tie, nudge) = (x + step / 2.0, step / 64.0);
                assert_eq!(format.encode(tie - nudge), bits, "{x}");
                assert_eq!(format.encode(tie + nudge), bits + 1, "{x}");
                assert_eq!(format.encode(tie), bits + (bits & 1), "{x}");
            }
            assert_eq!(format.encode(f64::MAX), format.infinity());
            assert_eq!(format.encode(f64::MIN_POSITIVE), 0);
        }
    }

    #[test]
    fn a_number_that_is_too_large_is_not_stored_as_infinite() {
        assert_eq!(Storage::F16.encode(&[1.0_f32, 65519.0]).unwrap().len(), 4);
        assert_eq!(Storage::F16.encode(&[1.0_f32, 65520.0]), Err(65520.0));
        assert_eq!(Storage::F32.encode(&[1e300_f64]), Err(1e300));
        assert!(Storage::F16.encode(&[f32::INFINITY, f32::NAN]).is_ok(), "they are what they were");
    }
}
