//! A value through which no cotangent flows.

use super::registry::{Example, unary};
use crate::Lowering;
use crate::error::exactly;
use crate::{Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Type, Var};

/// x, taken as constant by differentiation.
///
/// Recorded by [`Var::stop_gradient`](crate::Var::stop_gradient).
#[derive(Clone, Debug, PartialEq)]
pub struct StopGradient;

impl Operation for StopGradient {
    fn name(&self) -> &'static str {
        "stop_gradient"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        Ok(x.clone())
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        match out {
            Out::Real(out) => out.assign(&args.real(0)),
            Out::Index(out) => out.assign(&args.index(0)),
        }
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::Reinterpret
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

impl<'g> Var<'g> {
    /// The same value, taken as constant by differentiation (PyTorch's `detach`).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![3.0]);
    /// let y = (x * x.stop_gradient()).sum();
    /// assert_eq!(y.grad(x).eval()?, array![3.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    #[track_caller]
    pub fn stop_gradient(self) -> Var<'g> {
        self.graph().apply(StopGradient, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    // A numeric derivative knows no constants, so that what is stopped cancels in value. That no
    // cotangent passes is said by the test below.
    vec![unary("stop_gradient", -2.0..2.0, |x| x * 3.0 + (x.stop_gradient() - x.stop_gradient()))]
}

#[cfg(test)]
mod tests {
    use crate::{Gradient, GradientError, Graph};

    #[test]
    fn no_cotangent_passes() {
        let g = Graph::new();
        let x = g.constant(3.0);
        assert_eq!((x * x.stop_gradient()).grad(x).eval().unwrap()[[]], 3.0);
        let blocked = Gradient::of(x.stop_gradient()).with_respect_to(&[x]);
        assert!(matches!(blocked, Err(GradientError::NoPath { .. })));
    }
}
