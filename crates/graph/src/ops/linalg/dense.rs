//! Between arrays of the graph and dense matrices of the library that computes with them.

use nalgebra::{DMatrix, Dyn, LU};
use ndarray::{ArrayViewD, Axis, Dimension, Ix2, IxDyn, indices};

use super::super::matrix::repeat;
use crate::Defect;
use crate::{Args, Fault, Out, RunResult, Scalar};

/// A matrix in double precision.
pub(super) type Matrix = DMatrix<f64>;

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
    compute: impl Fn(Matrix) -> f64,
) -> RunResult {
    let out = out.real();
    let batch = out.shape().to_vec();
    for (place, y) in out.indexed_iter_mut() {
        *y = T::from_f64(compute(matrix(&args.real(0), &batch, place.slice())));
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
