//! Norms of any order, and distances.

use super::super::registry::{Example, Sample, reduction};
use crate::{Axes, Var, keep, misfit};

/// (Σ|x|^p)^(1/p) for 0 < p < ∞, of numbers divided by the largest, so that powers neither overflow nor underflow. Elements
/// that are 0 count nothing, in derivatives too, where powers of them may be infinite.
fn of_powers<'g>(x: Var<'g>, p: f64, axes: Axes) -> Var<'g> {
    let all = keep(axes.clone());
    // The norm does not depend on what it is scaled by.
    let largest = x.abs().max_over(all.clone()).stop_gradient();
    let scale = largest.gt(0.0).and(largest.lt(f64::INFINITY)).select(largest, 1.0);
    let counts = x.ne(0.0);
    let powers = counts.select(x.abs() / scale, 1.0).powf(p);
    let sum = counts.select(powers, 0.0).sum_over(all);
    let some = sum.ne(0.0);
    let norm = scale * some.select(some.select(sum, 1.0).powf(p.recip()), 0.0);
    if axes.keeps() { norm } else { norm.sum_over(axes) }
}

/// Records the norm; not generic, and so compiled here.
#[track_caller]
fn of_order<'g>(x: Var<'g>, p: f64, axes: Axes) -> Var<'g> {
    if p.is_nan() || (p < 0.0 && p.is_finite()) {
        misfit("vector_norm", format!("the order must be ±∞ or at least 0, and is {p}"), &[x]);
    }
    if p == 0.0 {
        x.ne(0.0).to_real().sum_over(axes)
    } else if p == 1.0 {
        x.abs().sum_over(axes)
    } else if p == 2.0 {
        x.norm_over(axes)
    } else if p == f64::INFINITY {
        x.abs().max_over(axes)
    } else if p == f64::NEG_INFINITY {
        x.abs().min_over(axes)
    } else {
        of_powers(x, p, axes)
    }
}

impl<'g> Var<'g> {
    /// The norm of order p along some axes, (Σ|x|^p)^(1/p); for p = ∞ and −∞ the largest and the smallest magnitude, and for
    /// p = 0 the number of elements other than 0, which has no derivative (PyTorch's `linalg.vector_norm`). For p = 2 it is
    /// [`norm_over`](Var::norm_over).
    ///
    /// Elements that are 0 have derivative 0, also where there is none (p ≤ 1, and all of them 0), and so do derivatives of
    /// that.
    ///
    /// The axes are dropped from the shape, or stay with extent 1 under [`keep`](crate::keep).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[3.0, -4.0], [0.0, 2.0]]);
    /// assert_eq!(x.vector_norm(1.0, 1).eval()?, array![7.0, 2.0].into_dyn());
    /// assert_eq!(x.vector_norm(f64::INFINITY, 1).eval()?, array![4.0, 2.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, an axis does not exist or is named twice, or p is NaN or a negative number.
    #[track_caller]
    pub fn vector_norm(self, p: f64, axes: impl Into<Axes>) -> Var<'g> {
        of_order(self, p, axes.into())
    }

    /// The distances ‖xᵢ − yⱼ‖ of every row of this matrix `[m, d]` and every row of the other `[n, d]`, of order p: shape
    /// `[m, n]`. They work on the last two axes; the axes in front broadcast (PyTorch's `cdist`).
    ///
    /// Of equal points the distance is 0, and has derivatives 0 of every order, as in PyTorch. Differences are taken before
    /// they are squared, so that no digits cancel.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[0.0, 0.0], [3.0, 4.0]]);
    /// assert_eq!(x.cdist(x, 2.0).eval()?, array![[0.0, 5.0], [5.0, 0.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If one has fewer than two axes or elements that are not real, their last extents differ, the axes in front do not
    /// broadcast, or p is NaN or a negative number.
    #[track_caller]
    pub fn cdist(self, other: Var<'g>, p: f64) -> Var<'g> {
        let (x, y) = (self.shape(), other.shape());
        match (&*x, &*y) {
            ([.., _, a], [.., _, b]) if a == b => {}
            ([.., _, a], [.., _, b]) => {
                let rule = format!("the points have {a} and {b} coordinates; they must be as many");
                misfit("cdist", rule, &[self, other])
            }
            _ => misfit("cdist", "both must have at least two axes", &[self, other]),
        }
        (self.unsqueeze(-2) - other.unsqueeze(-3)).vector_norm(p, -1)
    }
}

