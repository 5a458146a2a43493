//! The logarithm of a sum of exponentials.

use super::{Along, Reduction, accurate_sum};
use crate::ops::registry::{Example, reduction};
use crate::{Axes, Scalar, Var};

/// ln Σ eˣ, as m + ln Σ e^(x−m) with m the largest, so that no exponential overflows. Cotangent:
/// v·e^(x−y), the softmax; 0 where every x is −∞, as the function is constant there. An infinite x has NaN, beside which
/// the others have 0; a NaN leaves no number in any.
///
/// Recorded by [`Var::logsumexp`](crate::Var::logsumexp).
#[derive(Clone, Debug, PartialEq)]
pub struct LogSumExp;

impl Reduction for LogSumExp {
    const NAME: &'static str = "logsumexp";
    fn eval<T: Scalar>(&self, lane: &[T]) -> T {
        let largest = lane.iter().copied().fold(T::neg_infinity(), T::max);
        let shift = if largest.is_finite() { largest } else { T::zero() };
        shift + accurate_sum(lane.iter().map(|&x| (x - shift).exp())).ln()
    }
    fn vjp<'g>(&self, along: &Along<'g>, y: Var<'g>, v: Var<'g>) -> Var<'g> {
        let shift = y.eq(f64::NEG_INFINITY).select(0.0, y);
        v.mul_no_nan((along.x - shift).exp())
    }
    fn expand<'g>(&self, along: &Along<'g>) -> Option<Var<'g>> {
        if along.count == 0 {
            return None;
        }
        let shift = finite(along.x.max_over(along.axes.clone()));
        Some(shift + (along.x - shift).exp().sum_over(along.axes.clone()).ln())
    }
}

/// The number where it is finite, else 0: what may be subtracted from infinities.
fn finite(y: Var<'_>) -> Var<'_> {
    y.abs().lt(f64::INFINITY).select(y, 0.0)
}

impl LogSumExp {
    /// Records it; not generic, and so compiled here.
    #[track_caller]
    fn of(x: Var<'_>, axes: Axes) -> Var<'_> {
        x.fold(LogSumExp, axes)
    }
}

impl<'g> Var<'g> {
    /// ln Σ eˣ over all elements.
    ///
    /// Any shape in, a scalar out.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![800.0, -800.0]);
    /// assert_eq!(x.logsumexp().eval()?[[]], 800.0);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn logsumexp(self) -> Var<'g> {
        self.fold(LogSumExp, ..)
    }

    /// ln Σ eˣ along some axes; neither overflows nor underflows.
    ///
    /// The axes are dropped from the shape, or stay with extent 1 under [`keep`](crate::keep).
    ///
    /// # Panics
    /// If the elements are not real, or an axis does not exist or is named twice.
    #[track_caller]
    pub fn logsumexp_over(self, axes: impl Into<Axes>) -> Var<'g> {
        LogSumExp::of(self, axes.into())
    }
}

pub(super) fn examples() -> Vec<Example> {
    reduction("logsumexp", -2.0..2.0, |x, axes| x.logsumexp_over(axes))
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn large_numbers_do_not_overflow() {
        let g = Graph::new();
        let x = g.constant(array![1e4, 1e4 - 1.0, -1e4]);
        let y = x.logsumexp();
        let expected = 1e4 + (1.0 + (-1f64).exp()).ln();
        approx::assert_relative_eq!(y.eval().unwrap()[[]], expected, max_relative = 1e-15);
        let weight = 1.0 / (1.0 + (-1f64).exp());
        let dx = y.grad(x).eval().unwrap();
        approx::assert_relative_eq!(dx[0], weight, max_relative = 1e-11);
        assert_eq!(dx[2], 0.0);
    }

    #[test]
    fn infinities_are_counted_right() {
        let g = Graph::new();
        let inf = f64::INFINITY;
        let x = g.constant(array![[-inf, 0.0], [-inf, -inf], [inf, 0.0]]);
        let y = x.logsumexp_over(1).eval().unwrap();
        assert_eq!(y, array![0.0, -inf, inf].into_dyn());
        let row = g.constant(array![-inf, 0.0]);
        assert_eq!(row.logsumexp().grad(row).eval().unwrap(), array![0.0, 1.0].into_dyn());
    }

    #[test]
    fn beside_an_infinite_number_the_others_have_no_share() {
        let g = Graph::new();
        let row = g.constant(array![f64::INFINITY, 3.0]);
        let share = row.logsumexp().grad(row).eval().unwrap();
        assert!(share[0].is_nan() && share[1] == 0.0, "{share}");
    }

    #[test]
    fn the_gradient_of_a_nan_is_no_number() {
        let g = Graph::new();
        let row = g.constant(array![f64::NAN, 3.0]);
        assert!(row.logsumexp().grad(row).eval().unwrap().iter().all(|x| x.is_nan()));
    }
}
