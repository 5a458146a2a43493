//! What a training step is, as data that every framework reads: its batch, its model, its update rule.
//!
//! One step is: forward pass, mean loss, backward pass, optimizer update, and the update of running statistics where
//! the model has some. All in `f32`. Without an update rule it is an evaluation of the same numbers each time.

use serde::{Deserialize, Serialize};

/// The update rule, in PyTorch's conventions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Optimizer {
    /// `v ← momentum·v + g` (starting from 0), `p ← p − lr·v`; momentum 0 keeps no state.
    Sgd {
        /// Learning rate.
        lr: f64,
        /// Weight of the previous direction.
        momentum: f64,
    },
    /// Adam with bias correction, ε outside the root.
    Adam {
        /// Learning rate.
        lr: f64,
        /// Decay of the first moment.
        beta1: f64,
        /// Decay of the second moment.
        beta2: f64,
        /// Added to the root of the second moment.
        eps: f64,
    },
}

impl Optimizer {
    /// SGD as the steps use it.
    pub const fn sgd(momentum: f64) -> Self {
        Self::Sgd { lr: 1e-2, momentum }
    }

    /// Adam as the steps use it.
    pub const fn adam() -> Self {
        Self::Adam { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8 }
    }

    /// How many numbers the optimizer remembers for each parameter.
    pub fn state_per_parameter(&self) -> usize {
        match self {
            Self::Sgd { momentum, .. } if *momentum == 0.0 => 0,
            Self::Sgd { .. } => 1,
            Self::Adam { .. } => 2,
        }
    }
}

/// One training step: everything but the numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// The name of the step in the tables and on the command line.
    pub name: String,
    /// How many samples the batch has.
    pub batch: usize,
    /// The model, whose `kind` says how to read the rest of it.
    pub model: serde_json::Value,
    /// The update rule; none where nothing is trained.
    pub optimizer: Option<Optimizer>,
}
