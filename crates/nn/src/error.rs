//! What layers and losses refuse.

use std::borrow::Cow;
use std::panic::Location;

/// A hyperparameter outside the values for which the method is defined.
///
/// ```
/// let error = cotangent::nn::Dropout::try_new(1.5).unwrap_err();
/// assert_eq!(error.to_string(), "Dropout: the probability must be in [0, 1], and is 1.5");
/// ```
#[derive(Clone, PartialEq, thiserror::Error)]
#[error("{owner}: {name} must be {rule}, and is {value}")]
pub struct HyperparameterError {
    /// The layer, loss or initialiser.
    pub owner: &'static str,
    /// The hyperparameter.
    pub name: &'static str,
    /// What it must be.
    pub rule: Cow<'static, str>,
    /// What it is.
    pub value: f64,
}

graph::debug_as_display!(HyperparameterError);

impl HyperparameterError {
    /// The error, unless the rule holds.
    pub(crate) fn unless(
        holds: bool,
        owner: &'static str,
        name: &'static str,
        rule: impl Into<Cow<'static, str>>,
        value: f64,
    ) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self { owner, name, rule: rule.into(), value }) }
    }
}

/// Checks an extent that so many others, which are positive, must divide.
pub(crate) fn multiple(
    owner: &'static str,
    (name, extent): (&'static str, usize),
    (parts, count): (&'static str, usize),
) -> Result<(), HyperparameterError> {
    let rule = format!("a multiple of {parts}, {count}");
    HyperparameterError::unless(extent.is_multiple_of(count), owner, name, rule, extent as f64)
}

/// Checks an extent that must not be 0.
pub(crate) fn positive(
    owner: &'static str,
    name: &'static str,
    extent: usize,
) -> Result<(), HyperparameterError> {
    HyperparameterError::unless(extent > 0, owner, name, "at least 1", extent as f64)
}

/// Checks a number that must be finite and not negative.
pub(crate) fn not_negative(
    owner: &'static str,
    name: &'static str,
    value: f64,
) -> Result<(), HyperparameterError> {
    let holds = value >= 0.0 && value.is_finite();
    HyperparameterError::unless(holds, owner, name, "finite and at least 0", value)
}

/// The value, in code where a refused hyperparameter is a mistake in the program.
#[track_caller]
pub(crate) fn accept<T>(checked: Result<T, HyperparameterError>) -> T {
    match checked {
        Ok(value) => value,
        Err(error) => panic!("{error}\n  at {}", Location::caller()),
    }
}
