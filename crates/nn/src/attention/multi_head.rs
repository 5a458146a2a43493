//! Multi-head attention.

use std::panic::Location;

use graph::{Param, Scope, Shape, Var, misfit};

use super::{Blocks, DotProductAttention, Masks, RotaryEmbedding};
use crate::error::{accept, multiple, positive};
use crate::init::{Init, Xavier};
use crate::linear::affine;
use crate::module::{forward_at, layer};
use crate::{Dropout, HyperparameterError, Linear, Mode, Module};

/// Attention by several heads side by side (Vaswani et al., "Attention is all you need", 2017), PyTorch's
/// `MultiheadAttention`: with queries, keys and values Q, K and V as affine maps of what is given, cut into
/// heads along the features,
///
/// headₕ = softmax(QₕKₕᵀ/√D)·Vₕ,  y = concat(head₁, head₂, …)·W_outᵀ + b_out.
///
/// The three maps are the rows of `in_proj_weight`, `[3·E, E]`, and `in_proj_bias`; or `q_proj_weight`,
/// `k_proj_weight` and `v_proj_weight`, where keys or values have other features than queries. Their weights start Xavier uniform,
/// biases at 0, and `out_proj.weight` as that of a [`Linear`].
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
    /// The biases of the three maps, of shape `[3·E]`, unless built without.
    pub in_proj_bias: Option<Param>,
    /// The map of all heads side by side.
    pub out_proj: Linear,
    pub(super) heads: usize,
    dropout: Dropout,
    pub(super) rotary: Option<RotaryEmbedding>,
    blocks: Blocks,
    path: String,
}

/// The weights that make queries, keys and values of what a [`MultiHeadAttention`] is given.
#[derive(Clone, Debug, PartialEq)]
pub enum InProjection {
    /// `in_proj_weight`, of shape `[3·E, E]`.
    Joined(Param),
    /// `q_proj_weight`, `k_proj_weight` and `v_proj_weight`, of shapes `[E, E]`, `[E, kdim]` and `[E, vdim]`.
    Separate([Param; 3]),
}

/// The options of a [`MultiHeadAttention`] to be built.
#[derive(Clone, Debug)]
pub struct MultiHeadAttentionBuilder {
    width: usize,
    heads: usize,
    kdim: usize,
    vdim: usize,
    bias: bool,
    dropout: f64,
    rotary: Option<RotaryEmbedding>,
    blocks: Blocks,
}

layer!([] InProjection, "InProjection"; |weights|
weight = match weights {
    InProjection::Joined(weight) => std::slice::from_ref(weight),
    InProjection::Separate(weights) => &weights[..],
});

layer!([] MultiHeadAttention, "MultiHeadAttention", |layer| {
    format!("{}, {} heads", layer.out_proj.weight.shape()[0], layer.heads)
}; in_proj = layer.in_proj, in_proj_bias = layer.in_proj_bias, out_proj = layer.out_proj,
    rotary = layer.rotary);

