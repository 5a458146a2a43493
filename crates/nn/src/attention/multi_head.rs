//! Multi-head attention.

use std::panic::Location;

use graph::{Param, Var, misfit};

use super::masks::Scores;
use super::{Blocks, DotProductAttention, Masks, MultiHeadAttentionBuilder, RotaryEmbedding};
use crate::linear::affine;
use crate::module::{forward_at, layer};
use crate::{Dropout, Linear, Mode, Module};

/// Attention by several heads side by side (Vaswani et al., "Attention is all you need", 2017), PyTorch's
/// `MultiheadAttention`: with queries, keys and values Q, K and V as affine maps of what is given, cut into
/// heads along the features,
///
/// headₕ = softmax(QₕKₕᵀ/√D)·Vₕ,  y = concat(head₁, head₂, …)·W_outᵀ + b_out.
///
/// The three maps are the rows of `in_proj_weight`, `[3·E, E]`, and `in_proj_bias`; or `q_proj_weight`,
/// `k_proj_weight` and `v_proj_weight`, where keys or values have other features than queries, or fewer heads. Their weights
/// start Xavier uniform, biases at 0, and `out_proj.weight` as that of a [`Linear`].
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::{Mode, MultiHeadAttention, attention::Masks};
///
/// let mut params = Params::seeded(0);
/// let attention = MultiHeadAttention::new(8, 2).dropout(0.1).build(&mut params.root(), "attention");
/// let g = Graph::new();
/// let x = g.input("x", [3, 5, 8]);
/// let y = attention.forward_masked(x, Masks::none().causal(), Mode::Train);
/// assert_eq!(y.shape(), [3, 5, 8].into());
/// let memory = g.input("memory", [3, 7, 8]);
/// assert_eq!(attention.attend([x, memory, memory], Masks::none(), Mode::Eval).shape(), y.shape());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MultiHeadAttention {
    /// The weights of the maps to queries, keys and values.
    pub in_proj: InProjection,
    /// The biases of the three maps, of shape `[3·E]`, or `[E + 2·kv_heads·D]`, unless built without.
    pub in_proj_bias: Option<Param>,
    /// A key that everybody sees, of shape `[1, 1, E]`, or `[1, 1, kv_heads·D]`, if built with `add_bias_kv`.
    pub bias_k: Option<Param>,
    /// Its value, of the same shape.
    pub bias_v: Option<Param>,
    /// The map of all heads side by side.
    pub out_proj: Linear,
    pub(super) heads: usize,
    /// Of keys and values.
    pub(super) kv_heads: usize,
    /// Whether there is a key of zeros.
    pub(super) zero_attn: bool,
    pub(super) dropout: Dropout,
    pub(super) rotary: Option<RotaryEmbedding>,
    pub(super) blocks: Blocks,
    pub(super) path: String,
}

/// The weights that make queries, keys and values of what a [`MultiHeadAttention`] is given.
#[derive(Clone, Debug, PartialEq)]
pub enum InProjection {
    /// `in_proj_weight`, of shape `[3·E, E]`.
    Joined(Param),
    /// `q_proj_weight`, `k_proj_weight` and `v_proj_weight`, of shapes `[E, E]`, `[kv_heads·D, kdim]` and `[kv_heads·D, vdim]`,
    /// where `kv_heads`·D is E unless there are fewer heads of keys.
    Separate([Param; 3]),
}

layer!([] InProjection, "InProjection"; |weights|
weight = match weights {
    InProjection::Joined(weight) => std::slice::from_ref(weight),
    InProjection::Separate(weights) => &weights[..],
});

layer!([] MultiHeadAttention, "MultiHeadAttention", |layer| {
    let fewer = match layer.kv_heads {
        kv_heads if kv_heads == layer.heads => String::new(),
        kv_heads => format!(", {kv_heads} of keys"),
    };
    format!("{}, {} heads{fewer}", layer.width(), layer.heads)
}; in_proj = layer.in_proj, in_proj_bias = layer.in_proj_bias, bias_k = layer.bias_k, bias_v = layer.bias_v,
    out_proj = layer.out_proj, rotary = layer.rotary);

