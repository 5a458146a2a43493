//! Between arrays of the graph and dense matrices of the library that computes with them.

use nalgebra::{DMatrix, Dyn, LU};
use ndarray::{ArrayViewD, Axis, Dimension, Ix2, IxDyn, indices};

use super::super::matrix::repeat;
use crate::Defect;
use crate::{Args, Fault, Out, RunResult, Scalar};

/// A matrix in double precision.
pub type Matrix = DMatrix<f64>;

/// Hands `compute` the matrices of the inputs at every position of the batch, and writes what it
/// answers.
pub(super) fn each_matrix<T: Scalar, const N: usize>(
    args: &Args<'_, T>,
    out: &mut Out<'_, T>,
    compute: impl Fn([Matrix; N]) -> Result<Matrix, Defect>,
) -> RunResult {
    let out = out.real();
    if out.is_empty() {
        return Ok(());
    }
    let batch = out.shape()[..out.ndim() - 2].to_vec();
    for place in indices(IxDyn(&batch)) {
        let place = place.slice();
        let inputs = std::array::from_fn(|i| matrix(&args.real(i), &batch, place));
        let answer =
            compute(inputs).map_err(|defect| Fault::Matrix { defect, position: place.to_vec() })?;
        let mut to = out.view_mut();
        for &i in place {
            to = to.index_axis_move(Axis(0), i);
        }
        for ((i, j), y) in to.into_dimensionality::<Ix2>().expect("two axes").indexed_iter_mut() {
            *y = T::from_f64(answer[(i, j)]);
        }
    }
    Ok(())
}

/// Writes what `compute` answers for every matrix of input 0.
pub(super) fn each_number<T: Scalar>(
    args: &Args<'_, T>,
    out: &mut Out<'_, T>,
    compute: impl Fn(Matrix) -> Result<f64, Defect>,
) -> RunResult {
    let out = out.real();
    let batch = out.shape().to_vec();
    for (place, y) in out.indexed_iter_mut() {
        let answer = compute(matrix(&args.real(0), &batch, place.slice()))
            .map_err(|defect| Fault::Matrix { defect, position: place.slice().to_vec() })?;
        *y = T::from_f64(answer);
    }
    Ok(())
}

/// The matrix at a position of the batch, to which the axes of `x` in front are repeated.
fn matrix<T: Scalar>(x: &ArrayViewD<'_, T>, batch: &[usize], place: &[usize]) -> Matrix {
    let mut view = repeat(x, batch);
    for &i in place {
        view = view.index_axis_move(Axis(0), i);
    }
    let view = view.into_dimensionality::<Ix2>().expect("two axes are left");
    Matrix::from_fn(view.nrows(), view.ncols(), |i, j| view[[i, j]].to_f64())
}

/// What `compute` answers for a matrix of finite numbers; for another, NaN in a matrix of these extents, so that a run looks
/// for where that began.
pub(super) fn of_finite(
    a: Matrix,
    (rows, columns): (usize, usize),
    compute: impl FnOnce(Matrix) -> Result<Matrix, Defect>,
) -> Result<Matrix, Defect> {
    match a.iter().all(|x| x.is_finite()) {
        true => compute(a),
        false => Ok(Matrix::from_element(rows, columns, f64::NAN)),
    }
}

/// A power of two about as large as the largest element, by which a matrix can be divided without rounding, so that squares
/// neither overflow nor underflow; 1 for zeros.
pub(super) fn size(a: &Matrix) -> f64 {
    let largest = a.amax();
    if largest > 0.0 { largest.log2().floor().exp2() } else { 1.0 }
}

/// Matrices with equally many columns, one above the other.
pub(super) fn stacked(parts: &[&Matrix]) -> Matrix {
    let rows = parts.iter().map(|part| part.nrows()).sum();
    let mut all = Matrix::zeros(rows, parts[0].ncols());
    let mut first = 0;
    for part in parts {
        all.rows_mut(first, part.nrows()).copy_from(part);
        first += part.nrows();
    }
    all
}

/// The sign of a column vector under which the first of its large elements is positive: the first that is at least half as
/// large as the largest. (Of the largest itself, round-off would decide where two are as large.)
pub(super) fn orientation(vectors: &Matrix, column: usize) -> f64 {
    let column = vectors.column(column);
    let large = column.iter().find(|x| x.abs() >= 0.5 * column.amax());
    large.map_or(1.0, |x| 1_f64.copysign(*x))
}

/// How many sweeps an iteration may take: LAPACK allows 30 for each row, and few are needed.
pub(super) fn most_sweeps(rows: usize) -> usize {
    100 * rows.max(1)
}

/// The solution of the system with these triangular factors.
pub(super) fn solve(factors: &LU<f64, Dyn, Dyn>, b: &Matrix) -> Result<Matrix, Defect> {
    factors.solve(b).ok_or_else(|| singular(&factors.u()))
}

/// The defect of a triangular matrix with a zero on its diagonal.
pub(super) fn singular(triangular: &Matrix) -> Defect {
    let diagonal = triangular.diagonal();
    let pivot = diagonal.iter().position(|&pivot| pivot == 0.0).unwrap_or_default();
    Defect::Singular { pivot, rows: diagonal.len() }
}

/// Asserts that a product of factors is the matrix that was factored, to 1e-12 of its norm.
#[cfg(test)]
pub(super) fn assert_near(name: &str, product: &Matrix, a: &Matrix, norm: f64) {
    let error = (product - a).norm();
    assert!(error <= 1e-12 * norm, "{name}: off by {error:e}, with norm {norm:e}");
}
