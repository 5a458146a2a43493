//! Positions as rotations.

use std::panic::Location;

use graph::{IndexWords, Kind, Var, misfit};

use super::{among_positions, angles, expect_features};
use crate::error::{accept, positive};
use crate::module::{forward_at, layer};
use crate::{HyperparameterError, Mode, Module};

/// Which features are rotated together. For an example see [`RotaryEmbedding`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pairs {
    /// 2i and 2i + 1, as in the paper.
    #[default]
    Interleaved,
    /// i and i + width/2, as in the published weights of GPT-NeoX and Llama.
    Halves,
}

/// Rotary positions (Su et al., "RoFormer", arXiv:2104.09864): pair i of the features at position t is rotated
/// by the angle t·base^(−2i/width),
///
/// (a, b) ↦ (a·cos − b·sin, a·sin + b·cos),
///
/// so that the product of a query and a key knows how far they are apart, and not where they are. The base is
/// 10,000 by default.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::nn::attention::{Pairs, RotaryEmbedding};
///
/// let g = Graph::new();
/// let (x, rotary) = (g.full([1, 5, 8], 1.0), RotaryEmbedding::new(8).pairs(Pairs::Halves));
/// let y = rotary.forward(x);
/// assert_eq!(y.shape(), [1, 5, 8].into());
/// // The element at position 3, alone.
/// let position = g.constant(cotangent::ndarray::array![3]);
/// let alone = rotary.forward_at(g.full([1, 1, 8], 1.0), position, 5);
/// assert_eq!(alone.eval()?, y.slice_axis(1, 3..4).eval()?);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RotaryEmbedding {
    width: usize,
    base: f64,
    pairs: Pairs,
}

layer!([] RotaryEmbedding, "RotaryEmbedding", |layer| layer.width.to_string());

impl RotaryEmbedding {
    /// Rotations of vectors of this extent, which must be even.
    ///
    /// # Panics
    /// If the extent is 0 or odd.
    #[track_caller]
    pub fn new(width: usize) -> Self {
        accept(Self::try_new(width))
    }

    /// [`new`](Self::new), for an extent that comes from data.
    ///
    /// # Errors
    /// If the extent is 0 or odd.
    pub fn try_new(width: usize) -> Result<Self, HyperparameterError> {
        even("RotaryEmbedding", width)?;
        Ok(Self { width, base: 10_000.0, pairs: Pairs::Interleaved })
    }

    /// The base of the angles; positive, and larger for longer sequences.
    ///
    /// # Panics
    /// Unless the base is positive and finite.
    #[track_caller]
    pub fn base(self, base: f64) -> Self {
        let holds = base > 0.0 && base.is_finite();
        let rule = "positive and finite";
        accept(HyperparameterError::unless(holds, "RotaryEmbedding", "the base", rule, base));
        Self { base, ..self }
    }

    /// Which features are rotated together.
    pub fn pairs(self, pairs: Pairs) -> Self {
        Self { pairs, ..self }
    }

    /// The vectors x of shape `[.., T, width]`, rotated by their positions 0 to T − 1; in the shape of x.
    ///
    /// # Panics
    /// If x is not of such a shape.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        expect_features("rotary_embedding", x, self.width);
        let rows = x.shape()[x.rank() - 2];
        let [cos, sin] = self.tables(rows);
        let g = x.graph();
        self.rotate(x, g.constant(cos), g.constant(sin))
    }

    /// The vectors x of shape `[.., T, width]`, rotated by these positions, indices of shape `[T]` below
    /// `length`; in the shape of x.
    ///
    /// # Panics
    /// If x or the positions are not of such a shape. A position out of range is an error of the run.
    #[track_caller]
    pub fn forward_at<'g>(&self, x: Var<'g>, positions: Var<'g>, length: usize) -> Var<'g> {
        expect_features("rotary_embedding", x, self.width);
        let positions = among_positions("rotary_embedding", x, positions, length);
        let [cos, sin] = self.tables(length);
        let (cos, sin) = (x.graph().constant(cos), x.graph().constant(sin));
        self.rotate(x, cos.take(0, positions), sin.take(0, positions))
    }

    /// The vectors x of shape `[.., T, width]`, rotated by the positions from one index on, all below `length`: of elements that
    /// go on where a cache is filled to, with [`Masks::causal_from`](super::Masks::causal_from).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::arr0;
    /// use cotangent::nn::RotaryEmbedding;
    ///
    /// let (g, rotary) = (Graph::new(), RotaryEmbedding::new(4));
    /// let x = g.normal([2, 5, 4], 0.0, 1.0);
    /// let last = rotary.forward_from(x.slice_axis(1, 3..), g.constant(arr0(3)), 5);
    /// assert!((rotary.forward(x).slice_axis(1, 3..) - last).abs().max().eval()?[[]] < 1e-12);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If x is not of such a shape, or the start is not one index. A position out of range is an error of the run.
    #[track_caller]
    pub fn forward_from<'g>(&self, x: Var<'g>, start: Var<'g>, length: usize) -> Var<'g> {
        expect_features("rotary_embedding", x, self.width);
        if start.kind() != Kind::Index || start.rank() > 0 {
            misfit("rotary_embedding", "the first position must be one index", &[start]);
        }
        let words = IndexWords { one: "position", many: "positions" };
        let (g, rows) = (x.graph(), x.shape()[x.rank() - 2]);
        g.at(Location::caller(), || {
            let start = start.starts_within(rows, length, "rotary_embedding", words);
            let [cos, sin] =
                self.tables(length).map(|table| g.constant(table).dynamic_slice(0, start, rows));
            self.rotate(x, cos, sin)
        })
    }

    pub(super) fn check(&self, width: usize) -> Result<(), HyperparameterError> {
        let (holds, name) =
            (self.width == width, "the extent of a head in place of the rotary one");
        HyperparameterError::unless(holds, "MultiHeadAttention", name, "the same", width as f64)
    }

    fn tables(&self, rows: usize) -> [ndarray::Array2<f64>; 2] {
        [f64::cos, f64::sin].map(|function| angles(rows, self.width, self.base, function))
    }

    #[track_caller]
    fn rotate<'g>(&self, x: Var<'g>, cos: Var<'g>, sin: Var<'g>) -> Var<'g> {
        let (shape, half) = (x.shape(), self.width / 2);
        let (axis, pair) = match self.pairs {
            Pairs::Interleaved => (-1, [half, 2]),
            Pairs::Halves => (-2, [2, half]),
        };
        let pairs = x.reshape_to([&shape[..shape.rank() - 1], &pair].concat());
        let (a, b) = (pairs.index_axis(axis, 0), pairs.index_axis(axis, 1));
        let rotated = [a * cos - b * sin, a * sin + b * cos];
        x.graph().stack(&rotated, axis).reshape_to(shape)
    }
}

impl Module for RotaryEmbedding {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}

/// Unless an extent has two halves.
pub(super) fn even(owner: &'static str, width: usize) -> Result<(), HyperparameterError> {
    positive(owner, "the width", width)?;
    let holds = width.is_multiple_of(2);
    HyperparameterError::unless(holds, owner, "the width", "even", width as f64)
}
