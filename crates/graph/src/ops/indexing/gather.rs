//! One element for each index, along an axis.

use ndarray::{Dimension, IxDyn};
use smallvec::smallvec;

use super::super::registry::{Example, Sample};
use super::check;
use super::pick::picked;
use crate::Place;
use crate::error::{exactly, expect_kind};
use crate::shape::resolve_axis;
use crate::{Args, Cotangents, Kind, Operation, Out, RunResult, Scalar, Type, Var};

/// yᵢⱼ = x at (i, index ᵢⱼ) for axis 1, and likewise for others (numpy's `take_along_axis`).
/// Cotangent: v added up at the places it came from.
///
/// Recorded by [`Var::gather`](crate::Var::gather).
#[derive(Clone, Debug, PartialEq)]
pub struct Gather {
    /// The axis; negative from the last.
    pub axis: isize,
}

/// The rule that indices have the shape of the array, but along one axis.
pub(super) fn along(x: &Type, index: &Type, axis: isize) -> Result<usize, String> {
    expect_kind("the array", x.kind, Kind::Real)?;
    expect_kind("the indices", index.kind, Kind::Index)?;
    let axis = resolve_axis(axis, x.shape.rank())?;
    let fits =
        x.shape.rank() == index.shape.rank() && x.shape.with(axis, 0) == index.shape.with(axis, 0);
    if fits {
        Ok(axis)
    } else {
        Err(format!(
            "indices of shape {} must match {} but along axis {axis}",
            index.shape, x.shape
        ))
    }
}

impl Operation for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x, index] = exactly(inputs)?;
        along(x, index, self.axis)?;
        Ok(Type::real(&index.shape))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let zeros = v.graph().full(inputs[0].shape(), 0.0);
        smallvec![Some(zeros.scatter_add(self.axis, inputs[1], v)), None]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let (x, index) = (args.real(0), args.index(1));
        let axis = resolve_axis(self.axis, x.ndim()).expect("the shape rule checked the axis");
        let extent = x.shape()[axis];
        for ((place, y), &i) in out.real().indexed_iter_mut().zip(index.iter()) {
            let mut from: IxDyn = place;
            from[axis] = check(i, extent, || from.slice().to_vec())?;
            *y = x[from];
        }
        Ok(())
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        let index = (inputs[1], inputs[1].shape());
        picked("gather", place(self.axis, inputs[0], inputs[1]), inputs[0], index)
    }
}

/// The place of each element that an index may say: the axes of the indices, the one along which they point standing
/// still, and that one again.
pub(super) fn place(axis: isize, x: Var<'_>, index: Var<'_>) -> Place {
    let whole = Place::whole(x.shape());
    let axis = resolve_axis(axis, x.rank()).expect("the shape rule checked the axis");
    let mut strides = whole.strides.clone();
    let along = std::mem::replace(&mut strides[axis], 0);
    strides.push(along);
    Place { offset: 0, shape: index.shape().inserted(x.rank(), whole.shape[axis]), strides }
}

impl<'g> Var<'g> {
    /// The element at each index along an axis: for axis 1, yᵢⱼ is x at (i, `index`ᵢⱼ). The
    /// indices have the shape of this array, but along the axis (numpy's `take_along_axis`,
    /// PyTorch's `gather`).
    ///
    /// The shape of `index` comes out.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 2.0], [3.0, 4.0]]);
    /// let y = x.gather(1, g.constant(array![[1], [0]]));
    /// assert_eq!(y.eval()?, array![[2.0], [3.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If this array is not real, `index` holds no indices, their shapes differ but along the axis, or
    /// there is no such axis. An index out of range is an error of the run.
    #[track_caller]
    pub fn gather(self, axis: isize, index: Var<'g>) -> Var<'g> {
        self.graph().apply(Gather { axis }, &[self, index])
    }
}

pub(super) fn examples() -> Vec<Example> {
    let samples = || [Sample::real([3, 4], -2.0..2.0), Sample::index([3, 2], 4)];
    let one_of_each = || [Sample::real([2, 3, 4], -2.0..2.0), Sample::index([2, 3, 1], 4)];
    let rows = || [Sample::real([3, 4], -2.0..2.0), Sample::index([5, 4], 3)];
    let planes = [Sample::real([2, 3, 4], -2.0..2.0), Sample::index([2, 5, 4], 3)];
    vec![
        Example::new("gather", planes, |_, x| x[0].sin().gather(1, x[1])),
        Example::new("gather", samples(), |_, x| x[0].square().gather(1, x[1])),
        Example::new("gather", rows(), |_, x| x[0].square().gather(0, x[1])),
        Example::new("gather", one_of_each(), |_, x| x[0].square().gather(-1, x[1])),
    ]
}

#[cfg(test)]
mod tests {
    use crate::{Graph, RunError};
    use ndarray::array;

    #[test]
    fn an_index_outside_is_named_with_its_place() {
        let g = Graph::new();
        let x = g.constant(array![[1.0, 2.0], [3.0, 4.0]]);
        for wrong in [2, -1] {
            let error = x.gather(1, g.constant(array![[0_i64], [wrong]])).eval().unwrap_err();
            let RunError::IndexOutOfRange { index, position, extent, .. } = error else { panic!() };
            assert_eq!((index, &*position, extent), (wrong, &[1, 0][..], 2));
        }
    }
}
