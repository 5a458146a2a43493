//! What an optimizer refuses.

use graph::{Domain, GradientsError, Shape};

/// A step that was refused. The parameters, and the optimizer's state, are as they were.
///
/// ```
/// use cotangent::optim::Sgd;
/// let error = Sgd::<f32>::new(-0.1).validate().unwrap_err();
/// assert!(error.to_string().contains("learning_rate"));
/// ```
#[derive(Clone, PartialEq, thiserror::Error)]
pub enum OptimError {
    /// Gradients that are not those of trainable parameters of the store: one unknown, or out of
    /// order.
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
    #[error(
        "{rule} has no hyperparameter {name:?} to schedule; it has {known}, and those of options once they are set"
    )]
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
    #[error("no trainable parameter matches {pattern:?}; there is {known}")]
    UnmatchedPattern {
        /// The pattern.
        pattern: String,
        /// The paths there are, or the first of them.
        known: String,
    },
    /// A gradient that is infinite or NaN, from which no weight is written.
    #[error(
        "the gradient of {path:?} is {value} at {position:?}, at step {step}{}\n  \
         `Step::run_checked` names the operation it comes from; `.with(SkipNonFinite)` leaves such \
         steps out",
        too_high(*step, *learning_rate)
    )]
    NonFiniteGradient {
        /// The parameter.
        path: String,
        /// Where in it.
        position: Vec<usize>,
        /// The gradient there.
        value: f64,
        /// How many updates had been made.
        step: u64,
        /// The learning rate of this step.
        learning_rate: f64,
    },
    /// A loss that is infinite or NaN, whose gradients are of no use.
    #[error("the loss is {loss} at step {step}{}", too_high(*step, *learning_rate))]
    Diverged {
        /// The loss.
        loss: f64,
        /// The step it was for: 0 is the first.
        step: u64,
        /// The learning rate of this step.
        learning_rate: f64,
    },
    /// The store is not that of the steps before.
    #[error(
        "the parameters are not those of the first step, when the optimizer's state was laid out: \
         {change}"
    )]
    ParametersChanged {
        /// The first difference.
        change: String,
    },
}

graph::debug_as_display!(OptimError);

/// The usual reason of numbers that are not finite, once there was an update that can have led there.
fn too_high(updates: u64, learning_rate: f64) -> String {
    match updates {
        0 => ", before any update".to_owned(),
        _ => format!(": the learning rate, {learning_rate}, is probably too high"),
    }
}

/// Why a training step by [`Optimizer::train`](crate::Optimizer::train) was not made: nothing is changed then.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The loss or its gradients could not be computed.
    #[error(transparent)]
    Run(#[from] graph::RunError),
    /// The optimizer refused the update.
    #[error(transparent)]
    Update(#[from] OptimError),
}

graph::debug_as_display!(TrainError);
