//! A slice of an array of any kind, at a position that is computed.

use ndarray::Axis;

use crate::error::{exactly, expect_kind};
use crate::{Args, Cotangents, Kind, Operation, Out, RunResult, Scalar, Shape, Type, Var};

/// The slice of indices along their first axis at a position.
#[derive(Clone, Debug, PartialEq)]
struct IndexRow;

impl Operation for IndexRow {
    fn name(&self) -> &'static str {
        "index_row"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x, position] = exactly(inputs)?;
        expect_kind("the array", x.kind, Kind::Index)?;
        expect_kind("the position", position.kind, Kind::Index)?;
        Ok(Type::index(Shape::from(&x.shape[1..])))
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let position = args.index(1).iter().copied().next().expect("one position");
        // It is where a largest element stands, and within the extent.
        out.index().assign(&args.index(0).index_axis(Axis(0), position as usize));
        Ok(())
    }
}

/// The slice along the first axis at a position.
pub(super) fn row<'g>(x: Var<'g>, position: Var<'g>) -> Var<'g> {
    match x.kind() {
        Kind::Real => x.take(0, position),
        Kind::Boolean => x.to_real().take(0, position).gt(0.5),
        Kind::Index => x.graph().apply(IndexRow, &[x, position]),
    }
}
