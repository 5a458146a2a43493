//! Which numbers are none, and what stands in for them.

use super::super::registry::{Example, unary};
use crate::Var;

impl<'g> Var<'g> {
    /// Whether each number is NaN: a truth value.
    ///
    /// The shape stays.
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn is_nan(self) -> Var<'g> {
        self.ne(self)
    }

    /// Whether each number is finite, neither infinite nor NaN: a truth value.
    ///
    /// The shape stays.
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn is_finite(self) -> Var<'g> {
        self.abs().lt(f64::INFINITY)
    }

    /// These numbers in place of NaN, +∞ and −∞ (PyTorch's `nan_to_num`, which by default puts 0 and the largest numbers of
    /// the precision there; which precision that will be, a graph does not know). The cotangent of what was replaced is 0.
    ///
    /// The shape stays.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, f64::NAN, f64::INFINITY]);
    /// let y = x.nan_to_num(0.0, 1e6, -1e6);
    /// assert_eq!(y.eval()?, array![1.0, 0.0, 1e6].into_dyn());
    /// assert_eq!(y.sum().grad(x).eval()?, array![1.0, 0.0, 0.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn nan_to_num(self, nan: f64, posinf: f64, neginf: f64) -> Var<'g> {
        let below = self.eq(f64::NEG_INFINITY).select(neginf, self);
        let finite = self.eq(f64::INFINITY).select(posinf, below);
        self.is_nan().select(nan, finite)
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        unary("ne", -2.0..2.0, |x| x.is_nan().select(0.0, x.square())),
        unary("lt", -2.0..2.0, |x| x.is_finite().select(x.square(), 0.0)),
        unary("select", -2.0..2.0, |x| x.nan_to_num(0.0, 1.0, -1.0).square()),
    ]
}
