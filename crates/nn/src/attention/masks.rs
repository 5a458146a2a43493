//! What a query does not see.

use graph::{Kind, Shape, Var, misfit};

/// Which keys a query may see: all, unless something is said. What is said holds together.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::nn::attention::Masks;
/// use cotangent::nn::scaled_dot_product_attention;
///
/// let g = Graph::new();
/// let (q, k, v) = (g.full([2, 5, 4], 0.1), g.full([2, 5, 4], 0.2), g.full([2, 5, 3], 0.3));
/// let padding = g.mask([5], &[false, false, false, true, true]);
/// let y = scaled_dot_product_attention(q, k, v, Masks::none().causal().key_padding(padding));
/// assert_eq!(y.shape(), [2, 5, 3].into());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Masks<'g> {
    pub(super) causal: bool,
    pub(super) mask: Option<Var<'g>>,
    pub(super) key_padding: Option<Var<'g>>,
}

impl<'g> Masks<'g> {
    /// Every query sees every key.
    pub fn none() -> Self {
        Self::default()
    }

    /// Query i sees keys 0 to i alone (PyTorch's `is_causal`).
    pub fn causal(self) -> Self {
        Self { causal: true, ..self }
    }

    /// Truth values, of which true says that the query sees the key, as in PyTorch's
    /// `scaled_dot_product_attention` (its `MultiheadAttention` has it the other way round); or reals, which
    /// are added to the scores. Of a shape that broadcasts to `[.., queries, keys]`.
    ///
    /// A query that sees no key by truth values answers 0, and has no gradient.
    pub fn mask(self, mask: Var<'g>) -> Self {
        Self { mask: Some(mask), ..self }
    }

    /// Truth values, of which true says that a key is padding, and seen by nobody; of a shape that broadcasts
    /// to `[.., keys]` (PyTorch's `key_padding_mask`).
    pub fn key_padding(self, padding: Var<'g>) -> Self {
        Self { key_padding: Some(padding), ..self }
    }

    /// The masks of scores with an axis of heads in front of queries and keys, for inputs of this rank: one
    /// for all heads is given it.
    pub(super) fn with_heads(self, rank: usize) -> Self {
        let shared = |mask: Var<'g>| mask.rank() > 2 && mask.rank() == rank;
        let mask = self.mask.map(|mask| if shared(mask) { mask.unsqueeze(-3) } else { mask });
        let spread =
            |padding: Var<'g>| if padding.rank() > 1 { padding.unsqueeze(-2) } else { padding };
        Self { mask, key_padding: self.key_padding.map(spread), ..self }
    }

    /// Refuses what is no mask of scores of this shape, in the name of who was given it.
    #[track_caller]
    pub(super) fn check(self, name: &str, scores: &Shape) {
        let keys: Shape = scores.reduced(&[scores.rank() - 2], false);
        if let Some(mask) = self.mask
            && (mask.kind() == Kind::Index || !mask.shape().broadcasts_to(scores))
        {
            let rule = format!(
                "a mask must be truth values or reals that broadcast to {scores}, queries and keys last"
            );
            misfit(name, rule, &[mask]);
        }
        if let Some(padding) = self.key_padding
            && (padding.kind() != Kind::Boolean || !padding.shape().broadcasts_to(&keys))
        {
            let rule = format!("the padding of keys must be truth values that broadcast to {keys}");
            misfit(name, rule, &[padding]);
        }
    }

    /// What is added to scores, and which of them are seen, causality left out.
    pub(super) fn parts(self) -> [Option<Var<'g>>; 2] {
        let (added, seen) = match self.mask {
            Some(mask) if mask.is_real() => (Some(mask), None),
            mask => (None, mask),
        };
        let padding = self.key_padding.map(|padding| padding.to_real().eq(0.0).unsqueeze(-2));
        let seen = match (seen, padding) {
            (Some(seen), Some(kept)) => Some(seen.and(kept)),
            (seen, kept) => seen.or(kept),
        };
        [added, seen]
    }
}
