//! Attention: each query answers a mean of values, weighted by how its key fits.
//!
//! | what | where |
//! |---|---|
//! | the operation | [`scaled_dot_product_attention`], [`DotProductAttention`] for its options |
//! | who sees whom | [`Masks`] |
//! | how much memory | [`Blocks`] |
//! | the layer, with parameters | [`MultiHeadAttention`] |
//! | where elements are in their sequence | [`RotaryEmbedding`], [`SinusoidalPositions`] |
//! | blocks of attention and affine layers | [`TransformerEncoder`](crate::TransformerEncoder), [`TransformerDecoder`](crate::TransformerDecoder) |
//!
//! Sequences lie batch first: `[batch, T, features]`, or `[T, features]` for one alone (PyTorch's
//! `batch_first=True`).
//!
//! # Generating
//! What a model says of one more element needs the keys and values of all before it. They lie in an array of
//! fixed length, the *cache*, into which `forward_cached` writes at a position that is an input of the graph:
//! so one program serves all positions, and another reads all of a beginning at once. For an example see
//! [`MultiHeadAttention::forward_cached`].

mod blocks;
mod build;
mod cache;
mod dot_product;
mod masks;
mod multi_head;
mod rotary;
mod sinusoidal;

pub use blocks::Blocks;
pub use build::MultiHeadAttentionBuilder;
pub use dot_product::{DotProductAttention, scaled_dot_product_attention};
pub use masks::Masks;
pub use multi_head::{InProjection, MultiHeadAttention};
pub use rotary::{Pairs, RotaryEmbedding};
pub use sinusoidal::SinusoidalPositions;

use graph::{IndexWords, Kind, Var, misfit};
use ndarray::Array2;

/// A table of functions of the angle pos·base^(−2i/width), for positions 0 to `rows` − 1 and i below width/2;
/// computed in double precision, as angles of late positions lose their digits in single.
fn angles(rows: usize, width: usize, base: f64, function: fn(f64) -> f64) -> Array2<f64> {
    Array2::from_shape_fn((rows, width / 2), |(position, i)| {
        function(position as f64 * base.powf(-2.0 * i as f64 / width as f64))
    })
}

/// Refuses what is no sequence of these features.
#[track_caller]
fn expect_features(name: &str, x: Var<'_>, features: usize) {
    if !x.is_real() || x.rank() < 2 || x.shape().last() != Some(&features) {
        let rule = format!(
            "the input must be sequences of {features} features, reals of shape [.., T, {features}]"
        );
        misfit(name, rule, &[x]);
    }
}

/// The positions of a sequence's elements, below `length`; refuses what is no position for each.
#[track_caller]
fn among_positions<'g>(
    name: &'static str,
    x: Var<'g>,
    positions: Var<'g>,
    length: usize,
) -> Var<'g> {
    if positions.kind() != Kind::Index || positions.shape()[..] != [x.shape()[x.rank() - 2]] {
        let rule = "positions must be indices of shape [T], one for each element";
        misfit(name, rule, &[x, positions]);
    }
    positions.within(length, name, IndexWords { one: "position", many: "positions" })
}
