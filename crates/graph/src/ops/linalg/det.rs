//! Determinants.

use smallvec::smallvec;

use super::super::matrix::of_matrices;
use super::super::registry::Example;
use super::dense::each_number;
use super::{Cofactor, per_matrix, shifted, square};
use crate::error::exactly;
use crate::{Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Type, Var};

/// det A. Cotangent: v times the matrix of cofactors, which is det(A)·A⁻ᵀ where A is regular (Giles
/// 2008, section 2.2.4), and exists where it is not.
///
/// Recorded by [`Var::det`](crate::Var::det).
#[derive(Clone, Debug, PartialEq)]
pub struct Det;

impl Operation for Det {
    fn name(&self) -> &'static str {
        "det"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [a] = exactly(inputs)?;
        Ok(Type::real(square("the matrix", a)?.0))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let cofactors = v.graph().apply(Cofactor, &[inputs[0]]);
        smallvec![Some(per_matrix(v) * cofactors)]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        each_number(args, out, |a| Ok(a.lu().determinant()))
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

impl<'g> Var<'g> {
    /// The determinant of each matrix over the last two axes; 1 for a matrix without rows.
    ///
    /// The gradient exists for singular matrices, too; derivatives of higher order need regular ones.
    /// Of large matrices the determinant overflows: see [`slogdet`](Var::slogdet).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[2.0, 1.0], [0.0, 3.0]]);
    /// let y = x.det();
    /// assert_eq!(y.eval()?[[]], 6.0);
    /// // The cofactors.
    /// assert_eq!(y.grad(x).eval()?, array![[3.0, 0.0], [-1.0, 2.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the matrices are not square.
    #[track_caller]
    pub fn det(self) -> Var<'g> {
        self.graph().apply(Det, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        of_matrices("det", [3, 3], |x| shifted(x, 2.0).det()),
        of_matrices("det", [2, 2, 2], |x| shifted(x.square(), -3.0).det()),
        of_matrices("det", [1, 1], |x| shifted(x.square(), 1.0).det()),
        of_matrices("det", [0, 0], |x| x.det() + x.sum()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::{Graph, RunError};
    use ndarray::array;

    #[test]
    fn a_singular_matrix_has_a_gradient_of_its_determinant() {
        let g = Graph::new();
        let of_rank_one = g.constant(array![[1.0, 2.0], [2.0, 4.0]]);
        let gradient = of_rank_one.det().grad(of_rank_one);
        assert_eq!(gradient.eval().unwrap(), array![[4.0, -2.0], [-2.0, 1.0]].into_dyn());
        let second = (gradient * gradient).sum().grad(of_rank_one).eval();
        assert!(matches!(second, Err(RunError::Matrix { .. })), "{second:?}");
    }
}
