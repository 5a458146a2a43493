//! What the layers of transformers are made of.

use graph::Var;

use crate::module::layer;
use crate::{Activation, Dropout, LayerNorm, Linear, Mode};

/// The affine part of a layer of a transformer: linear2(dropout(f(linear1(x)))).
///
/// ```
/// use cotangent::Params;
/// use cotangent::nn::TransformerEncoderLayer;
///
/// let mut params = Params::seeded(0);
/// let layer = TransformerEncoderLayer::new(8, 2).feedforward(32).build(&mut params.root(), "block");
/// assert_eq!(layer.feedforward.linear1.weight.path(), "block.linear1.weight");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FeedForward {
    /// From the features of the sequence to those within.
    pub linear1: Linear,
    /// Back.
    pub linear2: Linear,
    pub(super) activation: Activation,
    pub(super) dropout: Dropout,
}

layer!([] FeedForward, "FeedForward"; |layer|
    linear1 = layer.linear1, activation = layer.activation, linear2 = layer.linear2);

impl FeedForward {
    #[track_caller]
    pub(super) fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        let within = self.activation.forward(self.linear1.forward(x));
        self.linear2.forward(self.dropout.forward(within, mode))
    }
}

/// How a part is added to its input x, with N its norm and D dropout: N(x + D(f(x))), or x + D(f(N(x))).
#[derive(Clone, Copy, Debug)]
pub(super) struct Residual {
    pub norm_first: bool,
    pub dropout: Dropout,
    pub mode: Mode,
}

impl Residual {
    #[track_caller]
    pub fn add<'g>(
        self,
        x: Var<'g>,
        norm: &LayerNorm,
        part: impl FnOnce(Var<'g>) -> Var<'g>,
    ) -> Var<'g> {
        if self.norm_first {
            x + self.dropout.forward(part(norm.forward(x)), self.mode)
        } else {
            norm.forward(x + self.dropout.forward(part(x), self.mode))
        }
    }
}
