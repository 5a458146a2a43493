//! Matrices on which factorisations go wrong, if they do.

use super::dense::Matrix;

/// Numbers that look random, between −1 and 1.
pub(super) fn arbitrary(rows: usize, columns: usize) -> Matrix {
    Matrix::from_fn(rows, columns, |i, j| ((3 * i + 1) as f64 * (5 * j + 2) as f64 * 0.37).sin())
}

/// The orthonormal columns that span those of numbers that look random.
fn orthonormal(rows: usize, columns: usize) -> Matrix {
    arbitrary(rows, columns).qr().q()
}

/// A matrix with these singular values.
fn with_singular_values(rows: usize, columns: usize, values: &[f64]) -> Matrix {
    let (u, v) = (orthonormal(rows, values.len()), orthonormal(columns, values.len()));
    u * Matrix::from_diagonal(&nalgebra::DVector::from_column_slice(values)) * v.transpose()
}

/// Matrices of all shapes, ill conditioned, of small rank, with equal singular values, of huge and of tiny numbers.
pub(super) fn trials() -> Vec<(&'static str, Matrix)> {
    let hilbert = Matrix::from_fn(10, 10, |i, j| 1.0 / (i + j + 1) as f64);
    let jordan = Matrix::from_fn(6, 6, |i, j| if j == i || j == i + 1 { 1.0 } else { 0.0 });
    let ramp = |rows, columns| Matrix::from_fn(rows, columns, |i, j| (columns * i + j) as f64);
    let graded: Vec<f64> = (0..12).map(|i| 10_f64.powi(-2 * i)).collect();
    vec![
        ("one", Matrix::from_element(1, 1, -3.0)),
        ("a column", arbitrary(5, 1)),
        ("a row", arbitrary(1, 5)),
        ("square", arbitrary(7, 7)),
        ("large", arbitrary(60, 40)),
        ("tall", arbitrary(9, 4)),
        ("wide", arbitrary(4, 9)),
        ("zero", Matrix::zeros(4, 3)),
        ("identity", Matrix::identity(5, 5)),
        ("of ones", Matrix::from_element(6, 6, 1.0)),
        ("rank two, square", ramp(8, 8)),
        ("rank two, tall", ramp(9, 5)),
        ("rank two, wide", ramp(5, 9)),
        ("hilbert", hilbert),
        ("jordan", jordan.clone()),
        ("nilpotent", jordan - Matrix::identity(6, 6)),
        ("graded", with_singular_values(12, 12, &graded)),
        ("graded, tall", with_singular_values(20, 12, &graded)),
        ("repeated", with_singular_values(6, 6, &[2.0, 2.0, 2.0, 1.0, 1.0, 1e-3])),
        ("clustered", with_singular_values(6, 6, &[1.0, 1.0 + 1e-15, 1.0 - 1e-15, 0.5, 0.0, 0.0])),
        ("huge", arbitrary(4, 4) * 1e300),
        ("tiny", arbitrary(4, 4) * 1e-300),
    ]
}
