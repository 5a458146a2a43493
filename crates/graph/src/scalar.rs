//! The precisions a graph can run in.

use crate::RunResult;
use crate::operation::{AnyOperation, Args, Out};

/// The precisions a graph can run in: `f32` and `f64`.
///
/// The plain evaluation of an operation is generic over it.
pub trait Scalar: kernels::Scalar {
    /// Runs an operation's plain evaluation in this precision.
    fn eval(op: &dyn AnyOperation, args: &Args<'_, Self>, out: &mut Out<'_, Self>) -> RunResult;
}

impl Scalar for f32 {
    fn eval(op: &dyn AnyOperation, args: &Args<'_, Self>, out: &mut Out<'_, Self>) -> RunResult {
        op.eval_f32(args, out)
    }
}

impl Scalar for f64 {
    fn eval(op: &dyn AnyOperation, args: &Args<'_, Self>, out: &mut Out<'_, Self>) -> RunResult {
        op.eval_f64(args, out)
    }
}
