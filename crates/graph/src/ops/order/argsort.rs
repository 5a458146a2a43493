//! Sorting.

use super::super::registry::{Example, shaped};
use crate::shape::resolve_axis;
use crate::sorted::sort_by;
use crate::{Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Type, Var, misfit};

/// The positions along an axis in the order of the numbers there; equal ones stay in theirs. No derivative.
///
/// Recorded by [`Var::argsort`](crate::Var::argsort).
#[derive(Clone, Debug, PartialEq)]
pub struct ArgSort {
    /// The axis; negative from the last.
    pub axis: isize,
    /// Whether the largest is first.
    pub descending: bool,
}

impl Operation for ArgSort {
    fn name(&self) -> &'static str {
        "argsort"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        super::indices_along(self.axis, inputs)
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let mut positions: Vec<usize> = Vec::new();
        super::each_lane(self.axis, args, out, &mut |lane, mut sorted| {
            positions.clear();
            positions.extend(0..lane.len());
            sort_by(&mut positions, &|a, b| {
                let order = super::order(&lane[a], &lane[b]);
                if self.descending { order.reverse() } else { order }
            });
            sorted.iter_mut().zip(&positions).for_each(|(to, &from)| *to = from as i64);
        });
        Ok(())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(Self { axis: batch.axis(0, self.axis), ..self.clone() }))
    }
}

impl<'g> Var<'g> {
    /// The positions along an axis in the order of the numbers there, as indices: the smallest first, or the largest if
    /// `descending`. Equal numbers stay in their order; NaN counts as the largest (as in PyTorch).
    ///
    /// The shape stays.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![3.0, 1.0, 2.0]);
    /// assert_eq!(x.argsort(0, false).eval()?, array![1.0, 2.0, 0.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, or there is no such axis.
    #[track_caller]
    pub fn argsort(self, axis: isize, descending: bool) -> Var<'g> {
        self.graph().apply(ArgSort { axis, descending }, &[self])
    }

    /// The numbers along an axis in order: those at [`argsort`](Var::argsort). The cotangent goes where each came from.
    ///
    /// The shape stays.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![3.0, 1.0, 2.0]);
    /// let y = x.sort(0, false);
    /// assert_eq!(y.eval()?, array![1.0, 2.0, 3.0].into_dyn());
    /// assert_eq!(y.index_axis(0, 0).grad(x).eval()?, array![0.0, 1.0, 0.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, or there is no such axis.
    #[track_caller]
    pub fn sort(self, axis: isize, descending: bool) -> Var<'g> {
        self.gather(axis, self.argsort(axis, descending))
    }

    /// The k largest numbers along an axis, or the smallest unless `largest`, the most extreme first, and their positions
    /// (PyTorch's `topk`). Of equal ones, the first; NaN counts as the largest.
    ///
    /// The axis has extent k.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![3.0, 1.0, 4.0]);
    /// let (values, positions) = x.topk(2, 0, true);
    /// assert_eq!(values.eval()?, array![4.0, 3.0].into_dyn());
    /// assert_eq!(positions.eval()?, array![2.0, 0.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, there is no such axis, or it has fewer than k positions.
    #[track_caller]
    pub fn topk(self, k: usize, axis: isize, largest: bool) -> (Var<'g>, Var<'g>) {
        let sorted = self.argsort(axis, largest);
        let resolved = resolve_axis(axis, self.rank()).expect("argsort checked the axis");
        if k > self.shape()[resolved] {
            let rule = format!("{k} of the {} numbers along axis {axis}", self.shape()[resolved]);
            misfit("topk", rule, &[self]);
        }
        let positions = sorted.slice_axis(axis, ..k);
        (self.gather(axis, positions), positions)
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        shaped("argsort", [2, 5], |x| x.square().sort(1, false).square() * x),
        shaped("argsort", [4, 2], |x| x.sort(0, true) * x.square()),
        shaped("argsort", [2, 5], |x| x.topk(2, -1, false).0.square()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn equal_numbers_stay_in_their_order_and_nan_is_the_largest() {
        let g = Graph::new();
        let x = g.constant(array![2.0, f64::NAN, 1.0, 2.0, f64::NAN, f64::INFINITY]);
        let up = x.argsort(0, false).eval().unwrap();
        assert_eq!(up, array![2.0, 0.0, 3.0, 5.0, 1.0, 4.0].into_dyn());
        let down = x.argsort(0, true).eval().unwrap();
        assert_eq!(down, array![1.0, 4.0, 5.0, 0.0, 3.0, 2.0].into_dyn());
    }
}
