//! Long loops in little memory: loops over segments, of which each is computed again for its gradient.

use crate::{Graph, Var};

/// A body, of which several loops are made.
type Step<'b, 'g> = &'b dyn Fn(&[Var<'g>], &[Var<'g>]) -> (Vec<Var<'g>>, Vec<Var<'g>>);

impl Graph {
    /// As [`scan`](Self::scan), with less memory for the gradient, and the same values: of T steps, what about
    /// T^(1/`levels`) computed is kept at a time. With 1 it is a [`scan`](Self::scan). With 2 the steps are taken in √T
    /// segments, of which the carries are kept, and which are computed again one after the other for the backward pass;
    /// with 3 each segment is such a loop itself. Every level above the first costs one more forward pass (Griewank,
    /// "Achieving logarithmic growth of temporal and spatial complexity in reverse automatic differentiation", 1992; Chen et
    /// al., "Training deep nets with sublinear memory cost", 2016).
    ///
    /// ```
    /// use cotangent::Graph;
    ///
    /// let g = Graph::new();
    /// let (h, w, x) = (g.full([4], 0.0), g.full([4, 4], 0.1), g.full([100, 4], 0.5));
    /// let loss = |levels| {
    ///     let last = g.scan_checkpointed(levels, &[h], &[x], |h, x| (vec![(h[0].matmul(w) + x[0]).tanh()], vec![])).0;
    ///     last[0].sum()
    /// };
    /// let far = (loss(1).grad(w) - loss(2).grad(w)).abs().max().eval()?[[]];
    /// assert!(far < 1e-15);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// As [`scan`](Self::scan), and if `levels` is 0.
    #[track_caller]
    pub fn scan_checkpointed<'g>(
        &'g self,
        levels: u32,
        init: &[Var<'g>],
        xs: &[Var<'g>],
        body: impl Fn(&[Var<'g>], &[Var<'g>]) -> (Vec<Var<'g>>, Vec<Var<'g>>),
    ) -> (Vec<Var<'g>>, Vec<Var<'g>>) {
        assert!(levels > 0, "scan_checkpointed: there is at least one level, and 0 were asked for");
        self.at(self.line(), || self.in_segments(levels, init, xs, &body))
    }

    fn in_segments<'g>(
        &'g self,
        levels: u32,
        init: &[Var<'g>],
        xs: &[Var<'g>],
        body: Step<'_, 'g>,
    ) -> (Vec<Var<'g>>, Vec<Var<'g>>) {
        let steps = xs.first().and_then(|x| x.shape().first().copied()).unwrap_or(0);
        let exponent = f64::from(levels - 1) / f64::from(levels);
        let length = (steps as f64).powf(exponent).ceil() as usize;
        let agree = xs.iter().all(|x| x.shape().first() == Some(&steps));
        if levels == 1 || length < 2 || steps < 2 * length || !agree {
            return self.scan(init, xs, body);
        }
        let segments = steps / length;
        let (whole, rest) = (segments * length, steps % length);
        let folded = |x: &Var<'g>| {
            let (x, shape) = (x.slice_axis(0, 0..whole), x.shape());
            x.reshape_to([&[segments, length], &shape[1..]].concat())
        };
        let folded: Vec<Var<'g>> = xs.iter().map(folded).collect();
        let (carry, each) = self.scan_recomputed(init, &folded, |carry, xs| {
            self.in_segments(levels - 1, carry, xs, body)
        });
        let unfolded = |y: Var<'g>| y.reshape_to([&[whole], &y.shape()[2..]].concat());
        let each: Vec<Var<'g>> = each.into_iter().map(unfolded).collect();
        if rest == 0 {
            return (carry, each);
        }
        // Fewer steps than a segment, which has one level less.
        let left: Vec<Var<'g>> = xs.iter().map(|x| x.slice_axis(0, whole..)).collect();
        let (carry, last) = self.in_segments(levels - 1, &carry, &left, body);
        let joined = |(first, last)| self.concat(&[first, last], 0);
        (carry, each.into_iter().zip(last).map(joined).collect())
    }
}
