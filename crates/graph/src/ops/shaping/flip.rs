//! Axes reversed.

use ndarray::{ArrayViewD, Axis};
use smallvec::smallvec;

use super::super::registry::{Example, shaped};
use super::assign;
use crate::error::exactly;
use crate::{Args, Axes, Cotangents, Operation, Out, RunResult, Scalar, Type, Var};

/// The elements in reverse order along some axes. Cotangent: v, flipped.
#[derive(Clone, Debug, PartialEq)]
pub struct Flip {
    /// The axes.
    pub axes: Axes,
}

impl Flip {
    fn of<'v, E>(&self, mut x: ArrayViewD<'v, E>) -> ArrayViewD<'v, E> {
        for axis in self.axes.resolve(x.ndim()).expect("the shape rule checked the axes") {
            x.invert_axis(Axis(axis));
        }
        x
    }
}

impl Operation for Flip {
    fn name(&self) -> &'static str {
        "flip"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        self.axes.resolve(x.shape.rank())?;
        Ok(x.clone())
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec![Some(v.flip(self.axes.clone()))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        assign(args, out, |x| self.of(x), |x| self.of(x));
        Ok(())
    }
}

impl<'g> Var<'g> {
    /// The elements in reverse order along some axes.
    ///
    /// The shape stays.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.flip(1).eval()?, array![[2.0, 1.0], [4.0, 3.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If an axis does not exist or is named twice.
    #[track_caller]
    pub fn flip(self, axes: impl Into<Axes>) -> Var<'g> {
        self.graph().apply(Flip { axes: axes.into() }, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![shaped("flip", [2, 3, 2], |x| x.flip([0, 2]) * x)]
}
