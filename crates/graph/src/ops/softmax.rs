//! Softmax and its logarithm.

use ndarray::Axis;
use smallvec::smallvec;

use super::registry::{Example, shaped};
use crate::error::{exactly, expect_kind};
use crate::shape::resolve_axis;
use crate::{Args, Batch, Cotangents, Kind, Operation, Out, RunResult, Scalar, Type, Var, keep};

/// yᵢ = e^(xᵢ) / Σ e^x along one axis. Cotangent: y·(v − Σ v·y).
///
/// Recorded by [`Var::softmax`](crate::Var::softmax).
#[derive(Clone, Debug, PartialEq)]
pub struct Softmax {
    /// The axis; negative from the last.
    pub axis: isize,
}

/// yᵢ = xᵢ − ln Σ e^x along one axis. Cotangent: v − e^y·Σ v.
///
/// Recorded by [`Var::log_softmax`](crate::Var::log_softmax).
#[derive(Clone, Debug, PartialEq)]
pub struct LogSoftmax {
    /// The axis; negative from the last.
    pub axis: isize,
}

fn infer(inputs: &[Type], axis: isize) -> Result<Type, String> {
    let [x] = exactly(inputs)?;
    expect_kind("the argument", x.kind, Kind::Real)?;
    match x.shape[resolve_axis(axis, x.shape.rank())?] {
        0 => Err("a distribution over no classes does not exist".to_owned()),
        _ => Ok(x.clone()),
    }
}

/// Hands `each` every lane with its largest element and Σ e^(x − largest).
fn lanes<T: Scalar>(
    args: &Args<'_, T>,
    out: &mut Out<'_, T>,
    axis: isize,
    each: &dyn Fn(&mut T, T, T),
) -> RunResult {
    let out = out.real();
    out.assign(&args.real(0));
    let axis = resolve_axis(axis, out.ndim()).expect("the shape rule checked the axis");
    for mut lane in out.lanes_mut(Axis(axis)) {
        let largest = lane.iter().copied().fold(T::neg_infinity(), T::max);
        let total = lane.iter().map(|&x| (x - largest).exp()).sum();
        lane.iter_mut().for_each(|y| each(y, largest, total));
    }
    Ok(())
}

impl Operation for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        infer(inputs, self.axis)
    }
    fn vjp<'g>(&self, _: &[Var<'g>], y: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec![Some(y * (v - (v * y).sum_over(keep(self.axis))))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        lanes(args, out, self.axis, &|y, largest, total| *y = (*y - largest).exp() / total)
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        let x = inputs[0];
        let exp = (x - x.max_over(keep(self.axis))).exp();
        Some(exp / exp.sum_over(keep(self.axis)))
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(Self { axis: batch.axis(0, self.axis) }))
    }
}

impl Operation for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        infer(inputs, self.axis)
    }
    fn vjp<'g>(&self, _: &[Var<'g>], y: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec![Some(v - y.exp() * v.sum_over(keep(self.axis)))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        lanes(args, out, self.axis, &|y, largest, total| *y = (*y - largest) - total.ln())
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        let x = inputs[0];
        let shifted = x - x.max_over(keep(self.axis));
        Some(shifted - shifted.exp().sum_over(keep(self.axis)).ln())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(Self { axis: batch.axis(0, self.axis) }))
    }
}

impl<'g> Var<'g> {
    /// e^x / Σ e^x along an axis: a distribution. Large numbers do not overflow.
    ///
    /// The shape stays.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[0.0, 0.0], [1e3, 1e3]]);
    /// assert_eq!(x.softmax(-1).eval()?, array![[0.5, 0.5], [0.5, 0.5]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, there is no such axis, or its extent is 0.
    #[track_caller]
    pub fn softmax(self, axis: isize) -> Var<'g> {
        self.graph().apply(Softmax { axis }, &[self])
    }

    /// The logarithm of [`softmax`](Var::softmax), without cancellation.
    ///
    /// The shape stays.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![0.0, -800.0]);
    /// assert_eq!(x.log_softmax(0).eval()?, array![0.0, -800.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, there is no such axis, or its extent is 0.
    #[track_caller]
    pub fn log_softmax(self, axis: isize) -> Var<'g> {
        self.graph().apply(LogSoftmax { axis }, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        shaped("softmax", [2, 3, 2], |x| x.softmax(1)),
        shaped("softmax", [2, 3], |x| x.softmax(-1)),
        shaped("log_softmax", [2, 3, 2], |x| x.log_softmax(0)),
        shaped("log_softmax", [2, 3], |x| x.log_softmax(-1)),
    ]
}
