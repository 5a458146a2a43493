//! Linear algebra: factorisations, solutions, inverses and determinants. Behind the feature `linalg`.
//!
//! All work on the last two axes; the axes in front are a batch. Values are computed by `nalgebra`, in
//! double precision whatever that of the run, and rounded to it. The reverse rules are written with
//! graph operations, as everywhere, from Giles, "An extended collection of matrix derivative results"
//! (2008), and Murray, "Differentiation of the Cholesky decomposition" (2016), and what each file names.
//!
//! A factorisation with several factors is one operation, which answers them one above the other, so that it is computed once
//! whichever of them are read; the factors are slices.

mod cholesky;
mod cofactor;
mod dense;
mod det;
mod eigh;
mod gaps;
mod inverse;
mod lstsq;
mod matrix_exp;
mod matrix_norm;
mod matrix_rank;
mod pinv;
mod qr;
#[doc(hidden)]
pub mod singular;
mod slogdet;
mod solve;
mod svd;
#[cfg(test)]
mod trials;
mod triangular_solve;

pub use cholesky::Cholesky;
pub use cofactor::Cofactor;
pub use det::Det;
pub use eigh::Eigh;
pub use gaps::{Gaps, Spectrum};
pub use inverse::Inverse;
pub use matrix_exp::MatrixExp;
pub use matrix_norm::MatrixNorm;
pub use matrix_rank::MatrixRank;
pub use pinv::Pinv;
pub use qr::Qr;
pub use slogdet::{DetSign, LogAbsDet};
pub use solve::Solve;
pub use svd::Svd;
pub use triangular_solve::TriangularSolve;

use super::matrix::matrices;
use super::registry::Example;
use crate::{Shape, Type, Var};

/// The rule for a batch of square matrices: the axes in front and the rows.
fn square(what: &str, x: &Type) -> Result<(Shape, usize), String> {
    match matrices(what, x)? {
        (batch, rows, columns) if rows == columns => Ok((batch, rows)),
        (_, rows, columns) => {
            Err(format!("{what} must be square, and has {rows} rows and {columns} columns"))
        }
    }
}

/// The rule for systems A·X = B: the type of X.
fn solution(a: &Type, b: &Type) -> Result<Type, String> {
    let (batch, rows) = square("the matrix", a)?;
    let (of_b, rows_of_b, columns) = matrices("the right-hand side", b)?;
    if rows != rows_of_b {
        return Err(format!(
            "the matrix has {rows} rows and the right-hand side {rows_of_b}; they must be equal"
        ));
    }
    let batch = batch.broadcast(&of_b).ok_or_else(|| {
        format!("the axes before the last two do not broadcast: {} and {}", a.shape, b.shape)
    })?;
    Ok(Type::real(batch.iter().copied().chain([rows, columns]).collect::<Shape>()))
}

/// Calls `solve` for a right-hand side, of which a vector stands for a single column.
#[track_caller]
fn with_columns<'g>(b: Var<'g>, operation: impl crate::Operation, a: Var<'g>) -> Var<'g> {
    match b.rank() {
        1 => a.graph().apply(operation, &[a, b.unsqueeze(1)]).squeeze(-1),
        _ => a.graph().apply(operation, &[a, b]),
    }
}

/// A number for each matrix, to be multiplied with the matrices.
#[track_caller]
fn per_matrix(v: Var<'_>) -> Var<'_> {
    v.unsqueeze(-1).unsqueeze(-1)
}

/// A + c·I: far from singular for a large c.
fn shifted(a: Var<'_>, by: f64) -> Var<'_> {
    let shape = a.shape();
    a + a.graph().full([shape[shape.rank() - 2]], by).diag()
}

/// A·Aᵀ + I: symmetric and positive definite.
fn definite(a: Var<'_>) -> Var<'_> {
    shifted(a.matmul(a.t()), 1.0)
}

/// What lies one above the other, of which the lower part has so many rows.
fn above_and_below(both: Var<'_>, below: usize) -> (Var<'_>, Var<'_>) {
    let above = both.shape()[both.rank() - 2] - below;
    (both.slice_axis(-2, ..above), both.slice_axis(-2, above..))
}

/// 0.3·A with 2, 3.5, 5, … added along its diagonal: of full rank, with eigenvalues and singular values that are apart.
fn apart(a: Var<'_>) -> Var<'_> {
    let &[.., rows, columns] = &*a.shape() else { unreachable!("examples are of matrices") };
    let of = |(i, j): (usize, usize)| if i == j { 2.0 + 1.5 * i as f64 } else { 0.0 };
    0.3 * a + a.graph().constant(ndarray::Array2::from_shape_fn([rows, columns], of))
}

pub(super) fn examples() -> Vec<Example> {
    [
        cholesky::examples(),
        cofactor::examples(),
        det::examples(),
        eigh::examples(),
        gaps::examples(),
        inverse::examples(),
        lstsq::examples(),
        matrix_exp::examples(),
        matrix_norm::examples(),
        matrix_rank::examples(),
        pinv::examples(),
        qr::examples(),
        slogdet::examples(),
        solve::examples(),
        svd::examples(),
        triangular_solve::examples(),
    ]
    .concat()
}
