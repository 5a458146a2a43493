//! Slices along an axis whose start is an index of the run: looked at, and replaced.

use ndarray::{Axis, Slice};
use smallvec::smallvec;

use super::super::registry::{Example, Sample};
use super::check;
use super::pick::{picked, replaced};
use crate::error::{exactly, expect_kind};
use crate::shape::resolve_axis;
use crate::{
    Args, Cotangents, Fault, Kind, Operation, Out, Place, RunResult, Scalar, Shape, Type, Var, keep,
};

/// The slice of x of a fixed size along an axis that starts at an index. Cotangent: v in the place of the slice among zeros
/// ([`DynamicUpdateSlice`]).
///
/// Recorded by [`Var::dynamic_slice`](crate::Var::dynamic_slice).
#[derive(Clone, Debug, PartialEq)]
pub struct DynamicSlice {
    /// The axis; negative from the last.
    pub axis: isize,
    /// How many positions of the axis there are in the slice.
    pub size: usize,
}

/// x with the slice that starts at an index along an axis replaced by another. Cotangents: v with zeros in place of the slice,
/// and the slice of v ([`DynamicSlice`]).
///
/// Recorded by [`Var::dynamic_update_slice`](crate::Var::dynamic_update_slice).
#[derive(Clone, Debug, PartialEq)]
pub struct DynamicUpdateSlice {
    /// The axis; negative from the last.
    pub axis: isize,
}

/// The rule for an array and the start of a slice of it; the axis, counted from the first.
fn sliced(x: &Type, start: &Type, axis: isize) -> Result<usize, String> {
    expect_kind("the array", x.kind, Kind::Real)?;
    expect_kind("the start", start.kind, Kind::Index)?;
    if start.shape.rank() != 0 {
        return Err(format!("the start must be one index, and is of shape {}", start.shape));
    }
    resolve_axis(axis, x.shape.rank())
}

/// The rule that a slice is no longer than its axis.
fn fits(size: usize, shape: &Shape, axis: usize) -> Result<(), String> {
    if size <= shape[axis] {
        Ok(())
    } else {
        Err(format!("a slice of {size} is longer than axis {axis} of {shape}"))
    }
}

/// The positions of a slice of an axis that has so many; its start is where the slice lies within the axis.
fn positions<T: Scalar>(args: &Args<'_, T>, size: usize, extent: usize) -> Result<Slice, Fault> {
    let start = args.index(1).first().copied().expect("the shape rule asks for one index");
    let start = check(start, extent - size + 1, Vec::new)?;
    Ok(Slice::from(start..start + size))
}

impl Operation for DynamicSlice {
    fn name(&self) -> &'static str {
        "dynamic_slice"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x, start] = exactly(inputs)?;
        let axis = sliced(x, start, self.axis)?;
        fits(self.size, &x.shape, axis)?;
        Ok(Type::real(x.shape.with(axis, self.size)))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let zeros = v.graph().full(inputs[0].shape(), 0.0);
        smallvec![Some(zeros.dynamic_update_slice(self.axis, inputs[1], v)), None]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let x = args.real(0);
        let axis = resolve_axis(self.axis, x.ndim()).expect("the shape rule checked the axis");
        let slice = positions(args, self.size, x.shape()[axis])?;
        out.real().assign(&x.slice_axis(Axis(axis), slice));
        Ok(())
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        let place = place(self.axis, inputs[0], self.size);
        picked("dynamic_slice", place, inputs[0], (inputs[1], Shape::scalar()))
    }
}

impl Operation for DynamicUpdateSlice {
    fn name(&self) -> &'static str {
        "dynamic_update_slice"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x, start, update] = exactly(inputs)?;
        let axis = sliced(x, start, self.axis)?;
        expect_kind("the update", update.kind, Kind::Real)?;
        let same = update.shape.rank() == x.shape.rank()
            && update.shape.with(axis, 0) == x.shape.with(axis, 0);
        if !same {
            return Err(format!(
                "an update of shape {} must match {} but along axis {axis}",
                update.shape, x.shape
            ));
        }
        fits(update.shape[axis], &x.shape, axis)?;
        Ok(x.clone())
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (start, update) = (inputs[1], inputs[2].shape());
        let axis = resolve_axis(self.axis, update.rank()).expect("the shape rule checked the axis");
        let zeros = v.graph().full(&update, 0.0);
        smallvec![
            Some(v.dynamic_update_slice(self.axis, start, zeros)),
            None,
            Some(v.dynamic_slice(self.axis, start, update[axis])),
        ]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let (out, update) = (out.real(), args.real(2));
        let axis = resolve_axis(self.axis, out.ndim()).expect("the shape rule checked the axis");
        let slice = positions(args, update.shape()[axis], out.shape()[axis])?;
        out.assign(&args.real(0));
        out.slice_axis_mut(Axis(axis), slice).assign(&update);
        Ok(())
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        let update = inputs[2].shape();
        let axis = resolve_axis(self.axis, update.rank()).expect("the shape rule checked the axis");
        let place = place(self.axis, inputs[0], update[axis]);
        let index = (inputs[1], Shape::scalar());
        replaced("dynamic_update_slice", place, [inputs[0], inputs[2]], index)
    }
}

/// All slices of a size along an axis: the axes of one, and the one along which slices start.
fn place(axis: isize, x: Var<'_>, size: usize) -> Place {
    let whole = Place::whole(x.shape());
    let axis = resolve_axis(axis, x.rank()).expect("the shape rule checked the axis");
    let (starts, apart) = (whole.shape[axis] - size + 1, whole.strides[axis]);
    let mut place = whole.along(axis, 0, 1, size);
    place.shape = place.shape.inserted(x.rank(), starts);
    place.strides.push(apart);
    place
}

