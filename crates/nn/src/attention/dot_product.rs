//! Scaled dot-product attention.

use std::panic::Location;

use graph::{Shape, Var, misfit};

use super::blocks::{Blocks, extent};
use super::masks::{Masks, Scores};
use crate::{Dropout, Mode};

/// softmax(s·q·kᵀ)·v with scale s = 1/√D (Vaswani et al., "Attention is all you need", 2017), with the default
/// options of [`DotProductAttention`].
///
/// q has shape `[.., queries, D]`, k `[.., keys, D]` and v `[.., keys, E]`, with the same axes in front; the
/// result has shape `[.., queries, E]`.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::nn::attention::Masks;
/// use cotangent::nn::scaled_dot_product_attention;
///
/// let g = Graph::new();
/// let (q, k, v) = (g.full([2, 5, 4], 0.1), g.full([2, 7, 4], 0.2), g.full([2, 7, 3], 0.3));
/// let y = scaled_dot_product_attention(q, k, v, Masks::none());
/// assert_eq!(y.shape(), [2, 5, 3].into());
/// ```
///
/// # Panics
/// If shapes do not fit each other, or a mask does not fit them.
#[track_caller]
pub fn scaled_dot_product_attention<'g>(
    q: Var<'g>,
    k: Var<'g>,
    v: Var<'g>,
    masks: Masks<'g>,
) -> Var<'g> {
    DotProductAttention::new().masks(masks).of(q, k, v)
}

/// The options of [`scaled_dot_product_attention`].
///
/// ```
/// use cotangent::Graph;
/// use cotangent::nn::attention::{Blocks, DotProductAttention, Masks};
///
/// let g = Graph::new();
/// let x = g.normal([3, 100, 8], 0.0, 1.0);
/// let causal = DotProductAttention::new().masks(Masks::none().causal());
/// let whole = causal.blocks(Blocks::Whole).of(x, x, x);
/// let blocks = causal.blocks(Blocks::Of(16)).of(x, x, x);
/// assert!((whole - blocks).abs().max().eval()?[[]] < 1e-12);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DotProductAttention<'g> {
    masks: Masks<'g>,
    dropout: Dropout,
    mode: Mode,
    scale: Option<f64>,
    blocks: Blocks,
    grouped: bool,
}

impl Default for DotProductAttention<'_> {
    fn default() -> Self {
        let dropout = Dropout::new(0.0);
        let (masks, mode, scale) = (Masks::none(), Mode::Eval, None);
        Self { masks, dropout, mode, scale, blocks: Blocks::Auto, grouped: false }
    }
}

impl<'g> DotProductAttention<'g> {
    /// Without masks and dropout, scaled by 1/√D.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which keys a query may see.
    pub fn masks(self, masks: Masks<'g>) -> Self {
        Self { masks, ..self }
    }

    /// Dropout of the weights softmax(..).
    pub fn dropout(self, dropout: Dropout, mode: Mode) -> Self {
        Self { dropout, mode, ..self }
    }

    /// The scale s in place of 1/√D.
    pub fn scale(self, scale: f64) -> Self {
        Self { scale: Some(scale), ..self }
    }

    /// Whether all weights are computed at once, or those of a block of queries at a time.
    pub fn blocks(self, blocks: Blocks) -> Self {
        Self { blocks, ..self }
    }

    /// The axis in front of queries and keys is one of heads, of which keys and values may have fewer: as many heads of queries
    /// as there are to each share it, in their order (grouped-query attention, Ainslie et al., arXiv:2305.13245; PyTorch's
    /// `enable_gqa`). q has shape `[.., heads, queries, D]`, k `[.., kv_heads, keys, D]` and v `[.., kv_heads, keys, E]`, and
    /// head h looks at head ⌊h·kv_heads/heads⌋ of keys, of which no copies are made.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::nn::attention::DotProductAttention;
    ///
    /// let g = Graph::new();
    /// let (q, k, v) = (g.full([2, 6, 5, 4], 0.1), g.full([2, 3, 7, 4], 0.2), g.full([2, 3, 7, 4], 0.3));
    /// assert_eq!(DotProductAttention::new().grouped().of(q, k, v).shape(), [2, 6, 5, 4].into());
    /// ```
    pub fn grouped(self) -> Self {
        Self { grouped: true, ..self }
    }

