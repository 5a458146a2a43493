//! Norms of matrices.

use super::super::matrix::{matrices, of_matrices};
use super::super::registry::Example;
use super::apart;
use crate::{Var, misfit};

/// A norm of matrices.
///
/// Taken by [`Var::matrix_norm`](crate::Var::matrix_norm).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatrixNorm {
    /// √Σ aᵢⱼ² (`'fro'` in PyTorch).
    Frobenius,
    /// The sum of the singular values (`'nuc'`).
    Nuclear,
    /// The largest singular value (`2`).
    Spectral,
    /// The largest sum of magnitudes of a column (`1`).
    Columns,
    /// The largest sum of magnitudes of a row (`inf`).
    Rows,
}

impl<'g> Var<'g> {
    /// A norm of each matrix over the last two axes (PyTorch's `linalg.matrix_norm`).
    ///
    /// Where the largest is not alone, those share the cotangent. At 0 the Frobenius norm has derivative 0, and the nuclear
    /// norm that of the singular vectors found, one of its subgradients.
    ///
    /// ```
    /// use cotangent::{Graph, ops::MatrixNorm};
    ///
    /// let g = Graph::new();
    /// let a = g.constant(cotangent::ndarray::array![[3.0, 0.0], [0.0, -4.0]]);
    /// let norm = |norm| a.matrix_norm(norm).eval().unwrap()[[]];
    /// assert_eq!((norm(MatrixNorm::Frobenius), norm(MatrixNorm::Nuclear)), (5.0, 7.0));
    /// assert_eq!((norm(MatrixNorm::Spectral), norm(MatrixNorm::Rows)), (4.0, 4.0));
    /// ```
    ///
    /// # Panics
    /// If there are fewer than two axes, or the elements are not real.
    #[track_caller]
    pub fn matrix_norm(self, norm: MatrixNorm) -> Var<'g> {
        if let Err(rule) = matrices("the argument", &self.ty()) {
            misfit("matrix_norm", rule, &[self]);
        }
        match norm {
            MatrixNorm::Frobenius => self.norm_over([-2, -1]),
            MatrixNorm::Nuclear => self.svdvals().sum_over(-1),
            MatrixNorm::Spectral => self.svdvals().max_over(-1),
            MatrixNorm::Columns => self.abs().sum_over(-2).max_over(-1),
            MatrixNorm::Rows => self.abs().sum_over(-1).max_over(-1),
        }
    }

    /// The condition of each matrix over the last two axes: its largest singular value by its smallest, ∞ for a singular one
    /// (PyTorch's `linalg.cond`).
    ///
    /// # Panics
    /// If there are fewer than two axes, the elements are not real, or the matrices are empty.
    #[track_caller]
    pub fn cond(self) -> Var<'g> {
        let values = self.svdvals();
        values.index_axis(-1, 0) / values.index_axis(-1, -1)
    }
}

pub(super) fn examples() -> Vec<Example> {
    use MatrixNorm::{Columns, Frobenius, Nuclear, Rows, Spectral};
    let of = |norm: MatrixNorm, shape: &[usize]| {
        of_matrices("matrix_norm", shape, move |x| apart(x).matrix_norm(norm))
    };
    vec![
        of(Frobenius, &[2, 2, 3]),
        of(Nuclear, &[2, 3]),
        of(Spectral, &[3, 2]),
        of(Columns, &[2, 2]),
        of(Rows, &[2, 2]),
        of_matrices("cond", [2, 3, 2], |x| apart(x).cond()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Graph;

    #[test]
    fn the_gradients_at_0_are_subgradients() {
        let g = Graph::new();
        let zero = g.full([2, 2], 0.0);
        let gradient = |norm| zero.matrix_norm(norm).grad(zero).eval().unwrap();
        assert!(gradient(MatrixNorm::Frobenius).iter().all(|&x| x == 0.0));
        // Of a subgradient, no singular value is beyond 1.
        let nuclear = g.constant(gradient(MatrixNorm::Nuclear)).matrix_norm(MatrixNorm::Spectral);
        assert!(nuclear.eval().unwrap()[[]] <= 1.0 + 1e-15);
    }
}
