//! What a setting may be.

use std::fmt;

/// The values that a setting or a hyperparameter may have; all of them are finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// Any finite number.
    Finite,
    /// 0 ≤ x.
    NonNegative,
    /// x ≤ 0.
    NonPositive,
    /// 0 < x.
    Positive,
    /// 1 ≤ x.
    AtLeastOne,
    /// 0 ≤ x < 1: the weight of the past in a running average.
    Decay,
    /// 0 ≤ x ≤ 1.
    Fraction,
}

impl Domain {
    /// Whether the value is one of the domain.
    ///
    /// ```
    /// use cotangent::Domain;
    /// assert!(Domain::Decay.contains(0.9) && !Domain::Decay.contains(1.0));
    /// assert!(!Domain::Finite.contains(f64::NAN));
    /// ```
    pub fn contains(self, x: f64) -> bool {
        x.is_finite()
            && match self {
                Self::Finite => true,
                Self::NonNegative => x >= 0.0,
                Self::NonPositive => x <= 0.0,
                Self::Positive => x > 0.0,
                Self::AtLeastOne => x >= 1.0,
                Self::Decay => (0.0..1.0).contains(&x),
                Self::Fraction => (0.0..=1.0).contains(&x),
            }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Finite => "finite",
            Self::NonNegative => "finite and at least 0",
            Self::NonPositive => "finite and at most 0",
            Self::Positive => "finite and above 0",
            Self::AtLeastOne => "finite and at least 1",
            Self::Decay => "at least 0 and below 1",
            Self::Fraction => "between 0 and 1",
        })
    }
}
