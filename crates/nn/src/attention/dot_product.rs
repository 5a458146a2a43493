//! Scaled dot-product attention.

use std::panic::Location;

use graph::{Shape, Var, misfit};

use super::blocks::Blocks;
use super::masks::Masks;
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
}

impl Default for DotProductAttention<'_> {
    fn default() -> Self {
        let dropout = Dropout::new(0.0);
        Self { masks: Masks::none(), dropout, mode: Mode::Eval, scale: None, blocks: Blocks::Auto }
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

    /// The values seen by the queries: shapes as in [`scaled_dot_product_attention`].
    ///
    /// # Panics
    /// If shapes do not fit each other, a mask does not fit them, or a block has no queries.
    #[track_caller]
    pub fn of(self, q: Var<'g>, k: Var<'g>, v: Var<'g>) -> Var<'g> {
        check([q, k, v]);
        let (shape, keys) = (q.shape(), k.shape()[k.rank() - 2]);
        let axis = shape.rank() - 2;
        let scores: Shape = shape[..=axis].iter().copied().chain([keys]).collect();
        self.masks.check(NAME, &scores);
        let width = shape[axis + 1] as f64;
        let scale = self.scale.unwrap_or_else(|| 1.0 / width.sqrt());
        let (g, block) = (q.graph(), self.blocks.extent(shape[axis], keys));
        g.at(Location::caller(), || {
            let [added, seen] = self.masks.parts();
            let rows = Rows { q: scale * q, position: g.arange(shape[axis]), added, seen };
            match block {
                None => self.attend(rows, k, v),
                Some(block) => self.in_blocks(block, rows, k, v),
            }
        })
    }

    /// Of some queries, by all their weights.
    pub(super) fn attend(&self, rows: Rows<'g>, k: Var<'g>, v: Var<'g>) -> Var<'g> {
        let last = k.rank() - 1;
        let batch: Vec<(usize, usize)> = (0..last - 1).map(|axis| (axis, axis)).collect();
        let mut scores = rows.q.contract(k, &batch, &[(last, last)]);
        if let Some(added) = rows.added {
            scores = scores + added;
        }
        let seen = rows.seen_of(self.masks.causal, k.shape()[last - 1]);
        let mut weights = match seen {
            Some(seen) => seen.select(scores, HIDDEN).softmax(-1),
            None => scores.softmax(-1),
        };
        if let (Some(seen), Some(_)) = (seen, rows.seen) {
            // Of a query that sees nothing, all scores are the same.
            weights = seen.select(weights, 0.0);
        }
        self.dropout.forward(weights, self.mode).contract(v, &batch, &[(last, last - 1)])
    }

    pub(super) fn is_causal(&self) -> bool {
        self.masks.causal
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
    /// Which of the first so many keys they see; nothing if all.
    fn seen_of(&self, causal: bool, keys: usize) -> Option<Var<'g>> {
        let before = causal.then(|| {
            let keys = self.position.graph().arange(keys);
            self.position.unsqueeze(-1).ge(keys)
        });
        match (before, self.seen) {
            (Some(before), Some(seen)) => Some(before.and(seen)),
            (before, seen) => before.or(seen),
        }
    }
}

#[track_caller]
fn check([q, k, v]: [Var<'_>; 3]) {
    let [qs, ks, vs] = [q, k, v].map(|x| x.shape());
    let axis = qs.rank().wrapping_sub(2);
    let fits = qs.rank() >= 2
        && ks.rank() == qs.rank()
        && vs.rank() == qs.rank()
        && qs[..axis] == ks[..axis]
        && ks[..=axis] == vs[..=axis]
        && qs[axis + 1] == ks[axis + 1];
    if !fits || [q, k, v].iter().any(|x| !x.is_real()) {
        let rule = "queries, keys and values must be reals of shapes [.., queries, D], [.., keys, D] and [.., keys, E]";
        misfit(NAME, rule, &[q, k, v]);
    }
    if ks[axis] == 0 {
        misfit(NAME, "there must be a key", &[q, k, v]);
    }
}
