//! Elements added at indices along an axis.

use ndarray::{Dimension, IxDyn};
use smallvec::smallvec;

use super::super::registry::{Example, Sample};
use super::check;
use super::gather::{along, place};
use super::pick::put;
use crate::error::{exactly, expect_kind};
use crate::shape::resolve_axis;
use crate::{Args, Cotangents, Kind, Operation, Out, RunResult, Scalar, Type, Var};

/// x with each source element added at its index along an axis; the adjoint of
/// [`Gather`](super::Gather). Cotangents: v, and v gathered.
///
/// Recorded by [`Var::scatter_add`](crate::Var::scatter_add).
#[derive(Clone, Debug, PartialEq)]
pub struct ScatterAdd {
    /// The axis; negative from the last.
    pub axis: isize,
}

impl Operation for ScatterAdd {
    fn name(&self) -> &'static str {
        "scatter_add"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x, index, source] = exactly(inputs)?;
        along(x, index, self.axis)?;
        expect_kind("the source", source.kind, Kind::Real)?;
        if source.shape == index.shape {
            Ok(x.clone())
        } else {
            Err(format!(
                "the source has shape {} and the indices {}; they must be equal",
                source.shape, index.shape
            ))
        }
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec![Some(v), None, Some(v.gather(self.axis, inputs[1]))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let (index, source) = (args.index(1), args.real(2));
        let out = out.real();
        out.assign(&args.real(0));
        let axis = resolve_axis(self.axis, out.ndim()).expect("the shape rule checked the axis");
        let extent = out.shape()[axis];
        for ((place, &i), &s) in index.indexed_iter().zip(source.iter()) {
            let mut to: IxDyn = place;
            to[axis] = check(i, extent, || to.slice().to_vec())?;
            out[to] += s;
        }
        Ok(())
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        let place = place(self.axis, inputs[0], inputs[1]);
        put("scatter_add", place, [inputs[0], inputs[2]], (inputs[1], inputs[1].shape()))
    }
}

impl<'g> Var<'g> {
    /// This array with each element of `source` added at its index along an axis: for axis 1,
    /// `source`ᵢⱼ is added at (i, `index`ᵢⱼ). Repeated indices add up.
    ///
    /// The shape of this array stays.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![0.0, 0.0, 10.0]);
    /// let y = x.scatter_add(0, g.constant(array![2, 0, 2]), g.constant(array![1.0, 2.0, 3.0]));
    /// assert_eq!(y.eval()?, array![2.0, 0.0, 14.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If this array or `source` is not real, `index` holds no indices or is not of the shape of
    /// `source`, the shapes differ from this one elsewhere than along the axis, or there is no such
    /// axis. An index out of range is an error of the run.
    #[track_caller]
    pub fn scatter_add(self, axis: isize, index: Var<'g>, source: Var<'g>) -> Var<'g> {
        self.graph().apply(ScatterAdd { axis }, &[self, index, source])
    }
}

pub(super) fn examples() -> Vec<Example> {
    let samples = [
        Sample::real([3, 4], -2.0..2.0),
        Sample::index([3, 5], 4),
        Sample::real([3, 5], -2.0..2.0),
    ];
    let one_of_each = [
        Sample::real([3, 4], -2.0..2.0),
        Sample::index([3, 1], 4),
        Sample::real([3, 1], -2.0..2.0),
    ];
    let planes = [
        Sample::real([2, 3, 4], -2.0..2.0),
        Sample::index([2, 5, 4], 3),
        Sample::real([2, 5, 4], -2.0..2.0),
    ];
    vec![
        Example::new("scatter_add", planes, |_, x| x[0].scatter_add(-2, x[1], x[2]).square()),
        Example::new("scatter_add", samples, |_, x| x[0].scatter_add(1, x[1], x[2]).square()),
        Example::new("scatter_add", one_of_each, |_, x| x[0].scatter_add(1, x[1], x[2]).square()),
    ]
}