impl<'g> Var<'g> {
    /// The slice of `size` positions along an axis that starts at the index `start`: as [`slice_axis`](Var::slice_axis),
    /// but that the start is a value of the run, so that one program serves all positions (JAX's `dynamic_slice_in_dim`;
    /// PyTorch's `narrow`).
    ///
    /// From `[5, 3]`, a slice of 2 along axis 0 is `[2, 3]`. Slices along several axes are taken one after the other.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::{arr0, array};
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, 2.0, 3.0, 4.0]);
    /// let y = x.dynamic_slice(0, g.constant(arr0(1)), 2);
    /// assert_eq!(y.eval()?, array![2.0, 3.0].into_dyn());
    /// assert_eq!(y.sum().grad(x).eval()?, array![0.0, 1.0, 1.0, 0.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If this array is not real, `start` is not one index (of shape `[]`), there is no such axis, or it is shorter than
    /// `size`. A slice that would reach beyond the axis is an error of the run (JAX moves it to within).
    #[track_caller]
    pub fn dynamic_slice(self, axis: isize, start: Var<'g>, size: usize) -> Var<'g> {
        self.graph().apply(DynamicSlice { axis, size }, &[self, start])
    }

    /// This array with `update` in place of the slice that starts at the index `start` along an axis (JAX's
    /// `dynamic_update_slice_in_dim`; PyTorch's `slice_scatter`): a cache into which each step writes its row.
    ///
    /// The shape of this array stays; `update` has the same, but along the axis, where it is as long as the slice.
    ///
    /// Where a compiled program reads the array for the last time, it writes the slice into it and copies nothing:
    /// the cost is that of the slice.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::{arr0, array};
    /// let g = Graph::new();
    /// let (x, row) = (g.constant(array![[1.0, 2.0], [3.0, 4.0]]), g.constant(array![[7.0, 8.0]]));
    /// let y = x.dynamic_update_slice(0, g.constant(arr0(1)), row);
    /// assert_eq!(y.eval()?, array![[1.0, 2.0], [7.0, 8.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If this array or `update` is not real, `start` is not one index (of shape `[]`), there is no such axis, or the shapes
    /// do not fit. A slice that would reach beyond the axis is an error of the run (JAX moves it to within).
    #[track_caller]
    pub fn dynamic_update_slice(self, axis: isize, start: Var<'g>, update: Var<'g>) -> Var<'g> {
        self.graph().apply(DynamicUpdateSlice { axis }, &[self, start, update])
    }
}

pub(super) fn examples() -> Vec<Example> {
    let sliced = || [Sample::real([4, 5], -2.0..2.0), Sample::index([], 3)];
    let updated = |update: [usize; 2]| {
        let [x, start] = sliced();
        [x, start, Sample::real(update, -2.0..2.0)]
    };
    let planes = [Sample::real([2, 3, 4], -2.0..2.0), Sample::index([], 2)];
    vec![
        Example::new("dynamic_slice", sliced(), |_, x| x[0].square().dynamic_slice(1, x[1], 3)),
        Example::new("dynamic_slice", sliced(), |_, x| x[0].square().dynamic_slice(0, x[1], 1)),
        Example::new("dynamic_slice", planes, |_, x| x[0].sin().dynamic_slice(-2, x[1], 2)),
        Example::new("dynamic_update_slice", updated([4, 2]), |_, x| {
            x[0].square().dynamic_update_slice(-1, x[1], x[2].square()).square()
        }),
        Example::new("dynamic_update_slice", updated([1, 5]), |_, x| {
            x[0].dynamic_update_slice(0, x[1], x[2] * x[0].sum_over(keep(0))).square()
        }),
    ]
}

#[cfg(test)]
mod tests {
    use crate::{Graph, RunError};
    use ndarray::{arr0, array};

    #[test]
    fn a_slice_that_reaches_beyond_the_axis_is_an_error() {
        let g = Graph::new();
        let (x, update) = (g.constant(array![1.0, 2.0, 3.0]), g.constant(array![7.0, 8.0]));
        for wrong in [2_i64, -1] {
            let start = g.constant(arr0(wrong));
            for y in [x.dynamic_slice(0, start, 2), x.dynamic_update_slice(0, start, update)] {
                let error = y.eval().unwrap_err();
                let RunError::IndexOutOfRange { index, extent, .. } = error else { panic!() };
                assert_eq!((index, extent), (wrong, 2));
            }
        }
    }

    #[test]
    fn an_update_replaces_whatever_was_there() {
        let g = Graph::new();
        let x = g.constant(array![f64::NAN, f64::INFINITY, 3.0]);
        let update = g.constant(array![-0.0, 8.0]);
        let y = x.dynamic_update_slice(0, g.constant(arr0(0)), update).eval().unwrap();
        assert_eq!(y, array![0.0, 8.0, 3.0].into_dyn());
        assert!(y[0].is_sign_negative());
    }

    #[test]
    #[should_panic(expected = "an update of shape [3, 1] must match [2, 4] but along axis 1")]
    fn an_update_fits_but_along_the_axis() {
        let g = Graph::new();
        let start = g.constant(arr0(0));
        g.full([2, 4], 0.0).dynamic_update_slice(1, start, g.full([3, 1], 0.0));
    }

    #[test]
    #[should_panic(expected = "a slice of 5 is longer than axis 1 of [2, 4]")]
    fn a_slice_is_no_longer_than_its_axis() {
        let g = Graph::new();
        g.full([2, 4], 0.0).dynamic_slice(1, g.constant(arr0(0)), 5);
    }
}
