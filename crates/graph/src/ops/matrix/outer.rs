//! Outer products.

use super::super::registry::{Example, Sample};
use crate::{Var, misfit};

impl<'g> Var<'g> {
    /// The products of every element of this vector with every element of the other: for vectors
    /// along the last axis, the matrix x·yᵀ; the axes in front broadcast.
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// assert_eq!(g.full([2], 1.0).outer(g.full([3], 1.0)).shape(), [2, 3].into());
    /// assert_eq!(g.full([5, 2], 1.0).outer(g.full([3], 1.0)).shape(), [5, 2, 3].into());
    /// ```
    ///
    /// # Panics
    /// If one of them is a scalar, or the axes in front do not broadcast.
    #[track_caller]
    pub fn outer(self, other: Var<'g>) -> Var<'g> {
        if self.rank() == 0 || other.rank() == 0 {
            misfit("outer", "both must be vectors along their last axis", &[self, other]);
        }
        self.unsqueeze(-1) * other.unsqueeze(-2)
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |a: &[usize], b: &[usize]| {
        let samples = [Sample::real(a, -1.0..1.0), Sample::real(b, -1.0..1.0)];
        Example::new("outer", samples, |_, x| x[0].outer(x[1]))
    };
    vec![of(&[2], &[3]), of(&[2, 2], &[3])]
}
