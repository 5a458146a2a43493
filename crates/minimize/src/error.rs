//! What a minimizer refuses.

use std::error::Error;

use graph::RunError;

use graph::Domain;

/// A minimisation that was refused or could not go on. What it was given is as it was.
///
/// ```
/// use cotangent::minimize::{Lbfgs, Minimizer};
/// let mut f = |_: &[f64], _: &mut [f64]| f64::NAN;
/// let error = Lbfgs::new().minimize(&mut f, &[0.0]).unwrap_err();
/// println!("{error}");
/// ```
#[derive(thiserror::Error)]
pub enum MinimizeError {
    /// A setting outside of its domain.
    #[error("{of}: {name} must be {domain}, and is {value}")]
    Setting {
        /// The minimizer or part.
        of: &'static str,
        /// The setting.
        name: &'static str,
        /// The value seen.
        value: f64,
        /// The values allowed.
        domain: Domain,
    },
    /// A start of another length than the objective has variables.
    #[error("the objective has {expected} variables, and the start {given}")]
    Dimension {
        /// The number of variables of the objective.
        expected: usize,
        /// The length of the start.
        given: usize,
    },
    /// A start that is not finite.
    #[error("the start holds {value} at {position}: every number must be finite")]
    Start {
        /// Where.
        position: usize,
        /// The value found.
        value: f64,
    },
    /// An objective without a finite value and finite derivatives at the start, so that there is
    /// nothing to improve on.
    #[error("{what} at the start is not finite: it holds {value}")]
    NotFiniteAtStart {
        /// The value, the gradient, the Hessian, ….
        what: &'static str,
        /// A value found there.
        value: f64,
    },
    /// Bounds that are not as many as the variables.
    #[error("there are {variables} variables, with {lower} lower and {upper} upper bounds")]
    BoundsCount {
        /// How many lower bounds.
        lower: usize,
        /// How many upper bounds.
        upper: usize,
        /// How many variables.
        variables: usize,
    },
    /// Bounds between which there is nothing.
    #[error("no number of variable {position} is within the bounds {lower} and {upper}")]
    Bounds {
        /// The variable.
        position: usize,
        /// Its lower bound.
        lower: f64,
        /// Its upper bound.
        upper: f64,
    },
    /// The objective could not be evaluated.
    #[error("the objective cannot be evaluated: {0}")]
    Objective(#[source] Box<dyn Error + Send + Sync>),
}

graph::debug_as_display!(MinimizeError);

impl From<RunError> for MinimizeError {
    fn from(error: RunError) -> Self {
        Self::Objective(Box::new(error))
    }
}

/// Fails unless a setting is in its domain.
pub(crate) fn check_setting(
    of: &'static str,
    name: &'static str,
    value: f64,
    domain: Domain,
) -> Result<(), MinimizeError> {
    if domain.contains(value) {
        Ok(())
    } else {
        Err(MinimizeError::Setting { of, name, value, domain })
    }
}

/// Fails unless the start is finite, and as long as the objective has variables.
pub(crate) fn check_start(x0: &[f64], dimension: Option<usize>) -> Result<(), MinimizeError> {
    if let Some(expected) = dimension.filter(|&expected| expected != x0.len()) {
        return Err(MinimizeError::Dimension { expected, given: x0.len() });
    }
    check_finite(x0).map_err(|(position, value)| MinimizeError::Start { position, value })
}

/// Fails unless all that was computed at the start is finite.
pub(crate) fn check_at_start(what: &'static str, values: &[f64]) -> Result<(), MinimizeError> {
    check_finite(values).map_err(|(_, value)| MinimizeError::NotFiniteAtStart { what, value })
}

fn check_finite(values: &[f64]) -> Result<(), (usize, f64)> {
    match values.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(position) => Err((position, values[position])),
    }
}
