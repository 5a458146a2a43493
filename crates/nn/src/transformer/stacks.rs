//! Layers one after the other.

use std::panic::Location;

use graph::{Scope, Shape, Var, misfit};

use super::options::{Options, options};
use super::{
    TransformerDecoderLayer, TransformerDecoderLayerBuilder, TransformerEncoderLayer,
    TransformerEncoderLayerBuilder,
};
use crate::attention::Masks;
use crate::error::{accept, positive};
use crate::module::{forward_at, layer};
use crate::{HyperparameterError, LayerNorm, Mode, Module};

/// [`TransformerEncoderLayer`]s one after the other, PyTorch's `TransformerEncoder`. (Its layers start as copies of one;
/// ours are drawn each.)
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::{Mode, TransformerEncoder};
///
/// let mut params = Params::seeded(0);
/// let encoder = TransformerEncoder::new(8, 2, 3).feedforward(32).norm().build(&mut params.root(), "encoder");
/// let g = Graph::new();
/// assert_eq!(encoder.forward(g.input("x", [3, 5, 8]), Mode::Train).shape(), [3, 5, 8].into());
/// ```
///
/// [`transformer`](crate::transformer) has the defaults of all options.
#[derive(Clone, Debug, PartialEq)]
pub struct TransformerEncoder {
    /// In the order they are applied.
    pub layers: Vec<TransformerEncoderLayer>,
    /// After the last of them, if it was asked for.
    pub norm: Option<LayerNorm>,
}

layer!([] TransformerEncoder, "TransformerEncoder"; |layer| layers = layer.layers, norm = layer.norm);

/// [`TransformerDecoderLayer`]s one after the other, which all look at one memory: PyTorch's `TransformerDecoder`.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::{Mode, TransformerDecoder};
///
/// let mut params = Params::seeded(0);
/// let decoder = TransformerDecoder::new(8, 2, 3).feedforward(32).build(&mut params.root(), "decoder");
/// let g = Graph::new();
/// let (x, memory) = (g.input("x", [3, 5, 8]), g.input("memory", [3, 7, 8]));
/// assert_eq!(decoder.forward(x, memory, Mode::Train).shape(), x.shape());
/// ```
///
/// [`transformer`](crate::transformer) has the defaults of all options.
#[derive(Clone, Debug, PartialEq)]
pub struct TransformerDecoder {
    /// In the order they are applied.
    pub layers: Vec<TransformerDecoderLayer>,
    /// After the last of them, if it was asked for.
    pub norm: Option<LayerNorm>,
}

layer!([] TransformerDecoder, "TransformerDecoder"; |layer| layers = layer.layers, norm = layer.norm);

/// The options of a [`TransformerEncoder`] to be built.
#[derive(Clone, Debug)]
pub struct TransformerEncoderBuilder {
    options: Options,
    layers: usize,
    norm: bool,
}

/// The options of a [`TransformerDecoder`] to be built.
#[derive(Clone, Debug)]
pub struct TransformerDecoderBuilder {
    options: Options,
    layers: usize,
    norm: bool,
}

impl TransformerEncoder {
    /// For sequences of `width` features, with so many heads in each of so many layers.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(width: usize, heads: usize, layers: usize) -> TransformerEncoderBuilder {
        TransformerEncoderBuilder { options: Options::new(width, heads), layers, norm: false }
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
    /// [`MultiHeadAttention::forward_masked`](crate::MultiHeadAttention::forward_masked).
    ///
    /// # Panics
    /// If x or a mask is not of its shape.
    #[track_caller]
    pub fn forward_masked<'g>(&self, x: Var<'g>, masks: Masks<'g>, mode: Mode) -> Var<'g> {
        x.graph().at(Location::caller(), || {
            let layers = self.layers.iter();
            normed(layers.fold(x, |x, layer| layer.forward_masked(x, masks, mode)), &self.norm)
        })
    }

