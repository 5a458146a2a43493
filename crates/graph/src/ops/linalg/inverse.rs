//! Inverse matrices.

use smallvec::smallvec;

use super::super::matrix::of_matrices;
use super::super::registry::Example;
use super::dense::{Matrix, each_matrix, solve};
use super::{shifted, square};
use crate::error::exactly;
use crate::{Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Type, Var};

/// Y = A⁻¹. Cotangent: −Yᵀ·V·Yᵀ (Giles 2008, section 2.2.3).
///
/// Recorded by [`Var::inverse`](crate::Var::inverse).
#[derive(Clone, Debug, PartialEq)]
pub struct Inverse;

impl Operation for Inverse {
    fn name(&self) -> &'static str {
        "inverse"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [a] = exactly(inputs)?;
        square("the matrix", a)?;
        Ok(a.clone())
    }
    fn vjp<'g>(&self, _: &[Var<'g>], y: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec![Some(-y.t().matmul(v).matmul(y.t()))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        each_matrix(args, out, |[a]| {
            let rows = a.nrows();
            solve(&a.lu(), &Matrix::identity(rows, rows))
        })
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

impl<'g> Var<'g> {
    /// The inverse of each matrix over the last two axes. A solution of A·X = B is faster and more
    /// accurate by [`solve`](Var::solve).
    ///
    /// A run errs with [`RunError::Matrix`](crate::RunError::Matrix) if a matrix is singular.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[2.0, 0.0], [0.0, 4.0]]);
    /// assert_eq!(x.inverse().eval()?, array![[0.5, 0.0], [0.0, 0.25]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the matrices are not square.
    #[track_caller]
    pub fn inverse(self) -> Var<'g> {
        self.graph().apply(Inverse, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        of_matrices("inverse", [3, 3], |x| shifted(x, 2.0).inverse()),
        of_matrices("inverse", [2, 2, 2], |x| shifted(x, 2.0).inverse()),
        of_matrices("inverse", [1, 1], |x| shifted(x, 2.0).inverse()),
        of_matrices("inverse", [0, 0], |x| x.inverse()),
    ]
}
