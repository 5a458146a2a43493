//! A layer whose elements look at each other, and at a memory.

use std::panic::Location;

use graph::{Scope, Var};

use super::options::{Options, of_one_layer};
use super::parts::{FeedForward, Residual};
use crate::attention::Masks;
use crate::error::accept;
use crate::module::layer;
use crate::{Dropout, LayerNorm, Mode, MultiHeadAttention};

/// Attention of a sequence to itself and to a memory, and an affine part for each of its elements, PyTorch's
/// `TransformerDecoderLayer`: each is added to its input, and the sum normalised.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::{Mode, TransformerDecoderLayer, attention::Masks};
///
/// let mut params = Params::seeded(0);
/// let layer = TransformerDecoderLayer::new(8, 2).feedforward(32).build(&mut params.root(), "block");
/// let g = Graph::new();
/// let (x, memory) = (g.input("x", [3, 5, 8]), g.input("memory", [3, 7, 8]));
/// let causal = Masks::none().causal();
/// assert_eq!(layer.forward_masked(x, memory, [causal, Masks::none()], Mode::Train).shape(), x.shape());
/// ```
///
/// [`transformer`](crate::transformer) has the defaults of all options.
#[derive(Clone, Debug, PartialEq)]
pub struct TransformerDecoderLayer {
    /// Elements look at each other.
    pub self_attn: MultiHeadAttention,
    /// They look at the memory.
    pub multihead_attn: MultiHeadAttention,
    /// Each is mapped.
    pub feedforward: FeedForward,
    /// Of the attention to each other.
    pub norm1: LayerNorm,
    /// Of the attention to the memory.
    pub norm2: LayerNorm,
    /// Of the affine part.
    pub norm3: LayerNorm,
    norm_first: bool,
    dropout: Dropout,
}

layer!([] TransformerDecoderLayer, "TransformerDecoderLayer"; |layer|
    self_attn = layer.self_attn, multihead_attn = layer.multihead_attn, feedforward = layer.feedforward,
    norm1 = layer.norm1, norm2 = layer.norm2, norm3 = layer.norm3);

/// The options of a [`TransformerDecoderLayer`] to be built.
#[derive(Clone, Debug)]
pub struct TransformerDecoderLayerBuilder {
    options: Options,
}

impl TransformerDecoderLayer {
    /// For sequences and memories of `width` features, with so many heads.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(width: usize, heads: usize) -> TransformerDecoderLayerBuilder {
        TransformerDecoderLayerBuilder { options: Options::new(width, heads) }
    }

    /// Of sequences `[.., T, width]` and memories `[.., S, width]`, in the shape of the first; everybody is seen.
    ///
    /// # Panics
    /// If x or the memory is not of such a shape.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>, memory: Var<'g>, mode: Mode) -> Var<'g> {
        self.forward_masked(x, memory, [Masks::none(); 2], mode)
    }

    /// As [`forward`](Self::forward), where not everybody is seen: of the sequence itself, and of the memory. See
    /// [`MultiHeadAttention::forward_masked`].
    ///
    /// # Panics
    /// If x, the memory or a mask is not of its shape.
    #[track_caller]
    pub fn forward_masked<'g>(
        &self,
        x: Var<'g>,
        memory: Var<'g>,
        [of_itself, of_memory]: [Masks<'g>; 2],
        mode: Mode,
    ) -> Var<'g> {
        let residual = Residual { norm_first: self.norm_first, dropout: self.dropout, mode };
        x.graph().at(Location::caller(), || {
            let looks = |x| self.self_attn.forward_masked(x, of_itself, mode);
            let x = residual.add(x, &self.norm1, looks);
            let looks = |x| self.multihead_attn.attend([x, memory, memory], of_memory, mode);
            let x = residual.add(x, &self.norm2, looks);
            residual.add(x, &self.norm3, |x| self.feedforward.forward(x, mode))
        })
    }
}

impl TransformerDecoderLayerBuilder {
    of_one_layer!(TransformerDecoderLayer);

    /// Builds the parameters of `name.self_attn`, `name.multihead_attn`, `name.linear1`, `name.linear2`, and
    /// `name.norm1` to `name.norm3`.
    ///
    /// # Panics
    /// Where [`try_build`](Self::try_build) answers an error, or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> TransformerDecoderLayer {
        accept(self.check());
        let (options, mut scope) = (self.options, scope.child(name));
        TransformerDecoderLayer {
            self_attn: options.build_self_attention(&mut scope, "self_attn"),
            multihead_attn: options.build_attention(&mut scope, "multihead_attn"),
            feedforward: options.build_feedforward(&mut scope),
            norm1: options.build_norm(&mut scope, "norm1"),
            norm2: options.build_norm(&mut scope, "norm2"),
            norm3: options.build_norm(&mut scope, "norm3"),
            norm_first: options.norm_first,
            dropout: Dropout::new(options.dropout),
        }
    }
}
