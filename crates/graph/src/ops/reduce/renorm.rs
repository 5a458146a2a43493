//! Norms that are bounded.

use super::super::registry::{Example, shaped};
use crate::shape::resolve_axis;
use crate::{Var, keep, misfit};

/// What is added to a norm before something is divided by it (PyTorch's).
const EPS: f64 = 1e-7;

impl<'g> Var<'g> {
    /// Each slice at one position of an axis, shortened to a norm of order p of at most `max_norm` (PyTorch's `renorm`):
    /// x·m/(‖x‖ + 10⁻⁷) where its norm ‖x‖ is larger than m, and x itself elsewhere. The derivative is that of this formula.
    ///
    /// Any shape in, the same out. For orders see [`vector_norm`](Var::vector_norm).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[3.0, 4.0], [0.3, 0.4]]);
    /// let y = x.renorm(2.0, 0, 1.0).eval()?;
    /// assert!((y[[0, 0]] - 0.6).abs() < 1e-7 && y[[1, 0]] == 0.3);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, there is no such axis, p is NaN or a negative number, or the largest norm is negative
    /// or NaN.
    #[track_caller]
    pub fn renorm(self, p: f64, axis: isize, max_norm: f64) -> Var<'g> {
        if max_norm.is_nan() || max_norm < 0.0 {
            misfit(
                "renorm",
                format!("the largest norm must be at least 0, and is {max_norm}"),
                &[self],
            );
        }
        let axis = match resolve_axis(axis, self.rank()) {
            Ok(axis) => axis as isize,
            Err(rule) => misfit("renorm", rule, &[self]),
        };
        let others: Vec<isize> = (0..self.rank() as isize).filter(|&other| other != axis).collect();
        let norm = self.vector_norm(p, keep(&others[..]));
        self * norm.gt(max_norm).select(max_norm / (norm + EPS), 1.0)
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        shaped("renorm", [2, 3], |x| x.renorm(2.0, 0, 0.2)),
        shaped("renorm", [2, 2, 2], |x| x.renorm(1.0, -1, 0.5)),
        shaped("renorm", [3], |x| x.renorm(3.0, 0, 90.0)),
    ]
}