    /// The next elements of each sequence, `[batch, L, width]`, from a position on, an index, by the cache of all layers, which
    /// comes out with them: what [`forward_masked`](Self::forward_masked) answers of them where that is causal. See
    /// [`MultiHeadAttention::forward_cached`](crate::MultiHeadAttention::forward_cached).
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
        if cache.shape().first() != Some(&self.layers.len()) {
            let rule = format!(
                "the first axis of the cache must have an element for each of the {} layers",
                self.layers.len()
            );
            misfit("transformer_encoder", rule, &[cache]);
        }
        x.graph().at(Location::caller(), || {
            let (mut x, mut written) = (x, Vec::new());
            for (i, layer) in self.layers.iter().enumerate() {
                let (y, of_layer) =
                    layer.forward_cached(x, position, cache.index_axis(0, i as isize));
                written.push(of_layer);
                x = y;
            }
            (normed(x, &self.norm), x.graph().stack(&written, 0))
        })
    }

    /// The shape of the cache of all layers, for sequences of up to this length:
    /// `[layers, 2, batch, heads, length, D]`, with `kv_heads` in place of `heads` where these are fewer.
    pub fn cache_shape(&self, batch: usize, length: usize) -> Shape {
        let one = self.layers[0].cache_shape(batch, length);
        one.inserted(0, self.layers.len())
    }
}

impl Module for TransformerEncoder {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        self.forward(x, mode)
    }

    forward_at!();
}

impl TransformerDecoder {
    /// For sequences and memories of `width` features, with so many heads in each of so many layers.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(width: usize, heads: usize, layers: usize) -> TransformerDecoderBuilder {
        TransformerDecoderBuilder { options: Options::new(width, heads), layers, norm: false }
    }

    /// Of sequences `[.., T, width]` and memories `[.., S, width]`, in the shape of the first; everybody is seen.
    ///
    /// # Panics
    /// If x or the memory is not of such a shape.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>, memory: Var<'g>, mode: Mode) -> Var<'g> {
        self.forward_masked(x, memory, [Masks::none(); 2], mode)
    }

    /// As [`forward`](Self::forward), where not everybody is seen: of the sequence itself, and of the memory.
    ///
    /// # Panics
    /// If x, the memory or a mask is not of its shape.
    #[track_caller]
    pub fn forward_masked<'g>(
        &self,
        x: Var<'g>,
        memory: Var<'g>,
        masks: [Masks<'g>; 2],
        mode: Mode,
    ) -> Var<'g> {
        x.graph().at(Location::caller(), || {
            let layers = self.layers.iter();
            let through =
                |x, layer: &TransformerDecoderLayer| layer.forward_masked(x, memory, masks, mode);
            normed(layers.fold(x, through), &self.norm)
        })
    }
}

#[track_caller]
fn normed<'g>(x: Var<'g>, norm: &Option<LayerNorm>) -> Var<'g> {
    match norm {
        Some(norm) => norm.forward(x),
        None => x,
    }
}

/// The builder of a stack of layers.
macro_rules! stack {
    ($builder:ident, $stack:ident, $layer:ident) => {
        impl $builder {
            options!($stack);

            /// With a norm after the last layer.
            pub fn norm(mut self) -> Self {
                self.norm = true;
                self
            }

            /// Builds the parameters of `name.layers.0`, `name.layers.1`, …, and of `name.norm` if it was asked for.
            ///
            /// # Panics
            /// Where [`try_build`](Self::try_build) answers an error, or the name is taken.
            #[track_caller]
            pub fn build(self, scope: &mut Scope<'_>, name: &str) -> $stack {
                accept(self.check());
                let mut scope = scope.child(name);
                let mut layers = Vec::with_capacity(self.layers);
                for i in 0..self.layers {
                    let layer = $layer::of(self.options.clone());
                    layers.push(layer.build(&mut scope.child("layers"), &i.to_string()));
                }
                // Not `then`: a closure would be the line that panics.
                let mut norm = None;
                if self.norm {
                    norm = Some(self.options.build_norm(&mut scope, "norm"));
                }
                $stack { layers, norm }
            }

            fn check(&self) -> Result<(), HyperparameterError> {
                positive(stringify!($stack), "the number of layers", self.layers)?;
                self.options.check()
            }
        }
    };
}

stack!(TransformerEncoderBuilder, TransformerEncoder, TransformerEncoderLayerBuilder);
stack!(TransformerDecoderBuilder, TransformerDecoder, TransformerDecoderLayerBuilder);
