//! Repetition along axes of extent 1.

use smallvec::smallvec;

use super::super::registry::{Example, shaped};
use super::assign;
use crate::Lowering;
use crate::error::exactly;
use crate::{Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Shape, Type, Var};

/// The argument repeated along its axes of extent 1, and new axes in front, to fill a shape.
/// Cotangent: v, summed along these.
///
/// Recorded by [`Var::broadcast_to`](crate::Var::broadcast_to).
#[derive(Clone, Debug, PartialEq)]
pub struct Broadcast {
    /// The shape to fill.
    pub shape: Shape,
}

impl Operation for Broadcast {
    fn name(&self) -> &'static str {
        "broadcast"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        if x.shape.broadcasts_to(&self.shape) {
            Ok(Type { kind: x.kind, shape: self.shape.clone() })
        } else {
            Err(format!(
                "{} does not repeat to {}: aligned at the last axis, each extent must be equal \
                 or 1",
                x.shape, self.shape
            ))
        }
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec![Some(v.sum_to(inputs[0].shape()))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        // Assignment broadcasts by itself.
        assign(args, out, |x| x, |x| x);
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::Broadcast
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        let x = batch.padded(0, self.shape.rank());
        Some(x.broadcast_to(self.shape.inserted(0, batch.samples())))
    }
}

impl<'g> Var<'g> {
    /// The array repeated along axes of extent 1, and new axes in front, to fill `shape`.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, 2.0]);
    /// assert_eq!(x.broadcast_to([2, 2]).eval()?, array![[1.0, 2.0], [1.0, 2.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If an extent is neither equal nor 1.
    #[track_caller]
    pub fn broadcast_to(self, shape: impl Into<Shape>) -> Var<'g> {
        let shape = shape.into();
        if self.shape() == shape {
            return self;
        }
        self.graph().apply(Broadcast { shape }, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        shaped("broadcast", [3, 1], |x| x.square().broadcast_to([2, 3, 4])),
        shaped("broadcast", [], |x| x.square().broadcast_to([2])),
    ]
}
