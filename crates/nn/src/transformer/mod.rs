//! Transformers: blocks of attention and affine layers, with names, layout and initialisation of PyTorch's, so
//! that its files load.
//!
//! | layer | what it does |
//! |---|---|
//! | [`TransformerEncoderLayer`] | elements look at each other, and each is mapped |
//! | [`TransformerDecoderLayer`] | they look at a memory, too |
//! | [`TransformerEncoder`], [`TransformerDecoder`] | layers one after the other, perhaps with a norm at the end |
//!
//! Sequences are of shape `[batch, T, width]`, or `[T, width]` for one alone (PyTorch's `batch_first=True`). The
//! options are PyTorch's, and have its defaults: 2048 features within the affine part, dropout 0.1, relu, ε = 10⁻⁵,
//! normalised after each sum; with `norm_first()` before each part ("pre-LN", Xiong et al., arXiv:2002.04745).
//!
//! A language model is an encoder with a causal mask:
//!
//! ```
//! use cotangent::{Graph, Params};
//! use cotangent::nn::{Mode, TransformerEncoder, attention::Masks};
//!
//! let mut params = Params::seeded(0);
//! let blocks = TransformerEncoder::new(16, 4, 2).feedforward(64).norm_first().norm();
//! let blocks = blocks.build(&mut params.root(), "blocks");
//! let g = Graph::new();
//! let x = g.input("x", [3, 10, 16]);
//! let y = blocks.forward_masked(x, Masks::none().causal(), Mode::Train);
//! assert_eq!(y.shape(), x.shape());
//! assert!(params.id("blocks.layers.1.self_attn.in_proj_weight").is_some());
//! ```

mod decoder_layer;
mod encoder_layer;
mod options;
mod parts;
mod stacks;

pub use decoder_layer::{TransformerDecoderLayer, TransformerDecoderLayerBuilder};
pub use encoder_layer::{TransformerEncoderLayer, TransformerEncoderLayerBuilder};
pub use parts::FeedForward;
pub use stacks::{
    TransformerDecoder, TransformerDecoderBuilder, TransformerEncoder, TransformerEncoderBuilder,
};
