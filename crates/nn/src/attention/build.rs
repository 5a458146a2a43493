//! What can be said of a multi-head attention before it is built.

use graph::{Scope, Shape};

use super::{Blocks, InProjection, MultiHeadAttention, RotaryEmbedding};
use crate::error::{accept, multiple, positive};
use crate::init::{Init, Xavier};
use crate::{Dropout, HyperparameterError, Linear};

/// The options of a [`MultiHeadAttention`] to be built.
#[derive(Clone, Debug)]
pub struct MultiHeadAttentionBuilder {
    width: usize,
    heads: usize,
    kv_heads: usize,
    kdim: usize,
    vdim: usize,
    bias: bool,
    bias_kv: bool,
    zero_attn: bool,
    dropout: f64,
    rotary: Option<RotaryEmbedding>,
    blocks: Blocks,
}

impl MultiHeadAttentionBuilder {
    pub(super) fn new(width: usize, heads: usize) -> Self {
        Self {
            width,
            heads,
            kv_heads: heads,
            kdim: width,
            vdim: width,
            bias: true,
            bias_kv: false,
            zero_attn: false,
            dropout: 0.0,
            rotary: None,
            blocks: Blocks::Auto,
        }
    }

    /// So many heads of keys and values, of which each is shared by `heads`/`kv_heads` of queries (grouped-query attention,
    /// Ainslie et al., arXiv:2305.13245; with one, multi-query attention); as many as of queries by default. Projections are
    /// separate where they are fewer: `k_proj_weight` and `v_proj_weight` have `kv_heads`·D rows, as in Llama, and so much
    /// less lies in a cache.
    ///
    /// ```
    /// use cotangent::{Graph, Params};
    /// use cotangent::nn::{Mode, MultiHeadAttention};
    ///
    /// let mut params = Params::seeded(0);
    /// let attention = MultiHeadAttention::new(8, 4).kv_heads(2).build(&mut params.root(), "attention");
    /// let g = Graph::new();
    /// assert_eq!(attention.forward(g.input("x", [3, 5, 8]), Mode::Eval).shape(), [3, 5, 8].into());
    /// assert_eq!(params.entry(params.id("attention.k_proj_weight").unwrap()).unwrap().shape(), &[4, 8].into());
    /// assert_eq!(attention.cache_shape(3, 16), [2, 3, 2, 16, 2].into());
    /// ```
    pub fn kv_heads(self, kv_heads: usize) -> Self {
        Self { kv_heads, ..self }
    }

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

    /// With a key and a value behind all others that are learnt, `bias_k` and `bias_v`: everybody sees them, whatever masks
    /// say (PyTorch's `add_bias_kv`). They start Xavier normal, and have no position to be rotated by.
    ///
    /// ```
    /// use cotangent::{Graph, Params};
    /// use cotangent::nn::{Mode, MultiHeadAttention, attention::Masks};
    ///
    /// let mut params = Params::seeded(0);
    /// let attention = MultiHeadAttention::new(8, 2).add_bias_kv().build(&mut params.root(), "attention");
    /// let g = Graph::new();
    /// let x = g.input("x", [3, 5, 8]);
    /// let (_, weights) = attention.attend_weights([x, x, x], Masks::none().causal(), Mode::Eval);
    /// assert_eq!(weights.shape(), [3, 2, 5, 5 + 1].into());
    /// ```
    pub fn add_bias_kv(self) -> Self {
        Self { bias_kv: true, ..self }
    }

    /// With a key and a value of zeros behind all others, which everybody sees, whatever masks say: who finds nothing may look
    /// there (PyTorch's `add_zero_attn`).
    pub fn add_zero_attn(self) -> Self {
        Self { zero_attn: true, ..self }
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
    /// `name.v_proj_weight`; `name.in_proj_bias`, `name.out_proj.weight` and `name.out_proj.bias`; and `name.bias_k` and
    /// `name.bias_v` if they were asked for.
    ///
    /// # Panics
    /// Where [`try_build`](Self::try_build) answers an error, or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> MultiHeadAttention {
        accept(self.check());
        let (width, init) = (self.width, Init::from(Xavier::uniform()));
        let kv_width = self.kv_heads * (width / self.heads);
        let mut scope = scope.child(name);
        let in_proj = if [self.kdim, self.vdim, kv_width] == [width; 3] {
            InProjection::Joined(init.build(&mut scope, "in_proj_weight", [3 * width, width]))
        } else {
            InProjection::Separate([
                init.build(&mut scope, "q_proj_weight", [width, width]),
                init.build(&mut scope, "k_proj_weight", [kv_width, self.kdim]),
                init.build(&mut scope, "v_proj_weight", [kv_width, self.vdim]),
            ])
        };
        // Not `then`: a closure would be the line that panics.
        let mut in_proj_bias = None;
        if self.bias {
            let rows = width + 2 * kv_width;
            in_proj_bias = Some(Init::zeros().build(&mut scope, "in_proj_bias", [rows]));
        }
        let [mut bias_k, mut bias_v] = [None, None];
        if self.bias_kv {
            let init = Init::from(Xavier::normal());
            bias_k = Some(init.build(&mut scope, "bias_k", [1, 1, kv_width]));
            bias_v = Some(init.build(&mut scope, "bias_v", [1, 1, kv_width]));
        }
        let out_proj = Linear::new(width, width).bias(self.bias).bias_init(Init::zeros());
        MultiHeadAttention {
            in_proj,
            in_proj_bias,
            bias_k,
            bias_v,
            out_proj: out_proj.build(&mut scope, "out_proj"),
            heads: self.heads,
            kv_heads: self.kv_heads,
            zero_attn: self.zero_attn,
            dropout: Dropout::new(self.dropout),
            rotary: self.rotary,
            blocks: self.blocks,
            path: scope.path().to_owned(),
        }
    }

    /// [`build`](Self::build), for options that come from data.
    ///
    /// # Errors
    /// If an extent is 0, the width is no multiple of the number of heads, or that no multiple of the number of heads of keys,
    /// the probability of dropout is not in [0, 1], or rotations are of another extent than a head; nothing is built then.
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
        const KV_HEADS: &str = "the number of heads of keys and values";
        positive(OWNER, "the width", self.width)?;
        positive(OWNER, "the number of heads", self.heads)?;
        positive(OWNER, KV_HEADS, self.kv_heads)?;
        positive(OWNER, "the features of keys", self.kdim)?;
        positive(OWNER, "the features of values", self.vdim)?;
        multiple(OWNER, ("the width", self.width), ("the number of heads", self.heads))?;
        multiple(OWNER, ("the number of heads", self.heads), (KV_HEADS, self.kv_heads))?;
        Dropout::try_new(self.dropout)?;
        if let Blocks::Of(extent) = self.blocks {
            positive(OWNER, "the extent of a block", extent)?;
        }
        self.rotary.map_or(Ok(()), |rotary| rotary.check(self.width / self.heads))?;
        Init::from(Xavier::uniform()).check(&Shape::from([3 * self.width, self.width]))
    }
}
