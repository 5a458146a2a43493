//! Sums.

use super::{Along, Reduction, accurate_sum};
use crate::ops::registry::{Example, reduction};
use crate::{Axes, FoldWord, Scalar, Var};

/// Σ x. Cotangent: v, repeated.
///
/// Recorded by [`Var::sum_over`](crate::Var::sum_over).
#[derive(Clone, Debug, PartialEq)]
pub struct Sum;

impl Reduction for Sum {
    const NAME: &'static str = "sum";
    fn eval<T: Scalar>(&self, lane: &[T]) -> T {
        accurate_sum(lane.iter().copied())
    }
    fn vjp<'g>(&self, along: &Along<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        v.broadcast_to(along.x.shape())
    }
    fn word(&self) -> Option<FoldWord> {
        Some(FoldWord::Sum)
    }
}

impl Sum {
    /// Records it; not generic, and so compiled here.
    #[track_caller]
    fn of(x: Var<'_>, axes: Axes) -> Var<'_> {
        x.fold(Sum, axes)
    }
}

impl<'g> Var<'g> {
    /// The sum of all elements; 0 for none.
    ///
    /// Any shape in, a scalar out.
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn sum(self) -> Var<'g> {
        self.fold(Sum, ..)
    }

    /// The sum along some axes.
    ///
    /// The axes are dropped from the shape, or stay with extent 1 under [`keep`](crate::keep).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.sum_over(0).eval()?, array![4.0, 6.0].into_dyn());
    /// assert_eq!(x.sum_over([0, 1]).shape(), [].into());
    /// assert_eq!(x.sum_over(cotangent::keep(-1)).shape(), [2, 1].into());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, or an axis does not exist or is named twice.
    #[track_caller]
    pub fn sum_over(self, axes: impl Into<Axes>) -> Var<'g> {
        Sum::of(self, axes.into())
    }
}

pub(super) fn examples() -> Vec<Example> {
    reduction("sum", -2.0..2.0, |x, axes| x.square().sum_over(axes))
}

#[cfg(test)]
mod tests {
    use ndarray::arr0;

    use crate::{Evaluator, Graph};

    #[test]
    fn rounding_of_many_like_terms_does_not_add_up() {
        let g = Graph::new();
        let x = g.full([1_000_000], 0.1).sum();
        let sum = Evaluator::<f32>::new(&g).run(&[x]).unwrap().remove(0).into_real();
        let exact = 1_000_000.0 * f64::from(0.1_f32);
        assert_eq!(sum, arr0(exact as f32).into_dyn());
    }
}
