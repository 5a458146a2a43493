//! Attention of one element after the other.

use std::panic::Location;

use graph::{Kind, Shape, Var};

use super::{DotProductAttention, Masks, MultiHeadAttention};

impl MultiHeadAttention {
    /// The shape of the cache of [`forward_cached`](Self::forward_cached), for sequences of up to this length:
    /// keys, then values, `[2, batch, heads, length, D]`.
    pub fn cache_shape(&self, batch: usize, length: usize) -> Shape {
        [2, batch, self.heads, length, self.width() / self.heads].into()
    }

    /// One more element of each sequence, `[batch, 1, E]`, looks at itself and at all before it: what
    /// [`forward_masked`](Self::forward_masked) answers of it where that is causal. Its key and value are written into
    /// the cache at the position, an index; result and cache come out.
    ///
    /// ```
    /// use cotangent::{Function, Params};
    /// use cotangent::ndarray::{Array3, ArrayD, arr0};
    /// use cotangent::nn::MultiHeadAttention;
    ///
    /// let mut params = Params::seeded(0);
    /// let attention = MultiHeadAttention::new(8, 2).build(&mut params.root(), "attention");
    /// let mut next = Function::several(|_, [x, position, cache]| {
    ///     let (y, cache) = attention.forward_cached(x, position, cache);
    ///     [y, cache]
    /// });
    /// let mut cache = ArrayD::<f32>::zeros(attention.cache_shape(1, 16).to_vec());
    /// for position in 0..16_i64 {
    ///     let [y, written] = next.run(&params, (&Array3::<f32>::ones((1, 1, 8)), &arr0(position), &cache))?;
    ///     assert_eq!(y.shape(), [1, 1, 8]);
    ///     cache = written.to_owned();
    /// }
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// What lies in the cache behind the position is not seen. A position beyond the length is an error of the run.
    ///
    /// # Panics
    /// If x, the position or the cache is not of its shape, or the layer takes keys of other features.
    #[track_caller]
    pub fn forward_cached<'g>(
        &self,
        x: Var<'g>,
        position: Var<'g>,
        cache: Var<'g>,
    ) -> (Var<'g>, Var<'g>) {
        let length = self.check_cache(x, position, cache);
        let g = x.graph();
        g.at(Location::caller(), || {
            let [mut q, mut k, v] = self.heads_of([x, x, x]);
            if let Some(rotary) = self.rotary {
                let at = position.unsqueeze(0);
                [q, k] = [q, k].map(|x| rotary.forward_at(x, at, length));
            }
            let cache = cache.dynamic_update_slice(3, position, g.stack(&[k, v], 0));
            let seen = Masks::none().mask(g.arange(length).le(position));
            let attention = DotProductAttention::new().masks(seen);
            let y = attention.of(q, cache.index_axis(0, 0), cache.index_axis(0, 1));
            (self.joined(y), cache)
        })
    }

    /// The length of the cache.
    #[track_caller]
    fn check_cache(&self, x: Var<'_>, position: Var<'_>, cache: Var<'_>) -> usize {
        let (shape, width) = (x.shape(), self.width());
        let batch = shape.first().copied().unwrap_or(0);
        if !x.is_real() || shape[..] != [batch, 1, width] {
            let rule = format!(
                "the input must be one element of each sequence, reals of shape [batch, 1, {width}]"
            );
            self.refuse(rule, &[x]);
        }
        if position.kind() != Kind::Index || position.rank() > 0 {
            self.refuse("the position must be one index".to_owned(), &[position]);
        }
        let length = cache.shape().get(3).copied().unwrap_or(0);
        let expected = self.cache_shape(batch, length);
        if !cache.is_real() || cache.shape() != expected {
            let rule = format!(
                "the cache must be reals of shape {expected}, [2, batch, heads, length, D]"
            );
            self.refuse(rule, &[cache]);
        }
        length
    }
}