impl MultiHeadAttention {
    /// So many heads of `width`/`heads` features each, with biases, without dropout.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(width: usize, heads: usize) -> MultiHeadAttentionBuilder {
        MultiHeadAttentionBuilder::new(width, heads)
    }

    /// Each element of a sequence `[.., T, E]` looks at all of it; the result has the shape of x.
    ///
    /// # Panics
    /// If x is not of such a shape, or the layer takes keys of other features.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        self.forward_masked(x, Masks::none(), mode)
    }

    /// As [`forward`](Self::forward), where not everybody is seen. Masks have shape `[T, T]` or `[batch, T, T]`,
    /// or `[batch, heads, T, T]` of each head its own, or broadcast to one of these; the padding of keys has shape
    /// `[T]` or `[batch, T]`.
    ///
    /// # Panics
    /// As [`forward`](Self::forward), and if a mask is of another shape.
    #[track_caller]
    pub fn forward_masked<'g>(&self, x: Var<'g>, masks: Masks<'g>, mode: Mode) -> Var<'g> {
        self.attend([x, x, x], masks, mode)
    }

    /// What the queries `[.., T, E]` make of keys `[.., S, kdim]` and values `[.., S, vdim]`, of shape
    /// `[.., T, E]`; masks have S in place of the last T of [`forward_masked`](Self::forward_masked).
    ///
    /// # Panics
    /// If something is not of such a shape.
    #[track_caller]
    pub fn attend<'g>(&self, given: [Var<'g>; 3], masks: Masks<'g>, mode: Mode) -> Var<'g> {
        self.check(given, masks);
        given[0].graph().at(Location::caller(), || {
            let (attention, [q, k, v]) = self.prepared(given, masks, mode);
            self.joined(attention.of(q, k, v))
        })
    }

    /// What [`attend`](Self::attend) answers, and the weights of each head, of shape `[.., heads, T, S]` (PyTorch's
    /// `need_weights` and `average_attn_weights=False`; their mean over heads is `weights.mean_over(-3)`). They are as
    /// dropout left them, and have more columns than S where there are keys that everybody sees: that of `bias_k`, then that
    /// of zeros. All are computed at once, whatever was said of [`blocks`](MultiHeadAttentionBuilder::blocks).
    ///
    /// ```
    /// use cotangent::{Graph, Params};
    /// use cotangent::nn::{Mode, MultiHeadAttention, attention::Masks};
    ///
    /// let mut params = Params::seeded(0);
    /// let attention = MultiHeadAttention::new(8, 2).build(&mut params.root(), "attention");
    /// let g = Graph::new();
    /// let (x, memory) = (g.input("x", [3, 5, 8]), g.input("memory", [3, 7, 8]));
    /// let (y, weights) = attention.attend_weights([x, memory, memory], Masks::none(), Mode::Eval);
    /// assert_eq!((y.shape(), weights.shape()), ([3, 5, 8].into(), [3, 2, 5, 7].into()));
    /// ```
    ///
    /// # Panics
    /// As [`attend`](Self::attend).
    #[track_caller]
    pub fn attend_weights<'g>(
        &self,
        given: [Var<'g>; 3],
        masks: Masks<'g>,
        mode: Mode,
    ) -> (Var<'g>, Var<'g>) {
        self.check(given, masks);
        given[0].graph().at(Location::caller(), || {
            let (attention, [q, k, v]) = self.prepared(given, masks, mode);
            let (y, weights) = attention.of_weights(q, k, v);
            (self.joined(y), weights)
        })
    }

    /// The attention of the heads, and what it is of.
    fn prepared<'g>(
        &self,
        given: [Var<'g>; 3],
        masks: Masks<'g>,
        mode: Mode,
    ) -> (DotProductAttention<'g>, [Var<'g>; 3]) {
        let masks = masks.with_heads(given[0].rank());
        let [mut q, mut k, v] = self.heads_of(given);
        if let Some(rotary) = self.rotary {
            [q, k] = [q, k].map(|x| rotary.forward(x));
        }
        let (attention, [k, v]) = self.attention([k, v], masks, mode);
        (attention, [q, k, v])
    }

    /// The attention of the heads to keys and values, and these with those that everybody sees.
    pub(super) fn attention<'g>(
        &self,
        kv: [Var<'g>; 2],
        masks: Masks<'g>,
        mode: Mode,
    ) -> (DotProductAttention<'g>, [Var<'g>; 2]) {
        let keys = |k: Var<'g>| k.shape()[k.rank() - 2];
        let longer = self.with_more_keys(kv);
        let masks = masks.with_more_keys(keys(longer[0]) - keys(kv[0]), keys(kv[0]));
        let attention = DotProductAttention::new().grouped().masks(masks);
        (attention.dropout(self.dropout, mode).blocks(self.blocks), longer)
    }

    /// Keys and values of all heads, and behind them those learnt and those of zeros.
    fn with_more_keys<'g>(&self, [k, v]: [Var<'g>; 2]) -> [Var<'g>; 2] {
        let g = k.graph();
        [(k, &self.bias_k), (v, &self.bias_v)].map(|(x, bias)| {
            let shape = x.shape();
            let one = shape.with(shape.rank() - 2, 1);
            let learnt = bias.as_ref().map(|bias| {
                let of_heads = g.param(bias).reshape_to([self.kv_heads, 1, self.head()]);
                of_heads.broadcast_to(&one)
            });
            let zeros = self.zero_attn.then(|| g.full(&one, 0.0));
            match [Some(x), learnt, zeros].into_iter().flatten().collect::<Vec<_>>()[..] {
                [alone] => alone,
                ref all => g.concat(all, -2),
            }
        })
    }

    /// Queries, keys and values of all heads, each `[.., heads, T, D]`.
    pub(super) fn heads_of<'g>(&self, given: [Var<'g>; 3]) -> [Var<'g>; 3] {
        let (g, head) = (given[0].graph(), self.head());
        let bias = self.in_proj_bias.as_ref().map(|bias| g.param(bias));
        let (mut heads, mut from) = (given, 0);
        for (i, x) in heads.iter_mut().enumerate() {
            let of_this = if i == 0 { self.heads } else { self.kv_heads };
            let rows = from..from + of_this * head;
            from = rows.end;
            let weight = match &self.in_proj {
                InProjection::Joined(weight) => g.param(weight).slice_axis(0, rows.clone()),
                InProjection::Separate(weights) => g.param(&weights[i]),
            };
            let y = affine(*x, weight, bias.map(|bias| bias.slice_axis(0, rows)));
            let shape = y.shape();
            let y = y.reshape_to([&shape[..shape.rank() - 1], &[of_this, head]].concat());
            *x = y.permute(swapped(y.rank()));
        }
        heads
    }

    /// All heads `[.., heads, T, D]` side by side, and their map.
    pub(super) fn joined<'g>(&self, y: Var<'g>) -> Var<'g> {
        let y = y.permute(swapped(y.rank()));
        let mut shape = y.shape().to_vec();
        shape.pop();
        *shape.last_mut().expect("there are heads") = self.width();
        self.out_proj.forward(y.reshape_to(shape))
    }

    pub(super) fn width(&self) -> usize {
        self.out_proj.weight.shape()[0]
    }

    /// The features of a head.
    pub(super) fn head(&self) -> usize {
        self.width() / self.heads
    }

    /// Refuses what is not of its shape, as it was given.
    #[track_caller]
    fn check(&self, given: [Var<'_>; 3], masks: Masks<'_>) {
        let width = self.width();
        let [kdim, vdim] = match &self.in_proj {
            InProjection::Joined(_) => [width, width],
            InProjection::Separate([_, k, v]) => [k.shape()[1], v.shape()[1]],
        };
        let ahead = |x: Var<'_>| x.shape()[..x.rank().saturating_sub(2)].to_vec();
        let sequence = |x: Var<'_>, features| {
            x.is_real() && x.rank() >= 2 && x.shape().last() == Some(&features)
        };
        let [q, k, v] = given;
        let fits = sequence(q, width) && sequence(k, kdim) && sequence(v, vdim);
        if !fits || ahead(q) != ahead(k) || k.shape()[..k.rank() - 1] != v.shape()[..v.rank() - 1] {
            let rule = format!(
                "queries, keys and values must be reals of shapes [.., T, {width}], [.., S, {kdim}] and \
                 [.., S, {vdim}]"
            );
            self.refuse(rule, &given);
        }
        let [queries, keys] = [q, k].map(|x| x.shape()[x.rank() - 2]);
        let scores = Scores { ahead: &ahead(q), heads: Some(self.heads), queries, keys };
        masks.check(&self.name(), &scores);
    }

    #[track_caller]
    pub(super) fn refuse(&self, rule: String, given: &[Var<'_>]) -> ! {
        misfit(&self.name(), rule, given)
    }

    /// What messages call it.
    pub(super) fn name(&self) -> String {
        format!("multi_head_attention {:?}", self.path)
    }
}

/// The order of axes that swaps the third and the second from the last.
fn swapped(rank: usize) -> Vec<isize> {
    let rank = rank as isize;
    (0..rank - 3).chain([rank - 2, rank - 3, rank - 1]).collect()
}

impl Module for MultiHeadAttention {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        self.forward(x, mode)
    }

    forward_at!();
}
