//! The description of a multilayer perceptron in a step file. It stands apart from the model itself
//! (`models/perceptron.rs`) since candle's and burn's side read it too: they have these steps and no others.
//!
//! A hidden block is Linear (with bias), BatchNorm where the step has it, then the activation; the output layer is a
//! Linear alone.

use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::spec::Spec;

/// The function that ends a hidden block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// Hyperbolic tangent.
    Tanh,
    /// max(x, 0).
    Relu,
}

/// What is minimised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// The mean softmax cross-entropy of integer labels.
    CrossEntropy,
    /// The mean squared difference from the input.
    Reconstruction,
}

/// Linear layers, what stands between them, and what is minimised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename = "perceptron")]
pub struct Perceptron {
    /// Width of the input, of each hidden layer, and of the output.
    pub sizes: Vec<usize>,
    /// Whether BatchNorm stands between a hidden Linear and its activation.
    pub batch_norm: bool,
    /// BatchNorm's ε (inside the root).
    pub bn_eps: f64,
    /// BatchNorm's momentum as PyTorch means it: the weight of the new value. The running variance is unbiased.
    pub bn_momentum: f64,
    /// Ends each hidden block.
    pub activation: Activation,
    /// What is minimised.
    pub loss: Loss,
}

impl Perceptron {
    /// The perceptron of a step.
    pub fn of(spec: &Spec) -> Result<Self, Failure> {
        if spec.model["kind"] != "perceptron" {
            return Err("written for the steps of Linear layers alone".into());
        }
        Ok(serde_json::from_value(spec.model.clone())?)
    }

    /// The (inputs, outputs) of each Linear, in order.
    pub fn linears(&self) -> impl Iterator<Item = (usize, usize)> {
        self.sizes.windows(2).map(|w| (w[0], w[1]))
    }

    /// The widths of the hidden blocks.
    pub fn hidden(&self) -> &[usize] {
        &self.sizes[1..self.sizes.len() - 1]
    }

    /// The width of the output.
    pub fn outputs(&self) -> usize {
        self.sizes[self.sizes.len() - 1]
    }
}
