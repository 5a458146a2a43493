//! The range of some numbers.

use std::fmt;

use crate::Scalar;

/// The least and the greatest of the finite among some numbers, and how many are not finite.
///
/// ```
/// use cotangent::reading::Extent;
/// assert_eq!(Extent::of(&[3.0, -1.0, 0.5]).to_string(), "[-1e0, 3e0]");
/// assert_eq!(Extent::of(&[3.0, f64::NAN]).to_string(), "[3e0, 3e0] and 1 not finite");
/// assert_eq!(Extent::of(&[f64::INFINITY]).to_string(), "1 not finite");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    low: f64,
    high: f64,
    wild: usize,
}

impl Extent {
    /// That of these numbers.
    pub fn of<'a, T: Scalar>(values: impl IntoIterator<Item = &'a T>) -> Self {
        let start = Self { low: f64::INFINITY, high: f64::NEG_INFINITY, wild: 0 };
        values.into_iter().map(|&value| value.to_f64()).fold(start, |extent, value| {
            if value.is_finite() {
                Self { low: extent.low.min(value), high: extent.high.max(value), ..extent }
            } else {
                Self { wild: extent.wild + 1, ..extent }
            }
        })
    }

    /// Whether all of them are finite.
    pub fn is_finite(&self) -> bool {
        self.wild == 0
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { low, high, wild } = self;
        match (low <= high, wild) {
            (true, 0) => write!(f, "[{low:e}, {high:e}]"),
            (true, _) => write!(f, "[{low:e}, {high:e}] and {wild} not finite"),
            (false, 0) => f.write_str("no numbers"),
            (false, _) => write!(f, "{wild} not finite"),
        }
    }
}
