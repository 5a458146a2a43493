//! The same value at every step.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Curve;

/// s(t) = c.
///
/// ```
/// use cotangent::optim::{Constant, Curve};
/// assert_eq!(Constant::new(0.5).sample(0..3), [0.5, 0.5, 0.5]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Constant {
    /// c.
    pub value: f64,
}

impl Constant {
    /// The constant c.
    pub fn new(value: f64) -> Self {
        Self { value }
    }
}

impl Curve for Constant {
    fn at(&self, _step: u64) -> f64 {
        self.value
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.value)
    }
}