    /// The values seen by the queries: shapes as in [`scaled_dot_product_attention`], or as in [`grouped`](Self::grouped).
    ///
    /// # Panics
    /// If shapes do not fit each other, a mask does not fit them, or a block has no queries.
    #[track_caller]
    pub fn of(self, q: Var<'g>, k: Var<'g>, v: Var<'g>) -> Var<'g> {
        let block = self.check([q, k, v]);
        q.graph().at(Location::caller(), || {
            let rows = self.rows(q, k);
            let y = match block {
                None => self.attend(rows, k, v),
                Some(block) => self.in_blocks(block, rows, k, v),
            };
            ungrouped(y, q.rank())
        })
    }

    /// What [`of`](Self::of) answers, and the weights by which it is a mean of the values, `[.., queries, keys]`: softmax(..), 0
    /// where a key is not seen, and as dropout left them. There are as many numbers as queries times keys, and so they are
    /// computed all at once, whatever was said of [`blocks`](Self::blocks).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::nn::attention::{DotProductAttention, Masks};
    ///
    /// let g = Graph::new();
    /// let x = g.normal([3, 5, 8], 0.0, 1.0);
    /// let causal = DotProductAttention::new().masks(Masks::none().causal());
    /// let (y, weights) = causal.of_weights(x, x, x);
    /// assert_eq!((y.shape(), weights.shape()), ([3, 5, 8].into(), [3, 5, 5].into()));
    /// assert!((weights.sum_over(-1) - 1.0).abs().max().eval()?[[]] < 1e-12);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// As [`of`](Self::of).
    #[track_caller]
    pub fn of_weights(self, q: Var<'g>, k: Var<'g>, v: Var<'g>) -> (Var<'g>, Var<'g>) {
        self.check([q, k, v]);
        q.graph().at(Location::caller(), || {
            let weights = self.weights(self.rows(q, k), k);
            (ungrouped(mixed(weights, v), q.rank()), ungrouped(weights, q.rank()))
        })
    }

    /// All queries, with an axis for those that share a head of keys behind that of these heads.
    fn rows(&self, q: Var<'g>, k: Var<'g>) -> Rows<'g> {
        let shape = q.shape();
        let axis = shape.rank() - 2;
        let scale = self.scale.unwrap_or_else(|| 1.0 / (shape[axis + 1] as f64).sqrt());
        let position = self.masks.positions(NAME, k, shape[axis]);
        let [added, seen] = self.masks.parts();
        let rows = Rows { q: scale * q, position, added, seen };
        let [heads, kv_heads] = [q, k].map(|x| extent(x, -3));
        if heads == kv_heads { rows } else { rows.grouped(kv_heads) }
    }

    /// Of some queries, by all their weights.
    pub(super) fn attend(&self, rows: Rows<'g>, k: Var<'g>, v: Var<'g>) -> Var<'g> {
        mixed(self.weights(rows, k), v)
    }

    /// The weights of some queries.
    fn weights(&self, rows: Rows<'g>, k: Var<'g>) -> Var<'g> {
        let last = k.rank() - 1;
        let mut scores = rows.q.contract(k, &in_front(k), &[(rows.q.rank() - 1, last)]);
        if let Some(added) = rows.added {
            scores = scores + added;
        }
        let before = self.masks.before(rows.position, k.shape()[last - 1]);
        let seen = match (before, rows.seen) {
            (Some(before), Some(seen)) => Some(before.and(seen)),
            (before, seen) => before.or(seen),
        };
        let mut weights = match seen {
            Some(seen) => seen.select(scores, HIDDEN).softmax(-1),
            None => scores.softmax(-1),
        };
        if let (Some(seen), Some(_)) = (seen, rows.seen) {
            // Of a query that sees nothing, all scores are the same.
            weights = seen.select(weights, 0.0);
        }
        self.dropout.forward(weights, self.mode)
    }

    pub(super) fn is_aligned(&self) -> bool {
        self.masks.is_aligned()
    }

