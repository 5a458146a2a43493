//! Places among sorted numbers.

use super::super::registry::{Example, Sample};
use crate::error::{exactly, expect_kind};
use crate::{
    Args, Batch, Cotangents, Kind, Operation, Out, RunResult, Scalar, Shape, Type, Var, misfit,
};

/// For each value, how many of the sorted numbers along the last axis stand before it. No derivative.
///
/// Recorded by [`Var::searchsorted`](crate::Var::searchsorted).
#[derive(Clone, Debug, PartialEq)]
pub struct SearchSorted {
    /// Whether equal numbers stand before it.
    pub right: bool,
}

impl Operation for SearchSorted {
    fn name(&self) -> &'static str {
        "searchsorted"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [sorted, values] = exactly(inputs)?;
        expect_kind("the sorted array", sorted.kind, Kind::Real)?;
        expect_kind("the values", values.kind, Kind::Real)?;
        match (sorted.shape.split_last(), values.shape.split_last()) {
            (Some((_, lanes)), Some((_, same))) if lanes == same => Ok(Type::index(&values.shape)),
            _ => Err(format!(
                "{} and {} must agree but in the last axis",
                sorted.shape, values.shape
            )),
        }
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let (sorted, values) = (args.real(0), args.real(1));
        let lengths = [&sorted, &values].map(|x| x.shape()[x.ndim() - 1]);
        let (sorted, values) = (sorted.as_standard_layout(), values.as_standard_layout());
        let [sorted, values] = [&sorted, &values].map(|x| x.as_slice().expect("standard layout"));
        for ((i, place), value) in out.index().iter_mut().enumerate().zip(values) {
            let lane = i / lengths[1];
            let before = |x: &T| match super::order(x, value) {
                std::cmp::Ordering::Equal => self.right,
                order => order.is_lt(),
            };
            let sorted = &sorted[lane * lengths[0]..(lane + 1) * lengths[0]];
            *place = sorted.partition_point(before) as i64;
        }
        Ok(())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

impl<'g> Var<'g> {
    /// For each value, where it would stand among these sorted numbers, as an index: before those that are equal to it, or
    /// behind them if `right` (PyTorch's `searchsorted`). Of numbers that are not sorted, some place.
    ///
    /// `values` are of any shape beside a vector; else the shapes agree but in the last axis, along which is sorted. The shape
    /// of `values` comes out.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let sorted = g.constant(array![1.0, 2.0, 2.0, 4.0]);
    /// let values = g.constant(array![0.0, 2.0, 9.0]);
    /// assert_eq!(sorted.searchsorted(values, false).eval()?, array![0.0, 1.0, 4.0].into_dyn());
    /// assert_eq!(sorted.searchsorted(values, true).eval()?, array![0.0, 3.0, 4.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If one of the arrays is not real, or the shapes do not fit.
    #[track_caller]
    pub fn searchsorted(self, values: Var<'g>, right: bool) -> Var<'g> {
        if self.rank() == 0 {
            misfit("searchsorted", "sorted numbers lie along an axis", &[self, values]);
        }
        let graph = self.graph();
        if self.rank() > 1 {
            return graph.apply(SearchSorted { right }, &[self, values]);
        }
        let shape = values.shape();
        let flat = values.reshape_to(Shape::from([shape.size()]));
        graph.apply(SearchSorted { right }, &[self, flat]).reshape_to(shape)
    }
}

pub(super) fn examples() -> Vec<Example> {
    let one = [Sample::real([4], -2.0..2.0), Sample::real([2, 3], -2.0..2.0)];
    let rows = [Sample::real([2, 4], -2.0..2.0), Sample::real([2, 3], -2.0..2.0)];
    vec![
        Example::new("searchsorted", one, |_, x| {
            x[0].sort(0, false).searchsorted(x[1], false).to_real() * x[1].square()
        }),
        Example::new("searchsorted", rows, |_, x| {
            x[0].sort(1, false).searchsorted(x[1], true).to_real() * x[1]
        }),
    ]
}