impl MultiHeadAttention {
    /// So many heads of `width`/`heads` features each, with biases, without dropout.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(width: usize, heads: usize) -> MultiHeadAttentionBuilder {
        MultiHeadAttentionBuilder {
            width,
            heads,
            kdim: width,
            vdim: width,
            bias: true,
            dropout: 0.0,
            rotary: None,
            blocks: Blocks::Auto,
        }
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
    pub fn attend<'g>(&self, [q, k, v]: [Var<'g>; 3], masks: Masks<'g>, mode: Mode) -> Var<'g> {
        self.check_shapes([q, k, v]);
        let [queries, keys] = [q, k].map(|x| x.shape()[x.rank() - 2]);
        let ahead = &q.shape()[..q.rank() - 2];
        let scores = [ahead, &[self.heads, queries, keys]].concat().into();
        q.graph().at(Location::caller(), || {
            let masks = masks.with_heads(k.rank());
            masks.check(&self.name(), &scores);
            let mut heads = self.heads_of([q, k, v]);
            if let Some(rotary) = self.rotary {
                heads[..2].iter_mut().for_each(|x| *x = rotary.forward(*x));
            }
            let [q, k, v] = heads;
            let attention = DotProductAttention::new().masks(masks);
            let attention = attention.dropout(self.dropout, mode).blocks(self.blocks);
            self.joined(attention.of(q, k, v))
        })
    }

    /// Queries, keys and values of all heads, each `[.., heads, T, D]`.
    pub(super) fn heads_of<'g>(&self, given: [Var<'g>; 3]) -> [Var<'g>; 3] {
        let (g, width) = (given[0].graph(), self.width());
        let bias = self.in_proj_bias.as_ref().map(|bias| g.param(bias));
        let mut heads = given;
        for (i, x) in heads.iter_mut().enumerate() {
            let rows = i * width..(i + 1) * width;
            let weight = match &self.in_proj {
                InProjection::Joined(weight) => g.param(weight).slice_axis(0, rows.clone()),
                InProjection::Separate(weights) => g.param(&weights[i]),
            };
            let y = affine(*x, weight, bias.map(|bias| bias.slice_axis(0, rows)));
            let shape = y.shape();
            let split = [self.heads, self.width() / self.heads];
            let y = y.reshape_to([&shape[..shape.rank() - 1], &split].concat());
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

    #[track_caller]
    fn check_shapes(&self, given: [Var<'_>; 3]) {
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
    }

    #[track_caller]
    pub(super) fn refuse(&self, rule: String, given: &[Var<'_>]) -> ! {
        misfit(&self.name(), rule, given)
    }

    /// What messages call it.
    fn name(&self) -> String {
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

impl MultiHeadAttentionBuilder {
    /// The features of keys, in place of those of queries.
    pub fn kdim(self, kdim: usize) -> Self {
        Self { kdim, ..self }
    }

    /// The features of values, in place of those of queries.
    pub fn vdim(self, vdim: usize) -> Self {
        Self { vdim, ..self }
    }

    /// With or without biases.
    pub fn bias(self, bias: bool) -> Self {
        Self { bias, ..self }
    }

    /// [`Dropout`] of this probability, of the weights softmax(..) in training.
    pub fn dropout(self, probability: f64) -> Self {
        Self { dropout: probability, ..self }
    }

    /// Queries and keys are rotated by their positions; of a head's extent, `width`/`heads`.
    pub fn rotary(self, rotary: RotaryEmbedding) -> Self {
        Self { rotary: Some(rotary), ..self }
    }

    /// Whether all weights are computed at once, or those of a block of queries at a time.
    pub fn blocks(self, blocks: Blocks) -> Self {
        Self { blocks, ..self }
    }

    /// Builds the parameters `name.in_proj_weight`, or `name.q_proj_weight`, `name.k_proj_weight` and
    /// `name.v_proj_weight`; `name.in_proj_bias`, `name.out_proj.weight` and `name.out_proj.bias`.
    ///
    /// # Panics
    /// If an extent is 0, the width is no multiple of the number of heads, the probability of dropout is not in
    /// [0, 1], rotations are of another extent than a head, or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> MultiHeadAttention {
        accept(self.check());
        let (width, init) = (self.width, Init::from(Xavier::uniform()));
        let mut scope = scope.child(name);
        let in_proj = if self.kdim == width && self.vdim == width {
            InProjection::Joined(init.build(&mut scope, "in_proj_weight", [3 * width, width]))
        } else {
            InProjection::Separate([
                init.build(&mut scope, "q_proj_weight", [width, width]),
                init.build(&mut scope, "k_proj_weight", [width, self.kdim]),
                init.build(&mut scope, "v_proj_weight", [width, self.vdim]),
            ])
        };
        // Not `then`: a closure would be the line that panics.
        let mut in_proj_bias = None;
        if self.bias {
            in_proj_bias = Some(Init::zeros().build(&mut scope, "in_proj_bias", [3 * width]));
        }
        let out_proj = Linear::new(width, width).bias(self.bias).bias_init(Init::zeros());
        MultiHeadAttention {
            in_proj,
            in_proj_bias,
            out_proj: out_proj.build(&mut scope, "out_proj"),
            heads: self.heads,
            dropout: Dropout::new(self.dropout),
            rotary: self.rotary,
            blocks: self.blocks,
            path: scope.path().to_owned(),
        }
    }

    /// [`build`](Self::build), for options that come from data.
    ///
    /// # Errors
    /// If an extent is 0, the width is no multiple of the number of heads, the probability of dropout is not in
    /// [0, 1], or rotations are of another extent than a head; nothing is built then.
    #[track_caller]
    pub fn try_build(
        self,
        scope: &mut Scope<'_>,
        name: &str,
    ) -> Result<MultiHeadAttention, HyperparameterError> {
        self.check()?;
        Ok(self.build(scope, name))
    }

    pub(crate) fn check(&self) -> Result<(), HyperparameterError> {
        const OWNER: &str = "MultiHeadAttention";
        positive(OWNER, "the width", self.width)?;
        positive(OWNER, "the number of heads", self.heads)?;
        positive(OWNER, "the features of keys", self.kdim)?;
        positive(OWNER, "the features of values", self.vdim)?;
        multiple(OWNER, ("the width", self.width), ("the number of heads", self.heads))?;
        Dropout::try_new(self.dropout)?;
        if let Blocks::Of(extent) = self.blocks {
            positive(OWNER, "the extent of a block", extent)?;
        }
        self.rotary.map_or(Ok(()), |rotary| rotary.check(self.width / self.heads))?;
        Init::from(Xavier::uniform()).check(&Shape::from([3 * self.width, self.width]))
    }
}
