//! Least squares.

use super::super::matrix::matrices;
use super::super::registry::{Example, Sample};
use super::{TriangularSolve, apart};
use crate::{Var, misfit};

impl<'g> Var<'g> {
    /// The X that makes ‖A·X − B‖ smallest, for each matrix A `[m, n]` of full rank over the last two axes; of all such where
    /// there are more columns than rows, the smallest. The axes in front broadcast, and a vector B is a single column
    /// (PyTorch's `linalg.lstsq`, without what it tells besides).
    ///
    /// By a QR factorisation: X = R⁻¹·Qᵀ·B of A = Q·R, or Q·R⁻ᵀ·B of Aᵀ = Q·R. A run errs with
    /// [`RunError::Matrix`](crate::RunError::Matrix) if an element of R's diagonal is exactly 0; a matrix that is not of full
    /// rank but for rounding is not recognised. Of any rank, `a.pinv().matmul(b)` is the smallest solution.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// // A line through (0, 1), (1, 3) and (2, 5).
    /// let g = Graph::new();
    /// let a = g.constant(array![[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]);
    /// let line = a.lstsq(g.constant(array![1.0, 3.0, 5.0])).eval()?;
    /// assert!((line[0] - 1.0).abs() < 1e-12 && (line[1] - 2.0).abs() < 1e-12);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the matrices have other rows than `b`, or the axes in front do not broadcast.
    #[track_caller]
    pub fn lstsq(self, b: Var<'g>) -> Var<'g> {
        let (rows, columns) = match matrices("the matrix", &self.ty()) {
            Ok((_, rows, columns)) => (rows, columns),
            Err(rule) => misfit("lstsq", rule, &[self, b]),
        };
        let single = b.rank() == 1;
        let sides = if single { b.unsqueeze(1) } else { b };
        match matrices("the right-hand side", &sides.ty()) {
            Ok((_, of_b, _)) if of_b == rows => {}
            Ok((_, of_b, _)) => misfit(
                "lstsq",
                format!(
                    "the matrix has {rows} rows and the right-hand side {of_b}; they must be equal"
                ),
                &[self, b],
            ),
            Err(rule) => misfit("lstsq", rule, &[self, b]),
        }
        let upper = TriangularSolve::upper();
        let x = if rows >= columns {
            let (q, r) = self.qr();
            r.solve_triangular(q.t().matmul(sides), upper)
        } else {
            let (q, r) = self.t().qr();
            q.matmul(r.solve_triangular(sides, upper.transposed()))
        };
        if single { x.squeeze(-1) } else { x }
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |a: &[usize], b: &[usize]| {
        let samples = [Sample::real(a, -1.0..1.0), Sample::real(b, -1.0..1.0)];
        Example::new("lstsq", samples, |_, x| apart(x[0]).lstsq(x[1]))
    };
    vec![
        of(&[4, 2], &[4, 2]),
        of(&[3, 2], &[3]),
        of(&[2, 3], &[2, 1]),
        of(&[2, 1, 3, 2], &[2, 3, 1]),
    ]
}

#[cfg(test)]
mod tests {
    use crate::{Defect, Graph, RunError};
    use ndarray::array;

    #[test]
    fn a_deficient_matrix_is_named_and_has_a_smallest_solution_by_its_pseudo_inverse() {
        let g = Graph::new();
        let a = g.constant(array![[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]);
        let b = g.constant(array![2.0, 1.0, 1.0]);
        let RunError::Matrix { defect, .. } = a.lstsq(b).eval().unwrap_err() else { panic!() };
        assert_eq!(defect, Defect::Singular { pivot: 1, rows: 2 });
        assert_eq!(a.pinv().matmul(b).eval().unwrap(), array![2.0, 0.0].into_dyn());
    }

    #[test]
    #[should_panic(
        expected = "the matrix has 3 rows and the right-hand side 2; they must be equal"
    )]
    fn the_rows_must_agree() {
        let g = Graph::new();
        g.full([3, 2], 1.0).lstsq(g.full([2], 1.0));
    }
}
