//! Sums, means and maxima of the rows that indices put into one segment.

use smallvec::smallvec;

use super::super::registry::{Example, Sample};
use super::check;
use crate::elementwise::each;
use crate::error::{exactly, expect_kind};
use crate::{
    Args, Cotangents, IndexWords, Kind, Operation, Out, RunResult, Scalar, Shape, Type, Var, misfit,
};

/// The largest element of each segment of the rows of x, and −∞ of an empty one. Cotangent: v, shared evenly by those that are
/// equally large.
///
/// Recorded by [`Var::segment_max`](crate::Var::segment_max).
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentMax {
    /// How many segments there are.
    pub segments: usize,
}

impl Operation for SegmentMax {
    fn name(&self) -> &'static str {
        "segment_max"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x, ids] = exactly(inputs)?;
        expect_kind("the array", x.kind, Kind::Real)?;
        expect_kind("the segments", ids.kind, Kind::Index)?;
        rows(&x.shape, &ids.shape)?;
        Ok(Type::real(x.shape.with(0, self.segments)))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], y: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (x, ids) = (inputs[0], inputs[1]);
        let largest = x.eq(y.take(0, ids)).to_real();
        let shared = v / largest.segment_sum(ids, self.segments).maximum(1.0);
        smallvec![Some(largest.mul_no_nan(shared.take(0, ids))), None]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let (x, ids, out) = (args.real(0), args.index(1), out.real());
        out.fill(T::neg_infinity());
        for ((row, &id), position) in x.outer_iter().zip(&ids).zip(0..) {
            let id = check(id, self.segments, || vec![position])?;
            let mut to = out.index_axis_mut(ndarray::Axis(0), id);
            each(&mut to, &row, &|ys, xs| {
                for (y, &x) in ys.iter_mut().zip(xs) {
                    *y = if x > *y || x.is_nan() { x } else { *y };
                }
            });
        }
        Ok(())
    }
}

/// The rule that there is one index for each row.
fn rows(x: &Shape, ids: &Shape) -> Result<(), String> {
    match (x.first(), &ids[..]) {
        (Some(rows), [count]) if rows == count => Ok(()),
        _ => Err(format!("there must be one segment for each row of {x}, and there are {ids}")),
    }
}

impl<'g> Var<'g> {
    /// The sum of the rows of each segment: row i of this array is one of segment `ids`ᵢ (JAX's `segment_sum`). 0 for an empty
    /// one.
    ///
    /// From `[n, …]` with n indices, `[segments, …]`.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let (x, ids) = (g.constant(array![1.0, 2.0, 4.0]), g.constant(array![0, 2, 2]));
    /// assert_eq!(x.segment_sum(ids, 3).eval()?, array![1.0, 0.0, 6.0].into_dyn());
    /// assert_eq!(x.segment_mean(ids, 3).eval()?, array![1.0, 0.0, 3.0].into_dyn());
    /// assert_eq!(x.segment_max(ids, 3).eval()?, array![1.0, f64::NEG_INFINITY, 4.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If this array is not real, or `ids` does not hold one index for each row. An index out of range is an error of the run.
    #[track_caller]
    pub fn segment_sum(self, ids: Var<'g>, segments: usize) -> Var<'g> {
        sum(self, among("segment_sum", ids, segments, self), segments)
    }

    /// The mean of the rows of each segment, as [`segment_sum`](Var::segment_sum). 0 for an empty one.
    ///
    /// # Panics
    /// As [`segment_sum`](Var::segment_sum).
    #[track_caller]
    pub fn segment_mean(self, ids: Var<'g>, segments: usize) -> Var<'g> {
        let ids = among("segment_mean", ids, segments, self);
        let sum = sum(self, ids, segments);
        let mut column: Shape = self.shape().iter().map(|_| 1).collect();
        column = column.with(0, segments);
        sum / counts(ids, segments).maximum(1.0).reshape_to(column)
    }

    /// The largest element of each segment of rows, as [`segment_sum`](Var::segment_sum); −∞ for an empty one, and NaN if one
    /// is. Those that are equally large share the cotangent. By plain evaluation.
    ///
    /// # Panics
    /// As [`segment_sum`](Var::segment_sum).
    #[track_caller]
    pub fn segment_max(self, ids: Var<'g>, segments: usize) -> Var<'g> {
        self.graph().apply(SegmentMax { segments }, &[self, ids])
    }

    /// How often each number below `bins` stands among these indices, as reals (numpy's and PyTorch's `bincount`; with
    /// weights, it is [`segment_sum`](Var::segment_sum) of them).
    ///
    /// The indices have one axis; `[bins]` comes out.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let ids = g.constant(array![0, 2, 2]);
    /// assert_eq!(ids.bincount(4).eval()?, array![1.0, 0.0, 2.0, 0.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If these are no indices, or have not one axis. An index out of range is an error of the run.
    #[track_caller]
    pub fn bincount(self, bins: usize) -> Var<'g> {
        if self.rank() != 1 {
            misfit("bincount", "the indices must have one axis", &[self]);
        }
        counts(self.within(bins, "bincount", IndexWords { one: "number", many: "bins" }), bins)
    }
}

/// The numbers of segments, one for each row of x; a function of this name says so of what is none.
#[track_caller]
fn among<'g>(name: &'static str, ids: Var<'g>, segments: usize, x: Var<'g>) -> Var<'g> {
    if let Err(rule) = rows(&x.shape(), &ids.shape()) {
        misfit(name, rule, &[x, ids]);
    }
    ids.within(segments, name, IndexWords { one: "segment", many: "segments" })
}

/// The sums of the rows of each segment.
#[track_caller]
fn sum<'g>(x: Var<'g>, ids: Var<'g>, segments: usize) -> Var<'g> {
    x.graph().full(x.shape().with(0, segments), 0.0).index_add(0, ids, x)
}

/// How many rows each segment has.
#[track_caller]
fn counts(ids: Var<'_>, segments: usize) -> Var<'_> {
    sum(ids.graph().full(ids.shape(), 1.0), ids, segments)
}

pub(super) fn examples() -> Vec<Example> {
    let samples = || [Sample::real([5, 2], -2.0..2.0), Sample::index([5], 3)];
    vec![
        Example::new("index_add", samples(), |_, x| x[0].square().segment_sum(x[1], 4)),
        Example::new("index_add", samples(), |_, x| x[0].segment_mean(x[1], 3).square()),
        Example::new("segment_max", samples(), |_, x| {
            // Of an empty segment there is no number to go on with.
            let largest = x[0].square().segment_max(x[1], 3);
            largest.is_finite().select(largest, 0.0).square()
        }),
    ]
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn the_largest_of_a_segment_share_the_cotangent() {
        let g = Graph::new();
        let x = g.constant(array![1.0, 3.0, 3.0, 2.0]);
        let y = x.segment_max(g.constant(array![0, 0, 0, 2]), 3);
        let weights = g.constant(array![4.0, 5.0, 6.0]);
        let dx = (y.is_finite().select(y, 0.0) * weights).sum().grad(x);
        assert_eq!(dx.eval().unwrap(), array![0.0, 2.0, 2.0, 6.0].into_dyn());
    }

    #[test]
    #[should_panic(
        expected = "there must be one segment for each row of [3, 2], and there are [2]"
    )]
    fn every_row_has_a_segment() {
        let g = Graph::new();
        g.full([3, 2], 1.0).segment_sum(g.constant(array![0, 1]), 2);
    }
}
