//! The QR factorisation.

use smallvec::smallvec;

use super::super::matrix::{matrices, of_matrices};
use super::super::registry::Example;
use super::dense::{Matrix, each_matrix, of_finite, size, stacked};
use super::{TriangularSolve, above_and_below, apart};
use crate::error::exactly;
use crate::{Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Shape, Type, Var, misfit};

/// Q and R, one above the other, of A = Q·R for matrices A `[m, n]` with m ≥ n: Q `[m, n]` has orthonormal columns, R `[n, n]`
/// is upper triangular with a diagonal that is nowhere negative. Of a matrix of full rank, there is one such pair.
///
/// Cotangent: (Q̄ + Q·Ψ(R·R̄ᵀ − Q̄ᵀ·Q))·R⁻ᵀ, where Ψ mirrors the lower triangle into the upper one (Walter and Lehmann 2012;
/// Liao, Liu, Wang and Xiang 2019, equation 7).
///
/// Recorded by [`Var::qr`](crate::Var::qr).
#[derive(Clone, Debug, PartialEq)]
pub struct Qr;

impl Operation for Qr {
    fn name(&self) -> &'static str {
        "qr"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [a] = exactly(inputs)?;
        let (batch, rows, columns) = matrices("the matrix", a)?;
        if rows < columns {
            return Err(format!(
                "the matrix has {rows} rows and {columns} columns; there must be as many rows"
            ));
        }
        Ok(Type::real(batch.iter().copied().chain([rows + columns, columns]).collect::<Shape>()))
    }
    fn vjp<'g>(&self, _: &[Var<'g>], output: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (q, r) = factors(output);
        let (of_q, of_r) = factors(v);
        let lower = r.matmul(of_r.t()) - of_q.t().matmul(q);
        let mirrored = lower.tril(0) + lower.tril(-1).t();
        let back = of_q + q.matmul(mirrored);
        smallvec![Some(r.solve_triangular(back.t(), TriangularSolve::upper()).t())]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        each_matrix(args, out, |[a]| {
            let (rows, columns) = a.shape();
            of_finite(a, (rows + columns, columns), |a| Ok(factor(a)))
        })
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

fn factor(a: Matrix) -> Matrix {
    let scale = size(&a);
    let (q, r) = (a / scale).qr().unpack();
    stacked(&[&q, &(r * scale)])
}

/// Q and R, from one above the other.
fn factors(both: Var<'_>) -> (Var<'_>, Var<'_>) {
    let columns = both.shape()[both.rank() - 1];
    above_and_below(both, columns)
}

impl<'g> Var<'g> {
    /// The reduced QR factorisation A = Q·R of each matrix over the last two axes (PyTorch's `linalg.qr`): Q `[m, k]` has
    /// orthonormal columns, R `[k, n]` is upper triangular, and k is the smaller of m and n.
    ///
    /// The diagonal of R is nowhere negative, so that the factors of a matrix of full rank are a function of it. (LAPACK, and
    /// with it PyTorch and NumPy, answers either sign.)
    ///
    /// Both factors have derivatives if the first k columns are linearly independent; else a run of the gradient errs with
    /// [`RunError::Matrix`](crate::RunError::Matrix) where an element of R's diagonal is exactly 0.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let a = g.constant(array![[3.0, 1.0], [4.0, 2.0]]);
    /// let (q, r) = a.qr();
    /// // The length of the first column.
    /// assert!((r.eval()?[[0, 0]] - 5.0).abs() < 1e-14);
    /// assert!((q.matmul(r) - a).norm().eval()?[[]] < 1e-14);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If there are fewer than two axes, or the elements are not real.
    #[track_caller]
    pub fn qr(self) -> (Var<'g>, Var<'g>) {
        let (rows, columns) = match matrices("the matrix", &self.ty()) {
            Ok((_, rows, columns)) => (rows, columns),
            Err(rule) => misfit("qr", rule, &[self]),
        };
        if rows >= columns {
            return factors(self.graph().apply(Qr, &[self]));
        }
        // Q is that of as many columns as there are rows, and the others are Q times Qᵀ times themselves.
        let (q, r) = self.slice_axis(-1, ..rows).qr();
        let others = q.t().matmul(self.slice_axis(-1, rows..));
        (q, self.graph().concat(&[r, others], -1))
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |shape: &[usize]| {
        of_matrices("qr", shape, |x| {
            let (q, r) = apart(x).qr();
            q.sin().matmul(r) + q.matmul(r.square())
        })
    };
    vec![
        of(&[3, 3]),
        of(&[4, 2]),
        of(&[2, 3]),
        of(&[2, 2, 2]),
        of(&[1, 1]),
        of_matrices("qr", [3, 2], |x| apart(x).qr().0.square()),
        of_matrices("qr", [3, 0], |x| x.qr().0 + x),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::dense::{Matrix, assert_near};
    use super::super::trials::trials;
    use super::*;
    use crate::{Defect, Graph, RunError};
    use ndarray::array;

    #[test]
    fn the_factors_multiply_to_the_matrix_whatever_its_condition() {
        for (name, a) in trials().into_iter().filter(|(_, a)| a.nrows() >= a.ncols()) {
            let (rows, columns) = a.shape();
            let both = factor(a.clone());
            let (q, r) = (both.rows(0, rows).into_owned(), both.rows(rows, columns).into_owned());
            assert_near(name, &(&q * &r), &a, a.norm());
            assert_near(name, &(q.transpose() * &q), &Matrix::identity(columns, columns), 1.0);
            assert!(r.diagonal().iter().all(|&x| x >= 0.0), "{name}: {r}");
            assert_eq!(r, r.upper_triangle(), "{name}");
        }
    }

    #[test]
    fn columns_that_depend_on_each_other_have_factors_and_no_derivative() {
        let g = Graph::new();
        let a = g.constant(array![[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]);
        let (q, r) = a.qr();
        assert_eq!(q.matmul(r).eval().unwrap(), a.eval().unwrap());
        let RunError::Matrix { defect, .. } = r.sum().grad(a).eval().unwrap_err() else { panic!() };
        assert_eq!(defect, Defect::Singular { pivot: 1, rows: 2 });
    }

    #[test]
    fn what_is_not_finite_goes_through() {
        let g = Graph::new();
        let a = g.constant(array![[1.0, f64::INFINITY], [0.0, 1.0]]);
        assert!(a.qr().1.eval().unwrap().iter().all(|x| x.is_nan()));
    }
}
