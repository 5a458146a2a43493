//! Indices that are known to be less than an extent. Only compilers record the operation, in place of one that reads by
//! index, for which it speaks where an index is out of range.

use super::check;
use crate::error::{exactly, expect_kind};
use crate::{
    Args, Batch, Cotangents, Kind, Lowering, Operation, Out, RunResult, Scalar, Type, Var,
};

/// The indices themselves, each of which must be less than an extent.
#[derive(Clone)]
pub struct Within {
    /// For which operation it speaks.
    name: &'static str,
    extent: usize,
}

/// The indices, which must be less than an extent; an operation of this name says so.
pub(super) fn checked<'g>(name: &'static str, extent: usize, index: Var<'g>) -> Var<'g> {
    index.graph().apply(Within { name, extent }, &[index])
}

/// Of two operations that read by the same indices, the first speaks for both.
impl PartialEq for Within {
    fn eq(&self, other: &Self) -> bool {
        self.extent == other.extent
    }
}

/// Without the name: what is equal prints alike.
impl std::fmt::Debug for Within {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Within").field("extent", &self.extent).finish()
    }
}

impl Operation for Within {
    fn name(&self) -> &'static str {
        self.name
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [index] = exactly(inputs)?;
        expect_kind("the argument", index.kind, Kind::Index)?;
        Ok(index.clone())
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let index = args.index(0);
        let within = |&i: &i64| (i as u64) < self.extent as u64;
        if !index.iter().all(within) {
            for (place, &i) in index.indexed_iter() {
                check(i, self.extent, || ndarray::Dimension::slice(&place).to_vec())?;
            }
        }
        out.index().assign(&index);
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::Within(self.extent)
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}