pub(super) fn examples() -> Vec<Example> {
    let norms = [1.0, 1.5, 3.0, f64::INFINITY]
        .map(|p| reduction("vector_norm", 0.2..2.0, move |x, axes| x.vector_norm(p, axes)));
    let distances = |p: f64, a: &[usize], b: &[usize]| {
        let samples = [Sample::real(a, -1.0..1.0), Sample::real(b, 2.0..3.0)];
        Example::new("cdist", samples, move |_, x| x[0].cdist(x[1], p))
    };
    let of_distances = vec![
        distances(2.0, &[2, 3], &[3, 3]),
        distances(1.0, &[2, 1, 2], &[1, 2]),
        distances(3.0, &[2, 2], &[2, 2, 2]),
    ];
    norms.into_iter().flatten().chain(of_distances).collect()
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    const ORDERS: [f64; 7] = [0.5, 1.0, 1.5, 2.0, 3.0, f64::INFINITY, f64::NEG_INFINITY];

    #[test]
    fn norms_are_those_of_the_definition_and_do_not_overflow() {
        let g = Graph::new();
        let root = |sum: f64, p: f64| sum.powf(p.recip());
        let expected = [
            6.0 + 2.0 * 5_f64.sqrt(),
            6.0,
            root(5_f64.powf(1.5) + 1.0, 1.5),
            26_f64.sqrt(),
            root(126.0, 3.0),
            5.0,
            0.0,
        ];
        for (p, expected) in ORDERS.into_iter().zip(expected) {
            let norm = g.constant(array![5e200, -1e200, 0.0]).vector_norm(p, 0).eval().unwrap();
            approx::assert_relative_eq!(norm[[]], 1e200 * expected, max_relative = 1e-14);
        }
        let nonzero = g.constant(array![5e200, -1e200, 0.0]).vector_norm(0.0, 0);
        assert_eq!(nonzero.eval().unwrap()[[]], 2.0);
    }

    #[test]
    fn zeros_have_derivative_zero_to_second_order() {
        let g = Graph::new();
        for p in ORDERS {
            let x = g.constant(array![[0.0, 0.0], [0.0, 3.0]]);
            let first = x.vector_norm(p, 1).sum().grad(x);
            let expected = if p == f64::NEG_INFINITY { 0.0 } else { 1.0 };
            assert_eq!(
                first.eval().unwrap(),
                array![[0.0, 0.0], [0.0, expected]].into_dyn(),
                "{p}"
            );
            let second = (first * x.exp()).sum().grad(x).eval().unwrap();
            assert!(second.iter().all(|x| x.is_finite()), "{p}: {second}");
        }
    }

    #[test]
    fn distances_of_a_point_from_itself_have_derivative_zero() {
        let g = Graph::new();
        let x = g.constant(array![[1.0, 2.0], [1.0, 2.0], [4.0, 6.0]]);
        for p in [1.0, 1.5, 2.0, f64::INFINITY] {
            let first = x.cdist(x, p).square().sum().grad(x);
            let second = first.square().sum().grad(x).eval().unwrap();
            assert!(second.iter().all(|x| x.is_finite()), "{p}: {second}");
            let to_itself = x.cdist(x, p).diagonal().sum().grad(x).eval().unwrap();
            assert!(to_itself.iter().all(|&x| x == 0.0), "{p}: {to_itself}");
        }
    }

    #[test]
    #[should_panic(expected = "the points have 2 and 3 coordinates; they must be as many")]
    fn points_have_equally_many_coordinates() {
        let g = Graph::new();
        g.full([4, 2], 0.0).cdist(g.full([4, 3], 0.0), 2.0);
    }

    #[test]
    #[should_panic(expected = "the order must be ±∞ or at least 0, and is -2")]
    fn negative_orders_are_none() {
        Graph::new().full([4], 1.0).vector_norm(-2.0, 0);
    }
}
