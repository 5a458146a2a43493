//! Whole powers of matrices.

use super::super::registry::Example;
use super::{matrices, of_matrices};
use crate::{Var, misfit};

impl<'g> Var<'g> {
    /// Each square matrix multiplied n times with itself, by squaring: about log₂ n products, and the identity for n = 0
    /// (PyTorch's `linalg.matrix_power`, of what is not negative).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// // Fibonacci's numbers.
    /// let a = g.constant(array![[1.0, 1.0], [1.0, 0.0]]);
    /// assert_eq!(a.matrix_power(10).eval()?, array![[89.0, 55.0], [55.0, 34.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If there are fewer than two axes, the last two differ, or the elements are not real.
    #[track_caller]
    pub fn matrix_power(self, n: u32) -> Var<'g> {
        match matrices("the argument", &self.ty()) {
            Ok((_, rows, columns)) if rows == columns => {}
            Ok(_) => misfit("matrix_power", "the matrices must be square", &[self]),
            Err(rule) => misfit("matrix_power", rule, &[self]),
        }
        let (mut power, mut left, mut product) = (self, n, None);
        while left > 0 {
            if left % 2 == 1 {
                product = Some(product.map_or(power, |product: Var<'g>| product.matmul(power)));
            }
            left /= 2;
            if left > 0 {
                power = power.matmul(power);
            }
        }
        product.unwrap_or_else(|| {
            let shape = self.shape();
            let ones = self.graph().full([shape[shape.rank() - 1]], 1.0);
            ones.diag().broadcast_to(shape)
        })
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |shape: &[usize], n: u32| of_matrices("matmul", shape, move |x| x.matrix_power(n));
    vec![of(&[3, 3], 5), of(&[2, 2, 2], 2)]
}
