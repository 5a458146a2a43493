//! What an optimizer refuses.

use graph::{Domain, GradientsError, Shape};

/// A step that was refused. The parameters, and the optimizer's state, are as they were.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OptimError {
    /// Gradients that are not those of the store's trainable parameters: one missing, one unknown,
    /// one of another shape.
    #[error(transparent)]
    Gradients(#[from] GradientsError),
    /// A hyperparameter outside of its domain, as given or as its schedule has it at this step.
    #[error("{of}: {name} must be {domain}, and is {value} at step {step}")]
    Hyperparameter {
        /// The rule or part, such as `"adam"`.
        of: &'static str,
        /// The hyperparameter.
        name: &'static str,
        /// The value seen.
        value: f64,
        /// The values allowed.
        domain: Domain,
        /// The step it was for: 0 is the first.
        step: u64,
    },
    /// A schedule for a hyperparameter that the rule does not have.
    #[error("{rule} has no hyperparameter {name:?} to schedule; it has {known}")]
    UnknownHyperparameter {
        /// The rule.
        rule: &'static str,
        /// The name given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A parameter of a shape that the rule has no formula for.
    #[error("{rule} does not update {path:?} of shape {shape}: {requirement}")]
    UnfitShape {
        /// The rule.
        rule: &'static str,
        /// The parameter.
        path: String,
        /// Its shape.
        shape: Shape,
        /// What the rule asks for.
        requirement: &'static str,
    },
    /// A pattern that selects no parameter: a misspelt path, most likely.
    #[error("no trainable parameter matches {pattern:?}")]
    UnmatchedPattern {
        /// The pattern.
        pattern: String,
    },
    /// A loss that is infinite or NaN, whose gradients are of no use.
    #[error(
        "the loss is {loss} at step {step}: the learning rate, {learning_rate}, is probably too high"
    )]
    Diverged {
        /// The loss.
        loss: f64,
        /// The step it was for: 0 is the first.
        step: u64,
        /// The learning rate of this step.
        learning_rate: f64,
    },
    /// The store has other trainable parameters than at the first step.
    #[error(
        "the parameters are not those of the first step, when the optimizer's state was laid out: \
         {change}"
    )]
    ParametersChanged {
        /// The first difference.
        change: String,
    },
}
