//! How singular values are computed.
//!
//! The library's own decomposition is wrong for some matrices (its issue 1172; of small random ones, for one in a thousand
//! by more than 10⁻¹² and up to half of the matrix). Its eigenvectors of symmetric matrices are right to rounding, and those
//! of AᵀA nearly are the right singular vectors of A: a few rotations make its columns orthogonal, which is all there is to
//! it (Hestenes 1958; Demmel and Veselić, "Jacobi's method is more accurate than QR", 1992).

use nalgebra::SymmetricEigen;

use super::dense::{Matrix, most_sweeps, orientation, size};
use crate::Defect;
use crate::sorted::sort_by;

/// U, s and V with A = U·diag(s)·Vᵀ, the singular values s in a row, descending: of a matrix of numbers, outside of graphs.
///
/// # Errors
/// If the iteration does not come to its end, as for a matrix that is not finite.
pub fn decomposed(a: &Matrix) -> Result<(Matrix, Matrix, Matrix), Defect> {
    let (mut u, s, mut v) = if a.nrows() >= a.ncols() {
        tall(a)?
    } else {
        let (v, s, u) = tall(&a.transpose())?;
        (u, s, v)
    };
    for column in 0..s.ncols() {
        let sign = orientation(&u, column);
        u.column_mut(column).scale_mut(sign);
        v.column_mut(column).scale_mut(sign);
    }
    Ok((u, s, v))
}

/// The same of a matrix with no more columns than rows.
fn tall(a: &Matrix) -> Result<(Matrix, Matrix, Matrix), Defect> {
    let scale = size(a);
    let (q, r) = (a / scale).qr().unpack();
    let sweeps = most_sweeps(a.ncols());
    let eigen = SymmetricEigen::try_new(r.tr_mul(&r), f64::EPSILON, sweeps)
        .ok_or(Defect::NotConverged { sweeps })?;
    let mut v = descending(&eigen.eigenvectors, eigen.eigenvalues.as_slice()).0;
    let mut w = &r * &v;
    orthogonalise(&mut w, &mut v)?;
    let norms: Vec<f64> = w.column_iter().map(|column| column.norm()).collect();
    let ((w, s), (v, _)) = (descending(&w, &norms), descending(&v, &norms));
    // The factor is diagonal, and so its Q has the columns of W at length 1, or any others where they are 0.
    Ok((q * w.qr().q(), s * scale, v))
}

/// Columns in the order of these numbers, the largest first, and the numbers in that order, in a row.
fn descending(columns: &Matrix, by: &[f64]) -> (Matrix, Matrix) {
    let mut order: Vec<usize> = (0..by.len()).collect();
    sort_by(&mut order, &|i, j| by[j].total_cmp(&by[i]));
    let numbers = Matrix::from_fn(1, by.len(), |_, i| by[order[i]]);
    (columns.select_columns(&order), numbers)
}

/// Turns the columns of W against each other, and those of V with them, until they are orthogonal.
fn orthogonalise(w: &mut Matrix, v: &mut Matrix) -> Result<(), Defect> {
    let (count, sweeps) = (w.ncols(), most_sweeps(1));
    for _ in 0..sweeps {
        let mut turned = false;
        for (p, q) in (0..count).flat_map(|p| (p + 1..count).map(move |q| (p, q))) {
            if let Some((cos, sin)) = rotation(w, p, q) {
                turn(w, (p, q), (cos, sin));
                turn(v, (p, q), (cos, sin));
                turned = true;
            }
        }
        if !turned {
            return Ok(());
        }
    }
    Err(Defect::NotConverged { sweeps })
}

/// The product of two numbers of which the digits are whole.
const LEAST: f64 = f64::MIN_POSITIVE / f64::EPSILON;

/// Cosine and sine of the smaller angle by which two columns become orthogonal, unless they are.
fn rotation(w: &Matrix, p: usize, q: usize) -> Option<(f64, f64)> {
    let (a, b) = (w.column(p).norm(), w.column(q).norm());
    let along = w.column(p).dot(&w.column(q));
    let rounding = w.nrows().max(4) as f64 * f64::EPSILON * a * b;
    // Of products of numbers this small, no digits are left, and to the matrix, whose largest number is about 1, they are nothing.
    if along.abs() <= rounding || a * b < LEAST {
        return None;
    }
    let cot = (b - a) * (b + a) / (2.0 * along);
    let tan = 1_f64.copysign(cot) / (cot.abs() + cot.hypot(1.0));
    let cos = tan.hypot(1.0).recip();
    Some((cos, tan * cos))
}

fn turn(columns: &mut Matrix, (p, q): (usize, usize), (cos, sin): (f64, f64)) {
    for row in 0..columns.nrows() {
        let (x, y) = (columns[(row, p)], columns[(row, q)]);
        columns[(row, p)] = cos * x - sin * y;
        columns[(row, q)] = sin * x + cos * y;
    }
}

#[cfg(test)]
mod tests {
    use super::super::dense::assert_near;
    use super::super::trials::{arbitrary, trials};
    use super::*;

    fn check(name: &str, a: &Matrix) {
        let (u, s, v) = decomposed(a).unwrap();
        let scale = a.amax().max(f64::MIN_POSITIVE);
        let (a, count) = (a / scale, s.ncols());
        let identity = Matrix::identity(count, count);
        let product = &u * Matrix::from_diagonal(&(&s / scale).row(0).transpose()) * v.transpose();
        assert_near(name, &product, &a, a.norm());
        assert_near(name, &u.tr_mul(&u), &identity, 1.0);
        assert_near(name, &v.tr_mul(&v), &identity, 1.0);
        assert!(
            s.iter().all(|&x| x >= 0.0) && s.as_slice().is_sorted_by(|a, b| a >= b),
            "{name}: {s}"
        );
    }

    #[test]
    fn the_factors_multiply_to_the_matrix_whatever_its_condition() {
        trials().iter().for_each(|(name, a)| check(name, a));
    }

    /// Of matrices of small whole numbers, which have small rank and equal singular values, and of any others.
    #[test]
    fn the_factors_of_many_small_matrices_multiply_to_them() {
        for i in 0..2000 {
            let a = arbitrary(1 + i % 6, 1 + i / 6 % 6).map(|x| 1e3 * x * (i + 1) as f64);
            let a = a.map(|x| x.sin());
            check(&format!("number {i}"), &a);
            check(&format!("rounded number {i}"), &a.map(|x| (2.0 * x).round()));
        }
    }
}
