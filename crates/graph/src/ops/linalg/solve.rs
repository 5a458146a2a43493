//! Systems of linear equations.

use smallvec::smallvec;

use super::super::registry::{Example, Sample};
use super::dense::{each_matrix, solve};
use super::{shifted, solution, with_columns};
use crate::error::exactly;
use crate::{Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Type, Var};

/// X with A·X = B, by an LU factorisation with partial pivoting. Cotangents (Giles 2008, section
/// 2.3.1): of B, W = A⁻ᵀ·V; of A, −W·Xᵀ.
///
/// Recorded by [`Var::solve`](crate::Var::solve).
#[derive(Clone, Debug, PartialEq)]
pub struct Solve;

impl Operation for Solve {
    fn name(&self) -> &'static str {
        "solve"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [a, b] = exactly(inputs)?;
        solution(a, b)
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], x: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (a, b) = (inputs[0], inputs[1]);
        let w = a.t().solve(v);
        let of_a = -w.matmul(x.t());
        smallvec![Some(of_a.sum_to(a.shape())), Some(w.sum_to(b.shape()))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        each_matrix(args, out, |[a, b]| solve(&a.lu(), &b))
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply_aligned(self.clone()))
    }
}

impl<'g> Var<'g> {
    /// The solution X of A·X = B for each matrix A over the last two axes; the axes in front
    /// broadcast, and a vector B is a single column (NumPy's `linalg.solve`).
    ///
    /// A run errs with [`RunError::Matrix`](crate::RunError::Matrix) if a pivot of the factorisation
    /// is exactly 0. A matrix that is singular but for rounding is not recognised.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let a = g.constant(array![[0.0, 2.0], [1.0, 1.0]]);
    /// let x = a.solve(g.constant(array![4.0, 5.0]));
    /// assert_eq!(x.eval()?, array![3.0, 2.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the matrices are not square, or have other rows than `b`.
    #[track_caller]
    pub fn solve(self, b: Var<'g>) -> Var<'g> {
        with_columns(b, Solve, self)
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |a: &[usize], b: &[usize]| {
        let samples = [Sample::real(a, -0.5..0.5), Sample::real(b, -1.0..1.0)];
        Example::new("solve", samples, |_, x| shifted(x[0], 1.5).solve(x[1]))
    };
    let itself = [Sample::real([3, 3], -0.5..0.5)];
    vec![
        of(&[3, 3], &[3, 2]),
        of(&[3, 3], &[3]),
        of(&[2, 1, 2, 2], &[3, 2, 1]),
        of(&[2, 2], &[2, 2, 3]),
        of(&[1, 1], &[1, 1]),
        Example::new("solve", itself, |_, x| shifted(x[0], 1.5).solve(x[0].t())),
    ]
}

#[cfg(test)]
mod tests {
    use crate::{Defect, Evaluator, Graph, RunError};
    use ndarray::array;

    #[test]
    fn a_singular_matrix_is_named_with_its_pivot() {
        let g = Graph::new();
        let a = g.input("a", [2, 2]);
        let line = line!() + 1;
        let x = a.solve(g.full([2], 1.0));
        let value = array![[1.0_f32, 2.0], [2.0, 4.0]];
        let error = Evaluator::<f32>::new(&g).bind(a, &value).run(&[x]).unwrap_err();
        let RunError::Matrix { defect, location, .. } = &error else { panic!("{error}") };
        assert_eq!((location.file(), location.line()), (file!(), line));
        assert_eq!(*defect, Defect::Singular { pivot: 1, rows: 2 });
        let message = "solve: the matrix is singular: pivot 1 of 0..2 is 0\n  at ";
        assert!(error.to_string().starts_with(message), "{error}");
    }

    #[test]
    #[should_panic(
        expected = "the matrix has 2 rows and the right-hand side 3; they must be equal"
    )]
    fn the_rows_must_agree() {
        let g = Graph::new();
        g.full([2, 2], 1.0).solve(g.full([3], 1.0));
    }
}
