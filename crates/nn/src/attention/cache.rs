//! Attention of elements to those that were read before.

use std::panic::Location;

use graph::{IndexWords, Kind, Shape, Var};

use super::{Masks, MultiHeadAttention};
use crate::Mode;

impl MultiHeadAttention {
    /// The shape of the cache of [`forward_cached`](Self::forward_cached), for sequences of up to this length:
    /// keys, then values, `[2, batch, heads, length, D]`, with `kv_heads` in place of `heads` where these are fewer.
    pub fn cache_shape(&self, batch: usize, length: usize) -> Shape {
        [2, batch, self.kv_heads, length, self.head()].into()
    }

    /// The next elements of each sequence, `[batch, L, E]`, of which the first is at the position p, an index: each looks at
    /// itself and at all before it, as [`forward_masked`](Self::forward_masked) answers where that is causal. Their keys and
    /// values are written into the cache from the position on; result, `[batch, L, E]`, and cache come out. Without dropout.
    ///
    /// A beginning is read at once, and what follows element by element:
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
    /// let [y, written] = next.run(&params, (&Array3::<f32>::ones((1, 5, 8)), &arr0(0_i64), &cache))?;
    /// assert_eq!(y.shape(), [1, 5, 8]);
    /// cache = written.to_owned();
    /// for position in 5..16_i64 {
    ///     let [y, written] = next.run(&params, (&Array3::<f32>::ones((1, 1, 8)), &arr0(position), &cache))?;
    ///     assert_eq!(y.shape(), [1, 1, 8]);
    ///     cache = written.to_owned();
    /// }
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// There is a program for each number of elements; one program serves all positions. What lies in the cache behind the
    /// elements is not seen. A position from which they reach beyond the length of the cache is an error of the run, as are more
    /// elements than this length.
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
        let (g, elements) = (x.graph(), x.shape()[1]);
        g.at(Location::caller(), || {
            if elements > length {
                let rule = format!(
                    "{elements} elements at once, and a cache of {length}: give fewer, or a cache of at least `cache_shape(batch, \
                     {elements})`"
                );
                let none = |like: Var<'g>| g.refused(&self.name(), &*rule, like.ty(), &[x, cache]);
                return (none(x), none(cache));
            }
            let words = IndexWords { one: "position", many: "positions of the cache" };
            let position = position.starts_within(elements, length, "forward_cached", words);
            let [mut q, mut k, v] = self.heads_of([x, x, x]);
            if let Some(rotary) = self.rotary {
                [q, k] = [q, k].map(|x| rotary.forward_from(x, position, length));
            }
            let cache = cache.dynamic_update_slice(3, position, g.stack(&[k, v], 0));
            let masks = Masks::none().causal_from(position);
            let kv = [0, 1].map(|which| cache.index_axis(0, which));
            let (attention, [k, v]) = self.attention(kv, masks, Mode::Eval);
            (self.joined(attention.of(q, k, v)), cache)
        })
    }

    /// The length of the cache.
    #[track_caller]
    fn check_cache(&self, x: Var<'_>, position: Var<'_>, cache: Var<'_>) -> usize {
        let (shape, width) = (x.shape(), self.width());
        let [batch, elements] = [0, 1].map(|axis| shape.get(axis).copied().unwrap_or(0));
        if !x.is_real() || elements == 0 || shape[..] != [batch, elements, width] {
            let rule = format!(
                "the input must be one or more elements of each sequence, reals of shape [batch, L, {width}]"
            );
            self.refuse(rule, &[x]);
        }
        if position.kind() != Kind::Index || position.rank() > 0 {
            let rule = "the position must be one index, that of the first of these elements";
            self.refuse(rule.to_owned(), &[position]);
        }
        let length = cache.shape().get(3).copied().unwrap_or(0);
        let expected = self.cache_shape(batch, length);
        if !cache.is_real() || cache.shape() != expected {
            let rule = format!(
                "the cache must be reals of shape {expected}, [2, batch, kv_heads, length, D]"
            );
            self.refuse(rule, &[cache]);
        }
        length
    }
}
