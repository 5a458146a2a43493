//! What an optimizer refuses.

use std::fmt;

use graph::{GradientsError, Shape};

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

/// The values that a hyperparameter may have; all of them are finite.
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
    /// use optim::Domain;
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
