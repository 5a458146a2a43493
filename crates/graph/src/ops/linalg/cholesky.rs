//! The Cholesky factorisation.

use smallvec::smallvec;

use super::super::matrix::of_matrices;
use super::super::registry::{Example, Sample};
use super::dense::{Matrix, each_matrix};
use super::{TriangularSolve, definite, shifted, square};
use crate::Defect;
use crate::error::exactly;
use crate::{Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Type, Var};

/// The lower triangular L with positive diagonal and L·Lᵀ = (A + Aᵀ)/2.
///
/// Cotangent: L⁻ᵀ·sym(Φ(Lᵀ·V))·L⁻¹, where Φ takes the lower triangle and halves its diagonal, and
/// sym(M) = (M + Mᵀ)/2 (Murray 2016, equations 8 and 10). It is symmetric: only the symmetric part of
/// A matters, so that an element and its mirror image share the derivative, as in PyTorch and JAX.
///
/// Recorded by [`Var::cholesky`](crate::Var::cholesky).
#[derive(Clone, Debug, PartialEq)]
pub struct Cholesky;

impl Operation for Cholesky {
    fn name(&self) -> &'static str {
        "cholesky"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [a] = exactly(inputs)?;
        square("the matrix", a)?;
        Ok(a.clone())
    }
    fn vjp<'g>(&self, _: &[Var<'g>], l: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let product = l.t().matmul(v);
        let halved = 0.5 * (product.tril(0) + product.tril(-1));
        let symmetric = 0.5 * (halved + halved.t());
        let back = TriangularSolve::lower().transposed();
        let left = l.solve_triangular(symmetric, back.clone());
        smallvec![Some(l.solve_triangular(left.t(), back))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        each_matrix(args, out, |[a]| factor(&a))
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

fn factor(a: &Matrix) -> Result<Matrix, Defect> {
    let a = 0.5 * (a + a.transpose());
    a.clone().cholesky().map(|factors| factors.l()).ok_or_else(|| indefinite(&a))
}

/// The first pivot that is not positive: the leading block before it has a factor, and with it does
/// not.
fn indefinite(a: &Matrix) -> Defect {
    let rows = a.nrows();
    let leading = |size: usize| a.view((0, 0), (size, size)).into_owned().cholesky();
    let sizes: Vec<usize> = (1..=rows).collect();
    let pivot = sizes.partition_point(|&size| leading(size).is_some()).min(rows - 1);
    let explained = leading(pivot).and_then(|factors| {
        let column = a.view((0, pivot), (pivot, 1)).into_owned();
        Some(factors.l().solve_lower_triangular(&column)?.norm_squared())
    });
    Defect::NotPositiveDefinite {
        pivot,
        value: a[(pivot, pivot)] - explained.unwrap_or_default(),
        rows,
    }
}

impl<'g> Var<'g> {
    /// The Cholesky factor L of each symmetric positive definite matrix A over the last two axes:
    /// lower triangular, with L·Lᵀ = A.
    ///
    /// Of a matrix that is not symmetric, the symmetric part (A + Aᵀ)/2 is factored; the gradient is
    /// symmetric. A run errs with [`RunError::Matrix`](crate::RunError::Matrix) if a matrix is not
    /// positive definite.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let a = g.constant(array![[4.0, 2.0], [2.0, 5.0]]);
    /// assert_eq!(a.cholesky().eval()?, array![[2.0, 0.0], [1.0, 2.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the matrices are not square.
    #[track_caller]
    pub fn cholesky(self) -> Var<'g> {
        self.graph().apply(Cholesky, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    let general = [Sample::real([3, 3], -0.5..0.5)];
    vec![
        of_matrices("cholesky", [3, 3], |x| definite(x).cholesky()),
        of_matrices("cholesky", [2, 2, 2], |x| definite(x).cholesky()),
        of_matrices("cholesky", [1, 1], |x| definite(x).cholesky()),
        of_matrices("cholesky", [0, 0], |x| definite(x).cholesky()),
        // A matrix that is not symmetric, whose elements move one by one.
        Example::new("cholesky", general, |_, x| shifted(x[0], 2.0).cholesky()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::{Defect, Graph, RunError};
    use ndarray::array;

    #[test]
    fn the_first_pivot_that_is_not_positive_is_named() {
        let g = Graph::new();
        // Pivots 4, 5 − 1 and 2 − 9/4 − 1/4.
        let a = array![[4.0, 2.0, 3.0], [2.0, 5.0, 0.5], [3.0, 0.5, 2.0]];
        let line = line!() + 1;
        let error = g.constant(a).cholesky().eval().unwrap_err();
        let RunError::Matrix { operation, defect, location, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!((operation.as_str(), location.line()), ("cholesky", line));
        assert_eq!(*defect, Defect::NotPositiveDefinite { pivot: 2, value: -0.5, rows: 3 });
        assert!(error.to_string().starts_with("cholesky: the matrix is not positive definite"));
    }

    #[test]
    fn the_matrix_of_a_batch_is_named() {
        let g = Graph::new();
        let a = g.constant(array![[[1.0]], [[0.0]]]);
        let RunError::Matrix { position, .. } = a.cholesky().eval().unwrap_err() else { panic!() };
        assert_eq!(position, [1]);
    }

    #[test]
    #[should_panic(expected = "the matrix must be square, and has 2 rows and 3 columns")]
    fn only_square_matrices_have_one() {
        Graph::new().full([2, 3], 1.0).cholesky();
    }
}
