//! What a query does not see.

use graph::{IndexWords, Kind, Shape, Var, misfit};
use ndarray::Array1;

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
    /// The position of the first query of a causal attention, where that is not 0.
    start: Option<Var<'g>>,
    mask: Option<Var<'g>>,
    key_padding: Option<Var<'g>>,
    /// How many keys at the end everybody sees.
    always: usize,
}

/// The extents of the scores that masks are of: `[.., queries, keys]`, or `[.., heads, queries, keys]` where a layer made
/// heads of what it was given, and who gives masks need not know.
pub(super) struct Scores<'a> {
    pub ahead: &'a [usize],
    pub heads: Option<usize>,
    pub queries: usize,
    pub keys: usize,
}

impl<'g> Masks<'g> {
    /// Every query sees every key.
    pub fn none() -> Self {
        Self::default()
    }

    /// Query i sees keys 0 to i alone (PyTorch's `is_causal`).
    pub fn causal(self) -> Self {
        Self { causal: true, start: None, ..self }
    }

    /// As [`causal`](Self::causal), for queries that are not the first: query i is at position p + i among the keys, and sees
    /// keys 0 to p + i alone. p is one index, a value of the run, so that one program serves all positions: keys lie in a
    /// cache, and queries go on from where it is filled to.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::arr0;
    /// use cotangent::nn::attention::Masks;
    /// use cotangent::nn::scaled_dot_product_attention;
    ///
    /// let g = Graph::new();
    /// let (q, k) = (g.normal([2, 5, 4], 0.0, 1.0), g.normal([2, 5, 4], 0.0, 1.0));
    /// let all = scaled_dot_product_attention(q, k, k, Masks::none().causal());
    /// let from = Masks::none().causal_from(g.constant(arr0(3)));
    /// let last = scaled_dot_product_attention(q.slice_axis(1, 3..), k, k, from);
    /// assert!((all.slice_axis(1, 3..) - last).abs().max().eval()?[[]] < 1e-12);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// A position from which the queries would reach beyond the keys is an error of the run.
    pub fn causal_from(self, position: Var<'g>) -> Self {
        Self { causal: true, start: Some(position), ..self }
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

    /// With so many more keys behind these, which everybody sees.
    pub(super) fn with_more_keys(self, more: usize, keys: usize) -> Self {
        if more == 0 {
            return self;
        }
        let longer = |mask: Var<'g>, value| {
            let shape = mask.shape();
            let ahead = &shape[..shape.rank().saturating_sub(1)];
            let mut border = vec![(0, 0); ahead.len()];
            border.push((0, more));
            mask.broadcast_to([ahead, &[keys]].concat()).pad(border, value)
        };
        let of_mask = |mask: Var<'g>| {
            if mask.is_real() { longer(mask, 0.0) } else { longer(mask.to_real(), 1.0).ne(0.0) }
        };
        let of_padding = |padding: Var<'g>| longer(padding.to_real(), 0.0).ne(0.0);
        let (mask, key_padding) = (self.mask.map(of_mask), self.key_padding.map(of_padding));
        Self { mask, key_padding, always: self.always + more, ..self }
    }

    /// Refuses what is no mask of these scores, in the name of who was given it.
    #[track_caller]
    pub(super) fn check(self, name: &str, scores: &Scores<'_>) {
        let Scores { ahead, heads, queries, keys } = *scores;
        let of_all: Shape = [ahead, &[queries, keys]].concat().into();
        let of_each: Shape = match heads {
            Some(heads) => [ahead, &[heads, queries, keys]].concat().into(),
            None => of_all.clone(),
        };
        if let Some(mask) = self.mask {
            let shared = mask.rank() > 2 && mask.rank() == of_all.rank();
            let fits = mask.shape().broadcasts_to(if shared { &of_all } else { &of_each });
            if mask.kind() == Kind::Index || !fits {
                let each = match heads {
                    Some(_) => format!("; or to {of_each}, of each head its own"),
                    None => String::new(),
                };
                let rule = format!(
                    "a mask must be truth values or reals that broadcast to {of_all}, queries and keys last{each}"
                );
                misfit(name, rule, &[mask]);
            }
        }
        let keys: Shape = [ahead, &[keys]].concat().into();
        if let Some(padding) = self.key_padding
            && (padding.kind() != Kind::Boolean || !padding.shape().broadcasts_to(&keys))
        {
            let rule = format!("the padding of keys must be truth values that broadcast to {keys}");
            misfit(name, rule, &[padding]);
        }
        if let Some(start) = self.start
            && (start.kind() != Kind::Index || start.rank() > 0)
        {
            misfit(name, "the position of the first query must be one index", &[start]);
        }
    }

    /// Whether queries and keys count from the same element, so that early queries see early keys alone.
    pub(super) fn is_aligned(self) -> bool {
        self.causal && self.start.is_none() && self.always == 0
    }

    /// The positions of so many queries, of which the last must be among the keys: indices, or reals where these are sums.
    pub(super) fn positions(self, name: &'static str, keys: Var<'g>, queries: usize) -> Var<'g> {
        let g = keys.graph();
        let Some(start) = self.start else { return g.arange(queries) };
        let among = keys.shape()[keys.rank() - 2] - self.always;
        let words = IndexWords { one: "position", many: "keys" };
        let start = start.starts_within(queries, among, name, words);
        match queries {
            // Indices are compared as they are.
            1 => start.unsqueeze(0),
            _ => start.to_real() + g.arange(queries).to_real(),
        }
    }

    /// Which of so many keys queries at these positions see, if not all: those behind all others lie at the beginning.
    pub(super) fn before(self, positions: Var<'g>, keys: usize) -> Option<Var<'g>> {
        if !self.causal {
            return None;
        }
        let g = positions.graph();
        let keys = match self.always {
            0 => g.arange(keys),
            always => {
                let of_others = 0..(keys - always) as i64;
                g.constant(of_others.chain(std::iter::repeat_n(0, always)).collect::<Array1<i64>>())
            }
        };
        let keys = if positions.is_real() { keys.to_real() } else { keys };
        Some(positions.unsqueeze(-1).ge(keys))
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
