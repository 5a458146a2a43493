//! What can be said of a transformer before it is built.

use graph::Scope;

use super::parts::FeedForward;
use crate::attention::{Blocks, MultiHeadAttentionBuilder, RotaryEmbedding};
use crate::error::{not_negative, positive};
use crate::{Activation, Dropout, HyperparameterError, LayerNorm, Linear, MultiHeadAttention};

/// The options that all layers have.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub width: usize,
    pub heads: usize,
    pub kv_heads: usize,
    pub feedforward: usize,
    pub dropout: f64,
    pub activation: Activation,
    pub eps: f64,
    pub norm_first: bool,
    pub bias: bool,
    pub rotary: Option<RotaryEmbedding>,
    pub blocks: Blocks,
}

impl Options {
    pub fn new(width: usize, heads: usize) -> Self {
        Self {
            width,
            heads,
            kv_heads: heads,
            feedforward: 2048,
            dropout: 0.1,
            activation: Activation::Relu,
            eps: 1e-5,
            norm_first: false,
            bias: true,
            rotary: None,
            blocks: Blocks::Auto,
        }
    }

    fn attention(&self) -> MultiHeadAttentionBuilder {
        MultiHeadAttention::new(self.width, self.heads)
            .kv_heads(self.kv_heads)
            .bias(self.bias)
            .dropout(self.dropout)
            .blocks(self.blocks)
    }

    fn self_attention(&self) -> MultiHeadAttentionBuilder {
        let attention = self.attention();
        self.rotary.map_or(attention.clone(), |rotary| attention.rotary(rotary))
    }

    #[track_caller]
    pub fn build_self_attention(&self, scope: &mut Scope<'_>, name: &str) -> MultiHeadAttention {
        self.self_attention().build(scope, name)
    }

    #[track_caller]
    pub fn build_attention(&self, scope: &mut Scope<'_>, name: &str) -> MultiHeadAttention {
        self.attention().build(scope, name)
    }

    #[track_caller]
    pub fn build_norm(&self, scope: &mut Scope<'_>, name: &str) -> LayerNorm {
        LayerNorm::new(self.width).eps(self.eps).bias(self.bias).build(scope, name)
    }

    #[track_caller]
    pub fn build_feedforward(&self, scope: &mut Scope<'_>) -> FeedForward {
        let (inner, outer) = (self.feedforward, self.width);
        FeedForward {
            linear1: Linear::new(outer, inner).bias(self.bias).build(scope, "linear1"),
            linear2: Linear::new(inner, outer).bias(self.bias).build(scope, "linear2"),
            activation: self.activation,
            dropout: Dropout::new(self.dropout),
        }
    }

    pub fn check(&self) -> Result<(), HyperparameterError> {
        positive("Transformer", "the features within the affine part", self.feedforward)?;
        not_negative("Transformer", "ε", self.eps)?;
        self.self_attention().check()
    }
}

/// The methods of a builder that has `options`.
macro_rules! options {
    ($layer:ident) => {
        /// The features between the two affine maps; 2048 by default (PyTorch's `dim_feedforward`).
        pub fn feedforward(mut self, features: usize) -> Self {
            self.options.feedforward = features;
            self
        }

        /// [`Dropout`](crate::Dropout) of this probability in training, of attention's weights, within the affine
        /// part and of what each part adds; 0.1 by default.
        pub fn dropout(mut self, probability: f64) -> Self {
            self.options.dropout = probability;
            self
        }

        /// The function between the two affine maps; relu by default.
        pub fn activation(mut self, activation: crate::Activation) -> Self {
            self.options.activation = activation;
            self
        }

        /// The ε of the norms; 10⁻⁵ by default (PyTorch's `layer_norm_eps`).
        pub fn eps(mut self, eps: f64) -> Self {
            self.options.eps = eps;
            self
        }

        /// Normalises what each part is given, and not the sum with what it answers.
        pub fn norm_first(mut self) -> Self {
            self.options.norm_first = true;
            self
        }

        /// With or without biases, those of norms included.
        pub fn bias(mut self, bias: bool) -> Self {
            self.options.bias = bias;
            self
        }

        /// Where elements look at each other, queries and keys are rotated by their positions; of the extent of a
        /// head, `width`/`heads`.
        pub fn rotary(mut self, rotary: crate::attention::RotaryEmbedding) -> Self {
            self.options.rotary = Some(rotary);
            self
        }

        /// So many heads of keys and values in each attention, shared by those of queries: see
        /// [`MultiHeadAttentionBuilder::kv_heads`](crate::attention::MultiHeadAttentionBuilder::kv_heads). As many by default.
        pub fn kv_heads(mut self, kv_heads: usize) -> Self {
            self.options.kv_heads = kv_heads;
            self
        }

        /// Whether attention computes all weights at once, or those of a block of queries at a time.
        pub fn blocks(mut self, blocks: crate::attention::Blocks) -> Self {
            self.options.blocks = blocks;
            self
        }

        /// [`build`](Self::build), for options that come from data.
        ///
        /// # Errors
        /// If an extent is 0, the width is no multiple of the number of heads, or that no multiple of the number of heads of
        /// keys, the probability is not in [0, 1], ε is negative, infinite or NaN, or rotations are of another extent than a
        /// head; nothing is built then.
        #[track_caller]
        pub fn try_build(
            self,
            scope: &mut graph::Scope<'_>,
            name: &str,
        ) -> Result<$layer, $crate::HyperparameterError> {
            self.check()?;
            Ok(self.build(scope, name))
        }
    };
}
pub(super) use options;

/// The methods of the builder of one layer, which has `options` alone.
macro_rules! of_one_layer {
    ($layer:ident) => {
        $crate::transformer::options::options!($layer);

        pub(super) fn of(options: $crate::transformer::options::Options) -> Self {
            Self { options }
        }

        fn check(&self) -> Result<(), $crate::HyperparameterError> {
            self.options.check()
        }
    };
}
pub(super) use of_one_layer;