    /// Refuses what does not fit; answers the extent of a block of queries, if there are blocks.
    #[track_caller]
    fn check(&self, [q, k, v]: [Var<'_>; 3]) -> Option<usize> {
        let [qs, ks, vs] = [q, k, v].map(|x| x.shape());
        let fits = |grouped| fit(grouped, [&qs, &ks, &vs]);
        if !fits(self.grouped) || [q, k, v].iter().any(|x| !x.is_real()) {
            let mut rule = RULE.to_owned();
            if self.grouped {
                rule += " behind axes that they share, of which the last, of heads, may be a multiple for queries";
            } else if fits(true) {
                rule += ": several heads of queries share one of keys by `.grouped()` of `DotProductAttention`";
            }
            misfit(NAME, rule, &[q, k, v]);
        }
        let axis = qs.rank() - 2;
        if ks[axis] == 0 {
            misfit(NAME, "there must be a key: the mean of no values does not exist", &[q, k, v]);
        }
        let (queries, keys) = (qs[axis], ks[axis]);
        self.masks.check(NAME, &Scores { ahead: &qs[..axis], heads: None, queries, keys });
        self.blocks.extent(queries, keys)
    }
}

/// What messages call it.
const NAME: &str = "scaled_dot_product_attention";

/// A score so low that softmax makes 0 of it beside any other; finite, so that no row has NaN.
const HIDDEN: f64 = -1e30;

/// Some queries, scaled, with their positions and masks.
#[derive(Clone, Copy)]
pub(super) struct Rows<'g> {
    pub q: Var<'g>,
    pub position: Var<'g>,
    /// What is added to their scores.
    pub added: Option<Var<'g>>,
    /// Which keys they see.
    pub seen: Option<Var<'g>>,
}

impl<'g> Rows<'g> {
    /// Those that look at each of so many heads of keys, along an axis of their own.
    fn grouped(self, kv_heads: usize) -> Self {
        let split = |x: Var<'g>| {
            let shape = x.shape();
            let Some(axis) = shape.rank().checked_sub(3) else { return x };
            // A mask may be the same for all of them.
            let heads = if shape[axis] == 1 { [1, 1] } else { [kv_heads, shape[axis] / kv_heads] };
            x.reshape_to([&shape[..axis], &heads, &shape[axis + 1..]].concat())
        };
        Self { q: split(self.q), added: self.added.map(split), seen: self.seen.map(split), ..self }
    }
}

/// What is computed of queries that share heads of keys, with these heads side by side: of this rank again.
fn ungrouped(x: Var<'_>, rank: usize) -> Var<'_> {
    if x.rank() == rank {
        return x;
    }
    let shape = x.shape();
    x.reshape_to(
        [&shape[..rank - 3], &[shape[rank - 3] * shape[rank - 2]], &shape[rank - 1..]].concat(),
    )
}

/// The mean of the values by these weights.
fn mixed<'g>(weights: Var<'g>, v: Var<'g>) -> Var<'g> {
    weights.contract(v, &in_front(v), &[(weights.rank() - 1, v.rank() - 2)])
}

/// The axes in front of keys or values, which they share with queries.
fn in_front(k: Var<'_>) -> Vec<(usize, usize)> {
    (0..k.rank() - 2).map(|axis| (axis, axis)).collect()
}

const RULE: &str = "queries, keys and values must be reals of shapes [.., queries, D], [.., keys, D] and [.., keys, E]";

/// Whether shapes of queries, keys and values fit each other, the last axes in front perhaps but for a multiple.
fn fit(grouped: bool, [q, k, v]: [&Shape; 3]) -> bool {
    let rank = q.rank();
    if rank < 2 || k.rank() != rank || v.rank() != rank {
        return false;
    }
    let axis = rank - 2;
    let ahead = if grouped && rank > 2 {
        q[..axis - 1] == k[..axis - 1] && q[axis - 1].is_multiple_of(k[axis - 1])
    } else {
        q[..axis] == k[..axis]
    };
    ahead && k[..=axis] == v[..=axis] && q[axis + 1] == k[axis + 1]
}
