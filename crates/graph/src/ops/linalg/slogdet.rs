//! Determinants as sign and logarithm.

use smallvec::smallvec;

use super::super::matrix::of_matrices;
use super::super::registry::Example;
use super::dense::{Matrix, each_number};
use super::{definite, per_matrix, shifted, square};
use crate::error::exactly;
use crate::{Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Type, Var};

/// ln |det A|; −∞ for a singular A. Cotangent: v·A⁻ᵀ (Giles 2008, section 2.2.4).
///
/// Recorded by [`Var::slogdet`](crate::Var::slogdet).
#[derive(Clone, Debug, PartialEq)]
pub struct LogAbsDet;

/// The sign of det A: −1, 0 or 1. It is constant almost everywhere, and has derivative 0.
///
/// Recorded by [`Var::slogdet`](crate::Var::slogdet).
#[derive(Clone, Debug, PartialEq)]
pub struct DetSign;

impl Operation for LogAbsDet {
    fn name(&self) -> &'static str {
        "logabsdet"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [a] = exactly(inputs)?;
        Ok(Type::real(square("the matrix", a)?.0))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec![Some(per_matrix(v) * inputs[0].inverse().t())]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        each_number(args, out, |a| Ok(signed_logarithm(a).1))
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

impl Operation for DetSign {
    fn name(&self) -> &'static str {
        "det_sign"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [a] = exactly(inputs)?;
        Ok(Type::real(square("the matrix", a)?.0))
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        each_number(args, out, |a| Ok(signed_logarithm(a).0))
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

/// The sign and the logarithm of the determinant, from the pivots one by one.
fn signed_logarithm(a: Matrix) -> (f64, f64) {
    let factors = a.lu();
    let start = (factors.p().determinant::<f64>(), 0.0);
    factors.u().diagonal().iter().fold(start, |(sign, logarithm), &pivot| {
        let of_pivot = if pivot == 0.0 { 0.0 } else { pivot.signum() };
        (sign * of_pivot, logarithm + pivot.abs().ln())
    })
}

impl<'g> Var<'g> {
    /// The logarithm of the absolute value of the determinant of each matrix over the last two axes,
    /// which neither overflows nor underflows; −∞ for a singular one, which has no gradient.
    ///
    /// # Panics
    /// If the matrices are not square.
    #[track_caller]
    pub fn logabsdet(self) -> Var<'g> {
        self.graph().apply(LogAbsDet, &[self])
    }

    /// The sign (−1, 0 or 1) and the logarithm of the absolute value of the determinant of each
    /// matrix over the last two axes: det A = sign·e^logarithm (NumPy's `linalg.slogdet`).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let a = g.constant(array![[0.0, 1e200], [1e200, 0.0]]);
    /// let (sign, logarithm) = a.slogdet();
    /// assert_eq!(sign.eval()?[[]], -1.0);
    /// assert_eq!(logarithm.eval()?[[]], 2.0 * 1e200_f64.ln());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the matrices are not square.
    #[track_caller]
    pub fn slogdet(self) -> (Var<'g>, Var<'g>) {
        (self.graph().apply(DetSign, &[self]), self.logabsdet())
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        of_matrices("logabsdet", [3, 3], |x| definite(x).logabsdet()),
        of_matrices("logabsdet", [2, 2, 2], |x| shifted(x, -2.0).logabsdet()),
        of_matrices("logabsdet", [0, 0], |x| x.logabsdet() + x.sum()),
        of_matrices("det_sign", [3, 3], |x| {
            let (sign, logarithm) = shifted(x, -3.0).slogdet();
            sign * logarithm.exp()
        }),
    ]
}

#[cfg(test)]
mod tests {
    use crate::{Graph, RunError};
    use ndarray::array;

    #[test]
    fn a_singular_matrix_has_sign_0_and_no_gradient() {
        let g = Graph::new();
        let a = g.constant(array![[1.0, 2.0], [2.0, 4.0]]);
        let (sign, logarithm) = a.slogdet();
        assert_eq!(sign.eval().unwrap()[[]], 0.0);
        assert_eq!(logarithm.eval().unwrap()[[]], f64::NEG_INFINITY);
        let RunError::Matrix { operation, .. } = logarithm.grad(a).eval().unwrap_err() else {
            panic!()
        };
        assert_eq!(operation, "inverse");
    }
}
