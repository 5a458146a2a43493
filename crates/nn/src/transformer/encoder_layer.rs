//! A layer whose elements look at each other.

use std::panic::Location;

use graph::{Scope, Shape, Var};

use super::options::{Options, of_one_layer};
use super::parts::{FeedForward, Residual};
use crate::attention::Masks;
use crate::error::accept;
use crate::module::{forward_at, layer};
use crate::{Dropout, LayerNorm, Mode, Module, MultiHeadAttention};

/// Attention of a sequence to itself, and an affine part for each of its elements, PyTorch's
/// `TransformerEncoderLayer`: each is added to its input, and the sum normalised.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::{Activation, Mode, TransformerEncoderLayer};
///
/// let mut params = Params::seeded(0);
/// let layer = TransformerEncoderLayer::new(8, 2).feedforward(32).activation(Activation::Gelu);
/// let layer = layer.build(&mut params.root(), "block");
/// let g = Graph::new();
/// assert_eq!(layer.forward(g.input("x", [3, 5, 8]), Mode::Train).shape(), [3, 5, 8].into());
/// ```
///
/// [`transformer`](crate::transformer) has the defaults of all options.
#[derive(Clone, Debug, PartialEq)]
pub struct TransformerEncoderLayer {
    /// Elements look at each other.
    pub self_attn: MultiHeadAttention,
    /// Each is mapped.
    pub feedforward: FeedForward,
    /// Of the attention.
    pub norm1: LayerNorm,
    /// Of the affine part.
    pub norm2: LayerNorm,
    norm_first: bool,
    dropout: Dropout,
}

layer!([] TransformerEncoderLayer, "TransformerEncoderLayer"; |layer|
    self_attn = layer.self_attn, feedforward = layer.feedforward, norm1 = layer.norm1, norm2 = layer.norm2);

/// The options of a [`TransformerEncoderLayer`] to be built.
#[derive(Clone, Debug)]
pub struct TransformerEncoderLayerBuilder {
    options: Options,
}

impl TransformerEncoderLayer {
    /// For sequences of `width` features, with so many heads.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(width: usize, heads: usize) -> TransformerEncoderLayerBuilder {
        TransformerEncoderLayerBuilder { options: Options::new(width, heads) }
    }

    /// Of sequences `[.., T, width]`, in their shape.
    ///
    /// # Panics
    /// If x is not of such a shape.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        self.forward_masked(x, Masks::none(), mode)
    }

    /// As [`forward`](Self::forward), where not everybody is seen: see
    /// [`MultiHeadAttention::forward_masked`].
    ///
    /// # Panics
    /// If x or a mask is not of its shape.
    #[track_caller]
    pub fn forward_masked<'g>(&self, x: Var<'g>, masks: Masks<'g>, mode: Mode) -> Var<'g> {
        self.record(x, mode, |x| self.self_attn.forward_masked(x, masks, mode))
    }

    /// The next elements of each sequence, by a cache as in [`MultiHeadAttention::forward_cached`]; without dropout.
    ///
    /// # Panics
    /// If x, the position or the cache is not of its shape.
    #[track_caller]
    pub fn forward_cached<'g>(
        &self,
        x: Var<'g>,
        position: Var<'g>,
        cache: Var<'g>,
    ) -> (Var<'g>, Var<'g>) {
        let mut written = cache;
        let y = self.record(x, Mode::Eval, |x| {
            let (y, cache) = self.self_attn.forward_cached(x, position, cache);
            written = cache;
            y
        });
        (y, written)
    }

    /// The shape of the cache: see [`MultiHeadAttention::cache_shape`].
    pub fn cache_shape(&self, batch: usize, length: usize) -> Shape {
        self.self_attn.cache_shape(batch, length)
    }

    #[track_caller]
    fn record<'g>(
        &self,
        x: Var<'g>,
        mode: Mode,
        attend: impl FnOnce(Var<'g>) -> Var<'g>,
    ) -> Var<'g> {
        let residual = Residual { norm_first: self.norm_first, dropout: self.dropout, mode };
        x.graph().at(Location::caller(), || {
            let x = residual.add(x, &self.norm1, attend);
            residual.add(x, &self.norm2, |x| self.feedforward.forward(x, mode))
        })
    }
}

impl Module for TransformerEncoderLayer {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        self.forward(x, mode)
    }

    forward_at!();
}

impl TransformerEncoderLayerBuilder {
    of_one_layer!(TransformerEncoderLayer);

    /// Builds the parameters of `name.self_attn`, `name.linear1`, `name.linear2`, `name.norm1` and `name.norm2`.
    ///
    /// # Panics
    /// Where [`try_build`](Self::try_build) answers an error, or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> TransformerEncoderLayer {
        accept(self.check());
        let (options, mut scope) = (self.options, scope.child(name));
        TransformerEncoderLayer {
            self_attn: options.build_self_attention(&mut scope, "self_attn"),
            feedforward: options.build_feedforward(&mut scope),
            norm1: options.build_norm(&mut scope, "norm1"),
            norm2: options.build_norm(&mut scope, "norm2"),
            norm_first: options.norm_first,
            dropout: Dropout::new(options.dropout),
        }
    }
}
