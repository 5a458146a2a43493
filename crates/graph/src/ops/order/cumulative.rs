//! The largest and the smallest so far.

use super::super::registry::{Example, shaped};
use crate::{Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Type, Var};

/// Where the largest, or the smallest, of the numbers up to each position stands: the last of several. No derivative.
///
/// Recorded by [`Var::cummax`](crate::Var::cummax) and [`Var::cummin`](crate::Var::cummin).
#[derive(Clone, Debug, PartialEq)]
pub struct CumArg {
    /// The axis; negative from the last.
    pub axis: isize,
    /// Whether the largest is asked for.
    pub largest: bool,
}

impl Operation for CumArg {
    fn name(&self) -> &'static str {
        if self.largest { "cummax" } else { "cummin" }
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        super::indices_along(self.axis, inputs)
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let beats = |a: T, b: T| if self.largest { a >= b } else { a <= b };
        super::each_lane(self.axis, args, out, &mut |lane, mut positions| {
            let mut best = 0;
            for (i, position) in positions.iter_mut().enumerate() {
                if lane[i].is_nan() || beats(lane[i], lane[best]) {
                    best = i;
                }
                *position = best as i64;
            }
        });
        Ok(())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(Self { axis: batch.axis(0, self.axis), ..self.clone() }))
    }
}

/// The extrema so far, and where they stand.
#[track_caller]
fn so_far(x: Var<'_>, axis: isize, largest: bool) -> (Var<'_>, Var<'_>) {
    let positions = x.graph().apply(CumArg { axis, largest }, &[x]);
    (x.gather(axis, positions), positions)
}

impl<'g> Var<'g> {
    /// The largest number up to each position of an axis, and where it stands: the last of several, to which the cotangent
    /// goes (PyTorch's `cummax`). From a NaN on, NaN.
    ///
    /// The shape stays.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let (largest, at) = g.constant(array![1.0, 3.0, 2.0]).cummax(0);
    /// assert_eq!(largest.eval()?, array![1.0, 3.0, 3.0].into_dyn());
    /// assert_eq!(at.eval()?, array![0.0, 1.0, 1.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, or there is no such axis.
    #[track_caller]
    pub fn cummax(self, axis: isize) -> (Var<'g>, Var<'g>) {
        so_far(self, axis, true)
    }

    /// The smallest number up to each position of an axis, and where it stands: as [`cummax`](Var::cummax).
    ///
    /// # Panics
    /// If the elements are not real, or there is no such axis.
    #[track_caller]
    pub fn cummin(self, axis: isize) -> (Var<'g>, Var<'g>) {
        so_far(self, axis, false)
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        shaped("cummax", [2, 5], |x| x.cummax(1).0.square()),
        shaped("cummin", [4, 2], |x| x.square().cummin(0).0 * x),
    ]
}
