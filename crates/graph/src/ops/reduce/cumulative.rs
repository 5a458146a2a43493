//! Cumulative sums.

use smallvec::smallvec;

use super::AccurateSum;
use super::cumulative_fold::infer;
use crate::ops::registry::{Example, shaped};
use crate::shape::resolve_axis;
use crate::{Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Type, Var};

/// yᵢ = Σ x up to i along one axis, or from i on if reversed. Cotangent: the cumulative sum of v in
/// the other direction.
///
/// Recorded by [`Var::cumsum`](crate::Var::cumsum).
#[derive(Clone, Debug, PartialEq)]
pub struct CumSum {
    /// The axis; negative from the last.
    pub axis: isize,
    /// Whether the sums run from the last element.
    pub reverse: bool,
}

impl Operation for CumSum {
    fn name(&self) -> &'static str {
        "cumsum"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        infer(inputs, self.axis)
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let adjoint = CumSum { axis: self.axis, reverse: !self.reverse };
        smallvec![Some(v.graph().apply(adjoint, &[v]))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let x = args.real(0);
        let axis = resolve_axis(self.axis, x.ndim()).expect("the shape rule checked the axis");
        let out = out.real();
        out.assign(&x);
        for mut lane in out.lanes_mut(ndarray::Axis(axis)) {
            let mut sum = AccurateSum::new();
            let mut step = |y: &mut T| {
                sum.add(*y);
                *y = sum.value();
            };
            if self.reverse {
                lane.iter_mut().rev().for_each(&mut step)
            } else {
                lane.iter_mut().for_each(&mut step)
            }
        }
        Ok(())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(Self { axis: batch.axis(0, self.axis), reverse: self.reverse }))
    }
}

impl<'g> Var<'g> {
    /// The cumulative sum along an axis: each element with all before it.
    ///
    /// The shape stays.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, 2.0, 3.0]);
    /// assert_eq!(x.cumsum(0).eval()?, array![1.0, 3.0, 6.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, or there is no such axis.
    #[track_caller]
    pub fn cumsum(self, axis: isize) -> Var<'g> {
        self.graph().apply(CumSum { axis, reverse: false }, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        shaped("cumsum", [2, 3], |x| x.square().cumsum(0)),
        shaped("cumsum", [2, 3, 2], |x| x.square().cumsum(-2)),
    ]
}

#[cfg(test)]
mod tests {
    use ndarray::Array1;

    use crate::{Evaluator, Graph};

    #[test]
    fn rounding_does_not_grow_with_the_count() {
        let g = Graph::new();
        let x = g.full([200_000], 0.1).cumsum(0).slice_axis(0, -1..);
        let last = Evaluator::<f32>::new(&g).run(&[x]).unwrap().remove(0).into_real();
        let exact = 200_000.0 * f64::from(0.1_f32);
        assert_eq!(last, Array1::from(vec![exact as f32]).into_dyn());
    }
}
