//! What each class counts.

use graph::{Var, misfit};
use ndarray::Array1;

use crate::HyperparameterError;
use crate::error::not_negative;

/// Unless every weight is finite and not negative.
pub(super) fn check(
    loss: &'static str,
    weights: &Option<Vec<f64>>,
) -> Result<(), HyperparameterError> {
    let mut weights = weights.iter().flatten();
    weights.try_for_each(|&weight| not_negative(loss, "the weight of a class", weight))
}

/// The weights of the classes on an axis of x, one for each.
#[track_caller]
pub(super) fn of<'g>(
    loss: &str,
    weights: &Option<Vec<f64>>,
    x: Var<'g>,
    axis: usize,
) -> Option<Var<'g>> {
    let weights = weights.as_ref()?;
    let classes = x.shape().get(axis).copied().unwrap_or(0);
    if weights.len() != classes {
        let given = weights.len();
        let rule = format!(
            "each of the {classes} classes on axis {axis} must have a weight, and {given} are given"
        );
        misfit(loss, rule, &[x]);
    }
    Some(x.graph().constant(Array1::from(weights.clone())))
}
