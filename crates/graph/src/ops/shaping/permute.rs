//! Axes in another order.

use ndarray::IxDyn;
use smallvec::{SmallVec, smallvec};

use super::super::registry::{Example, shaped};
use super::assign;
use crate::Lowering;
use crate::error::exactly;
use crate::shape::resolve_axis;
use crate::short::Short;
use crate::{Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Type, Var, misfit};

/// Axis i of the result is axis `order[i]` of the argument. Cotangent: v, permuted back.
///
/// Recorded by [`Var::permute`](crate::Var::permute).
#[derive(Clone, Debug, PartialEq)]
pub struct Permute {
    /// The axes of the argument in the order of the result.
    pub order: SmallVec<[usize; 4]>,
}

impl Operation for Permute {
    fn name(&self) -> &'static str {
        "permute"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        let mut sorted = self.order.clone();
        sorted.sort_unstable();
        if sorted.iter().copied().eq(0..x.shape.rank()) {
            Ok(Type { kind: x.kind, shape: self.order.iter().map(|&axis| x.shape[axis]).collect() })
        } else {
            Err(format!(
                "each of the {} axes must be listed once, and the order is {:?}",
                x.shape.rank(),
                self.order
            ))
        }
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let mut inverse = self.order.clone();
        for (position, &axis) in self.order.iter().enumerate() {
            inverse[axis] = position;
        }
        smallvec![Some(v.graph().apply(Permute { order: inverse }, &[v]))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let order = || IxDyn(&self.order);
        assign(args, out, |x| x.permuted_axes(order()), |x| x.permuted_axes(order()));
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::Permute(self.order.clone())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        let behind = self.order.iter().map(|axis| axis + 1);
        Some(batch.apply(Self { order: [0].into_iter().chain(behind).short() }))
    }
}

impl<'g> Var<'g> {
    /// The axes in another order: axis i of the result is axis `order[i]` of this.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// let y = x.permute([1, 0]);
    /// assert_eq!(y.eval()?, array![[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// Unless each axis is listed once.
    #[track_caller]
    pub fn permute(self, order: impl AsRef<[isize]>) -> Var<'g> {
        let rank = self.rank();
        let order: Result<_, _> =
            order.as_ref().iter().map(|&axis| resolve_axis(axis, rank)).collect();
        match order {
            Ok(order) => self.graph().apply(Permute { order }, &[self]),
            Err(rule) => misfit("permute", rule, &[self]),
        }
    }

    /// The matrix transpose: the last two axes exchanged.
    ///
    /// # Panics
    /// If there are fewer than two axes.
    #[track_caller]
    pub fn t(self) -> Var<'g> {
        let rank = self.rank();
        if rank < 2 {
            misfit("t", "a transpose needs two axes", &[self]);
        }
        let mut order: SmallVec<[usize; 4]> = (0..rank).short();
        order.swap(rank - 2, rank - 1);
        self.graph().apply(Permute { order }, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        shaped("permute", [2, 3, 4], |x| x.square().permute([2, 0, 1])),
        shaped("permute", [2, 3], |x| x.square().t()),
    ]
}
