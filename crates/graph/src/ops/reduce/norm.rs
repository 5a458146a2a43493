//! The Euclidean norm.

use super::{Along, Reduction, accurate_sum};
use crate::ops::registry::{Example, reduction};
use crate::{Axes, Scalar, Var};

/// √Σx², scaled by the largest magnitude so that the squares neither overflow nor underflow.
/// Cotangent: v·x/y, and 0 at x = 0 (the subgradient of least norm, as PyTorch). Of that rule every derivative at 0 is 0,
/// too, where the true second one is infinite (and PyTorch's is NaN).
///
/// Recorded by [`Var::norm_over`](crate::Var::norm_over).
#[derive(Clone, Debug, PartialEq)]
pub struct Norm;

impl Reduction for Norm {
    const NAME: &'static str = "norm";
    fn eval<T: Scalar>(&self, lane: &[T]) -> T {
        let largest = lane.iter().copied().fold(T::zero(), |a, b| a.max(b.abs()));
        let scalable = largest > T::zero() && largest.is_finite();
        let scale = if scalable { largest } else { T::one() };
        scale * accurate_sum(lane.iter().map(|&x| (x / scale) * (x / scale))).sqrt()
    }
    fn vjp<'g>(&self, along: &Along<'g>, y: Var<'g>, v: Var<'g>) -> Var<'g> {
        let some = y.ne(0.0);
        // Chosen last, so that nothing flows from where all are 0; divided first, as 1/y overflows where x/y does not.
        v * some.select(along.x / some.select(y, 1.0), 0.0)
    }
    fn expand<'g>(&self, along: &Along<'g>) -> Option<Var<'g>> {
        if along.count == 0 {
            return None;
        }
        let largest = along.x.abs().max_over(along.axes.clone());
        let normal = largest.gt(0.0).and(largest.lt(f64::INFINITY));
        let scale = normal.select(largest, 1.0);
        Some(scale * (along.x / scale).square().sum_over(along.axes.clone()).sqrt())
    }
}

impl Norm {
    /// Records it; not generic, and so compiled here.
    #[track_caller]
    fn of(x: Var<'_>, axes: Axes) -> Var<'_> {
        x.fold(Norm, axes)
    }
}

impl<'g> Var<'g> {
    /// The Euclidean norm of all elements.
    ///
    /// Any shape in, a scalar out.
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn norm(self) -> Var<'g> {
        self.fold(Norm, ..)
    }

    /// The Euclidean norm along some axes; its derivatives of every order at 0 are 0.
    ///
    /// The axes are dropped from the shape, or stay with extent 1 under [`keep`](crate::keep).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[3.0, 4.0], [0.0, 2.0]]);
    /// assert_eq!(x.norm_over(1).eval()?, array![5.0, 2.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, or an axis does not exist or is named twice.
    #[track_caller]
    pub fn norm_over(self, axes: impl Into<Axes>) -> Var<'g> {
        Norm::of(self, axes.into())
    }
}

pub(super) fn examples() -> Vec<Example> {
    reduction("norm", 0.2..2.0, |x, axes| x.norm_over(axes))
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn the_norm_of_zero_has_derivative_zero() {
        let g = Graph::new();
        let x = g.constant(array![[0.0, 0.0], [3.0, 4.0]]);
        let dx = x.norm_over(1).sum().grad(x).eval().unwrap();
        approx::assert_relative_eq!(dx, array![[0.0, 0.0], [0.6, 0.8]].into_dyn());
    }

    #[test]
    fn every_derivative_at_zero_is_zero_and_those_near_it_are_exact() {
        let g = Graph::new();
        for scale in [0.0_f64, 1e-300, 1e-150, 1.0] {
            let x = g.constant(array![[3.0 * scale, 4.0 * scale]]);
            let first = x.norm_over(1).sum().grad(x);
            let second = first.slice_axis(1, 0..1).sum().grad(x);
            let third = second.slice_axis(1, 1..2).sum().grad(x);
            // Of x/‖x‖: (I − u·uᵀ)/‖x‖, with u = (0.6, 0.8).
            let inverse = if scale == 0.0 { 0.0 } else { (5.0 * scale).recip() };
            let unit = if scale == 0.0 { array![[0.0, 0.0]] } else { array![[0.6, 0.8]] };
            approx::assert_relative_eq!(first.eval().unwrap(), unit.into_dyn());
            let row = array![[0.64 * inverse, -0.48 * inverse]].into_dyn();
            approx::assert_relative_eq!(second.eval().unwrap(), row, max_relative = 1e-14);
            if scale == 0.0 {
                assert_eq!(third.eval().unwrap(), array![[0.0, 0.0]].into_dyn());
            }
        }
    }

    #[test]
    fn the_derivative_of_the_least_numbers_is_finite() {
        let g = Graph::new();
        let x = g.constant(array![f64::from_bits(1), 0.0]);
        assert_eq!(x.norm().grad(x).eval().unwrap(), array![1.0, 0.0].into_dyn());
    }

    #[test]
    fn squares_do_not_overflow() {
        let g = Graph::new();
        for scale in [1e200, 1e-200] {
            let norm = g.constant(array![3.0 * scale, 4.0 * scale]).norm();
            approx::assert_relative_eq!(norm.eval().unwrap()[[]], 5.0 * scale);
        }
    }
}
