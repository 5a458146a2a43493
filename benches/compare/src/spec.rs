//! What a training step is: the five steps of the comparison, as data that every framework reads.
//!
//! One step is: forward pass, mean softmax cross-entropy from integer labels, backward pass, optimizer update,
//! and the update of BatchNorm's running statistics. All in `f32`. A hidden block is Linear (with bias),
//! BatchNorm where the step has it, then the activation; the output layer is a Linear alone.

use serde::{Deserialize, Serialize};

/// The function that ends a hidden block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// Hyperbolic tangent.
    Tanh,
    /// max(x, 0).
    Relu,
}

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
    /// The name of the step in the table and on the command line.
    pub name: String,
    /// Width of the input, of each hidden layer, and of the output.
    pub sizes: Vec<usize>,
    /// Rows of the batch.
    pub batch: usize,
    /// Whether BatchNorm stands between a hidden Linear and its activation.
    pub batch_norm: bool,
    /// BatchNorm's ε (inside the root).
    pub bn_eps: f64,
    /// BatchNorm's momentum as PyTorch means it: the weight of the new value. The running variance is unbiased.
    pub bn_momentum: f64,
    /// Ends each hidden block.
    pub activation: Activation,
    /// The update rule.
    pub optimizer: Optimizer,
}

impl Spec {
    /// The (inputs, outputs) of each Linear, in order.
    pub fn linears(&self) -> impl Iterator<Item = (usize, usize)> {
        self.sizes.windows(2).map(|w| (w[0], w[1]))
    }

    /// The widths of the hidden blocks.
    pub fn hidden(&self) -> &[usize] {
        &self.sizes[1..self.sizes.len() - 1]
    }

    /// How many numbers are trained.
    pub fn parameters(&self) -> usize {
        let linear: usize = self.linears().map(|(inputs, outputs)| (inputs + 1) * outputs).sum();
        let norm: usize = self.hidden().iter().map(|width| 2 * width).sum();
        if self.batch_norm { linear + norm } else { linear }
    }
}

/// The names of the five steps.
pub const NAMES: [&str; 5] = ["tiny", "digits", "mnist", "deep", "wide"];

/// The five steps, in the order of [`NAMES`].
pub fn all() -> Vec<Spec> {
    let sgd = |momentum| Optimizer::Sgd { lr: 1e-2, momentum };
    let adam = Optimizer::Adam { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8 };
    let step = |name: usize, sizes: Vec<usize>, batch, batch_norm, activation, optimizer| Spec {
        name: NAMES[name].to_owned(),
        sizes,
        batch,
        batch_norm,
        bn_eps: 1e-5,
        bn_momentum: 0.1,
        activation,
        optimizer,
    };
    let deep = [vec![784], vec![100; 20], vec![10]].concat();
    use Activation::{Relu, Tanh};
    vec![
        step(0, vec![2, 16, 16, 2], 32, false, Tanh, sgd(0.0)),
        step(1, vec![64, 128, 64, 10], 64, true, Relu, adam),
        step(2, vec![784, 512, 256, 10], 128, true, Relu, adam),
        step(3, deep, 128, true, Tanh, sgd(0.9)),
        step(4, vec![1024, 2048, 2048, 10], 512, true, Relu, adam),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_counted_with_biases_and_norms() {
        let counts: Vec<usize> = all().iter().map(Spec::parameters).collect();
        assert_eq!(counts[0], 2 * 16 + 16 + 16 * 16 + 16 + 16 * 2 + 2);
        assert_eq!(counts[1], 64 * 128 + 128 + 256 + 128 * 64 + 64 + 128 + 640 + 10);
    }

    #[test]
    fn a_spec_survives_json() {
        for spec in all() {
            let json = serde_json::to_string(&spec).unwrap();
            assert_eq!(serde_json::from_str::<Spec>(&json).unwrap(), spec);
        }
    }
}
