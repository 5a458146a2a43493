//! The matrix of cofactors: the derivative of the determinant.

use smallvec::smallvec;

use super::super::matrix::of_matrices;
use super::super::registry::Example;
use super::dense::{Matrix, each_matrix};
use super::{per_matrix, shifted, square};
use crate::error::exactly;
use crate::{Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Type, Var};

/// C = ∂det A/∂A: the signed minors of A, which for a regular A are det(A)·A⁻ᵀ. The value exists for
/// any A; the reverse rule needs a regular one.
///
/// Cotangent, with B = A⁻ᵀ: ⟨V, B⟩·C − C·Vᵀ·B, from the product rule for det(A)·B (Giles 2008,
/// sections 2.2.3 and 2.2.4).
///
/// Recorded by [`Var::det`](crate::Var::det).
#[derive(Clone, Debug, PartialEq)]
pub struct Cofactor;

impl Operation for Cofactor {
    fn name(&self) -> &'static str {
        "cofactor"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [a] = exactly(inputs)?;
        square("the matrix", a)?;
        Ok(a.clone())
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], c: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let b = inputs[0].inverse().t();
        let product = per_matrix((v * b).sum_over([-2, -1]));
        smallvec![Some(product * c - c.matmul(v.t()).matmul(b))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        each_matrix(args, out, |[a]| Ok(cofactors(a)))
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

/// From P·A·Q = L·U with full pivoting: adj(XY) = adj(Y)·adj(X), and a matrix of determinant ±1 has
/// its inverse as adjugate, up to the sign, so that adj(A) = det(P)·det(Q)·Q·adj(U)·L⁻¹·P. The matrix
/// of cofactors is its transpose.
fn cofactors(a: Matrix) -> Matrix {
    let rows = a.nrows();
    let factors = a.full_piv_lu();
    let mut inner = Matrix::identity(rows, rows);
    factors.p().permute_rows(&mut inner);
    factors.l().solve_lower_triangular_mut(&mut inner);
    let mut q = Matrix::identity(rows, rows);
    factors.q().permute_columns(&mut q);
    let sign: f64 = factors.p().determinant::<f64>() * factors.q().determinant::<f64>();
    (q * adjugate(&factors.u()) * inner * sign).transpose()
}

/// The adjugate of an upper triangular matrix whose pivots are ordered so that zeros come last: with
/// U = [[U₁, u], [0, d]] it is det(U₁)·[[d·U₁⁻¹, −U₁⁻¹·u], [0, 1]], and 0 where U₁ is singular.
fn adjugate(u: &Matrix) -> Matrix {
    let last = u.nrows() - 1;
    let leading = u.view((0, 0), (last, last));
    let det = leading.diagonal().product();
    let mut adjugate = Matrix::zeros(last + 1, last + 1);
    adjugate[(last, last)] = det;
    if last == 0 {
        return adjugate;
    }
    let Some(inverse) = leading.solve_upper_triangular(&Matrix::identity(last, last)) else {
        return adjugate;
    };
    let column = &inverse * u.view((0, last), (last, 1));
    adjugate.view_mut((0, 0), (last, last)).copy_from(&(inverse * (det * u[(last, last)])));
    adjugate.view_mut((0, last), (last, 1)).copy_from(&(column * -det));
    adjugate
}

pub(super) fn examples() -> Vec<Example> {
    let of = |shape: &[usize], by: f64| {
        of_matrices("cofactor", shape, move |x| {
            x.graph().apply(Cofactor, &[shifted(x.square(), by)])
        })
    };
    vec![of(&[3, 3], 2.0), of(&[2, 2, 2], -3.0), of(&[1, 1], 2.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By its definition: signed determinants of what is left without a row and a column.
    fn minors(a: &Matrix) -> Matrix {
        Matrix::from_fn(a.nrows(), a.ncols(), |i, j| {
            let sign = if (i + j) % 2 == 0 { 1.0 } else { -1.0 };
            sign * a.clone().remove_row(i).remove_column(j).determinant()
        })
    }

    #[test]
    fn cofactors_are_signed_minors_whatever_the_rank() {
        for rank in 0..=4 {
            // A sum of `rank` products of vectors, far from symmetric.
            let mut a = Matrix::zeros(4, 4);
            for k in 0..rank {
                let x = Matrix::from_fn(4, 1, |i, _| ((3 * i + 5 * k + 1) as f64).sin());
                let y = Matrix::from_fn(1, 4, |_, j| ((7 * j + 2 * k) as f64).cos());
                a += x * y;
            }
            let error = (cofactors(a.clone()) - minors(&a)).abs().max();
            assert!(error < 1e-14, "rank {rank}: {error}");
        }
    }
}
