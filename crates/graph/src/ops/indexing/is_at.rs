//! Whether a position along an axis is the one that an index names.

use super::within;
use crate::error::{exactly, expect_kind};
use crate::{
    Args, Batch, Cotangents, Kind, Lowering, Operation, Out, RunResult, Scalar, Shape, Type, Var,
};

/// Along an axis of extent `extent`, at which the indices have extent 1: whether each position is that of the index. No
/// derivative. Only compilers record it, as for [`Var::one_hot`](crate::Var::one_hot).
#[derive(Clone)]
pub struct IsAt {
    /// What messages call it: `one_hot`, `gather`, …
    pub name: &'static str,
    /// The axis.
    pub axis: usize,
    /// How many positions there are along it.
    pub extent: usize,
}

/// The name says nothing of the result.
impl PartialEq for IsAt {
    fn eq(&self, other: &Self) -> bool {
        (self.axis, self.extent) == (other.axis, other.extent)
    }
}

/// Without the name: what is equal prints alike.
impl std::fmt::Debug for IsAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { axis, extent, .. } = self;
        f.debug_struct("IsAt").field("axis", axis).field("extent", extent).finish()
    }
}

impl Operation for IsAt {
    fn name(&self) -> &'static str {
        self.name
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [index] = exactly(inputs)?;
        expect_kind("the argument", index.kind, Kind::Index)?;
        if index.shape.get(self.axis) == Some(&1) {
            Ok(Type { kind: Kind::Boolean, shape: index.shape.with(self.axis, self.extent) })
        } else {
            Err(format!("indices {} must have extent 1 at axis {}", index.shape, self.axis))
        }
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let index = args.index(0);
        let lanes = ndarray::Axis(self.axis);
        let index = index.index_axis(lanes, 0);
        for (mut lane, &i) in out.real().lanes_mut(lanes).into_iter().zip(&index) {
            lane.fill(T::zero());
            if let Some(at) = usize::try_from(i).ok().and_then(|i| lane.get_mut(i)) {
                *at = T::one();
            }
        }
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::IsAt(self.axis)
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(Self { axis: self.axis + 1, ..self.clone() }))
    }
}

/// 1 at each index along a new last axis, for the compiler.
pub(super) fn one_hot<'g>(classes: usize, index: Var<'g>) -> Var<'g> {
    let name = "one_hot";
    let index = within::checked(name, classes, index);
    let shape: Shape = index.shape().inserted(index.rank(), 1);
    let axis = index.rank();
    let index = index.reshape_to(shape);
    index.graph().apply(IsAt { name, axis, extent: classes }, &[index]).to_real()
}
