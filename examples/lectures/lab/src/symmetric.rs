//! Eigenvalues of small symmetric matrices.

use cotangent::ndarray::{Array1, Array2};

/// A symmetric matrix as V·diag(λ)·Vᵀ, by Jacobi's rotations (Golub and Van Loan, *Matrix
/// Computations*, §8.5).
#[derive(Clone, Debug)]
pub struct Symmetric {
    /// λ, in ascending order.
    pub values: Array1<f64>,
    /// V: the eigenvectors, as columns.
    pub vectors: Array2<f64>,
}

impl Symmetric {
    /// The eigenvalues and eigenvectors of a square matrix, whose lower triangle is not read.
    pub fn new(matrix: &Array2<f64>) -> Self {
        let n = matrix.nrows();
        let mut a = Array2::from_shape_fn((n, n), |(i, j)| matrix[[i.min(j), i.max(j)]]);
        let mut v = Array2::eye(n);
        // Convergence is quadratic: some ten sweeps reach rounding at any size used here.
        for _ in 0..50 {
            let off: f64 = a.indexed_iter().filter(|((i, j), _)| i < j).map(|(_, x)| x * x).sum();
            if off <= f64::EPSILON.powi(2) * a.diag().iter().map(|x| x * x).sum::<f64>() {
                break;
            }
            for p in 0..n {
                for q in p + 1..n {
                    rotate(&mut a, &mut v, p, q);
                }
            }
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&i, &j| a[[i, i]].total_cmp(&a[[j, j]]));
        Self {
            values: order.iter().map(|&i| a[[i, i]]).collect(),
            vectors: Array2::from_shape_fn((n, n), |(i, j)| v[[i, order[j]]]),
        }
    }

    /// The solution x of A·x = b.
    pub fn solve(&self, b: &Array1<f64>) -> Array1<f64> {
        self.vectors.dot(&(self.vectors.t().dot(b) / &self.values))
    }

    /// The largest absolute eigenvalue over the smallest.
    pub fn condition(&self) -> f64 {
        let sizes = || self.values.iter().map(|value| value.abs());
        sizes().fold(0.0, f64::max) / sizes().fold(f64::INFINITY, f64::min)
    }

    /// The share of eigenvalues below 0.
    pub fn negative_share(&self) -> f64 {
        self.values.iter().filter(|&&value| value < 0.0).count() as f64 / self.values.len() as f64
    }
}

/// Makes the element (p, q) of a zero by a rotation of the rows and columns p and q.
fn rotate(a: &mut Array2<f64>, v: &mut Array2<f64>, p: usize, q: usize) {
    if a[[p, q]] == 0.0 {
        return;
    }
    let theta = (a[[q, q]] - a[[p, p]]) / (2.0 * a[[p, q]]);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for k in 0..a.nrows() {
        (a[[k, p]], a[[k, q]]) = (c * a[[k, p]] - s * a[[k, q]], s * a[[k, p]] + c * a[[k, q]]);
        (v[[k, p]], v[[k, q]]) = (c * v[[k, p]] - s * v[[k, q]], s * v[[k, p]] + c * v[[k, q]]);
    }
    for k in 0..a.nrows() {
        (a[[p, k]], a[[q, k]]) = (c * a[[p, k]] - s * a[[q, k]], s * a[[p, k]] + c * a[[q, k]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotangent::ndarray::array;

    #[test]
    fn a_matrix_is_the_product_of_its_parts() {
        let a = array![[4.0, 1.0, -2.0], [1.0, -3.0, 0.5], [-2.0, 0.5, 0.25]];
        let Symmetric { values, vectors } = Symmetric::new(&a);
        let again = vectors.dot(&Array2::from_diag(&values)).dot(&vectors.t());
        assert!((again - &a).iter().all(|error| error.abs() < 1e-14));
        assert!(values.windows(2).into_iter().all(|pair| pair[0] <= pair[1]));
        let x = array![1.0, -2.0, 3.0];
        let solved = Symmetric::new(&a).solve(&a.dot(&x));
        assert!((solved - x).iter().all(|error| error.abs() < 1e-13));
    }

    #[test]
    fn equal_eigenvalues_and_zeros_are_fine() {
        let twice = Symmetric::new(&array![[2.0, 1.0], [1.0, 2.0]]);
        assert!((&twice.values - &array![1.0, 3.0]).iter().all(|error| error.abs() < 1e-15));
        assert_eq!(Symmetric::new(&Array2::eye(3)).condition(), 1.0);
        assert_eq!(Symmetric::new(&array![[-1.0, 0.0], [0.0, 1.0]]).negative_share(), 0.5);
    }
}
