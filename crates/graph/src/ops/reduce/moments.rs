//! Mean, variance and standard deviation.

use super::{Along, Reduction, accurate_sum};
use crate::ops::registry::{Example, reduction};
use crate::{Axes, Scalar, Var};

/// Σx / n. Cotangent: v/n, repeated.
///
/// Recorded by [`Var::mean_over`](crate::Var::mean_over).
#[derive(Clone, Debug, PartialEq)]
pub struct Mean;

impl Reduction for Mean {
    const NAME: &'static str = "mean";
    fn check(&self, count: usize) -> Result<(), String> {
        match count {
            0 => Err("the mean of no numbers does not exist".to_owned()),
            _ => Ok(()),
        }
    }
    fn eval<T: Scalar>(&self, lane: &[T]) -> T {
        accurate_sum(lane.iter().copied()) / T::from_f64(lane.len() as f64)
    }
    fn vjp<'g>(&self, along: &Along<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        (v * (1.0 / along.count as f64)).broadcast_to(along.x.shape())
    }
    fn expand<'g>(&self, along: &Along<'g>) -> Option<Var<'g>> {
        Some(along.x.sum_over(along.axes.clone()) * (1.0 / along.count as f64))
    }
}

/// Σ(x − x̄)² / (n − ddof), in two passes: the mean first, so that nearly constant numbers do not
/// cancel as in E\[x²\] − E\[x\]². Cotangent: 2·v·(x − x̄)/(n − ddof); what flows through x̄
/// vanishes, as the deviations sum to 0.
///
/// Recorded by [`Var::variance_over`](crate::Var::variance_over).
#[derive(Clone, Debug, PartialEq)]
pub struct Variance {
    /// Delta degrees of freedom: 0 for the biased (population) variance, 1 for the unbiased.
    pub ddof: usize,
}

impl Variance {
    fn divisor(&self, count: usize) -> f64 {
        (count - self.ddof) as f64
    }
}

impl Reduction for Variance {
    const NAME: &'static str = "variance";
    fn check(&self, count: usize) -> Result<(), String> {
        if count > self.ddof {
            Ok(())
        } else {
            Err(format!(
                "with ddof {} it takes more than {} numbers, and was given {count}",
                self.ddof, self.ddof
            ))
        }
    }
    fn eval<T: Scalar>(&self, lane: &[T]) -> T {
        let mean = Mean.eval(lane);
        let squares = lane.iter().map(|&x| (x - mean) * (x - mean));
        accurate_sum(squares) / T::from_f64(self.divisor(lane.len()))
    }
    fn vjp<'g>(&self, along: &Along<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        let deviations = along.x - along.x.mean_over(along.axes.clone());
        // A deviation of exactly 0 stays 0 under the infinite cotangent that √ answers at 0.
        deviations.mul_no_nan(v * (2.0 / self.divisor(along.count)))
    }
    fn expand<'g>(&self, along: &Along<'g>) -> Option<Var<'g>> {
        let deviations = along.x - along.x.mean_over(along.axes.clone());
        let squares = deviations.square().sum_over(along.axes.clone());
        Some(squares * (1.0 / self.divisor(along.count)))
    }
}

impl Mean {
    /// Records it; not generic, and so compiled here.
    #[track_caller]
    fn of(x: Var<'_>, axes: Axes) -> Var<'_> {
        x.fold(Mean, axes)
    }
}

impl Variance {
    /// Records it; not generic, and so compiled here.
    #[track_caller]
    fn of(self, x: Var<'_>, axes: Axes) -> Var<'_> {
        x.fold(self, axes)
    }
}

impl<'g> Var<'g> {
    /// The mean of all elements.
    ///
    /// Any shape in, a scalar out.
    /// Of no elements it is an error of the run ([`Graph::refused`](crate::Graph::refused)).
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn mean(self) -> Var<'g> {
        self.fold(Mean, ..)
    }

    /// The mean along some axes.
    ///
    /// The axes are dropped from the shape, or stay with extent 1 under [`keep`](crate::keep).
    /// Of no elements it is an error of the run ([`Graph::refused`](crate::Graph::refused)).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 2.0], [3.0, 6.0]]);
    /// assert_eq!(x.mean_over(0).eval()?, array![2.0, 4.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, or an axis does not exist or is named twice.
    #[track_caller]
    pub fn mean_over(self, axes: impl Into<Axes>) -> Var<'g> {
        Mean::of(self, axes.into())
    }

    /// The variance along some axes, divided by n − `ddof`: 0 for the biased, 1 for the unbiased.
    ///
    /// The axes are dropped from the shape, or stay with extent 1 under [`keep`](crate::keep).
    /// Of no more than `ddof` elements it is an error of the run
    /// ([`Graph::refused`](crate::Graph::refused)).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, 2.0, 3.0]);
    /// assert_eq!(x.variance_over(0, 1).eval()?[[]], 1.0);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, or an axis does not exist or is named twice.
    #[track_caller]
    pub fn variance_over(self, axes: impl Into<Axes>, ddof: usize) -> Var<'g> {
        Variance { ddof }.of(self, axes.into())
    }

    /// The standard deviation along some axes: the root of [`variance_over`](Var::variance_over).
    /// Its derivatives are taken as 0 where all numbers are equal (PyTorch's convention).
    ///
    /// Shapes and refusals are those of [`variance_over`](Var::variance_over).
    ///
    /// # Panics
    /// If the elements are not real, or an axis does not exist or is named twice.
    #[track_caller]
    pub fn std_over(self, axes: impl Into<Axes>, ddof: usize) -> Var<'g> {
        deviation(self.variance_over(axes, ddof))
    }
}

/// The root, through which nothing flows where it is 0: of a root alone, the second derivative would be infinite.
#[track_caller]
fn deviation(variance: Var<'_>) -> Var<'_> {
    let some = variance.ne(0.0);
    some.select(some.select(variance, 1.0).sqrt(), 0.0)
}

pub(super) fn examples() -> Vec<Example> {
    [
        reduction("mean", -2.0..2.0, |x, axes| x.square().mean_over(axes)),
        reduction("variance", -2.0..2.0, |x, axes| x.variance_over(axes, 0)),
        reduction("std", -2.0..2.0, |x, axes| (x + 0.1 * x.square()).std_over(axes, 1)),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn nearly_constant_columns_do_not_cancel() {
        let g = Graph::new();
        let x = g.constant(array![1e8 - 1e-3, 1e8, 1e8 + 1e-3]);
        let step = (1e8 + 1e-3) - 1e8; // what of the step survives rounding at 1e8
        let variance = x.variance_over(0, 0).eval().unwrap()[[]];
        approx::assert_relative_eq!(variance, 2.0 / 3.0 * step * step, max_relative = 1e-9);
    }

    #[test]
    fn the_deviation_of_equal_numbers_has_derivative_zero() {
        let g = Graph::new();
        let x = g.constant(array![5.0, 5.0, 5.0]);
        let dx = x.std_over(0, 0).grad(x);
        assert_eq!(dx.eval().unwrap(), array![0.0, 0.0, 0.0].into_dyn());
        let second = (dx * g.constant(array![1.0, 2.0, 3.0])).sum().grad(x);
        assert_eq!(second.eval().unwrap(), array![0.0, 0.0, 0.0].into_dyn());
    }

    #[test]
    fn the_unbiased_variance_of_one_number_does_not_exist() {
        let refused = Graph::new().constant(array![5.0]).variance_over(0, 1).eval().unwrap_err();
        let rule = "variance: with ddof 1 it takes more than 1 numbers, and was given 1";
        assert!(refused.to_string().starts_with(rule), "{refused}");
    }
}
