//! The largest and the smallest of many.

use super::{Along, Reduction};
use crate::ops::registry::{Example, reduction};
use crate::{Axes, FoldWord, Scalar, Var};

/// The largest; NaN if any is. Cotangent: v, shared evenly among all that attain it (as JAX and
/// PyTorch's `amax`).
///
/// Recorded by [`Var::max_over`](crate::Var::max_over).
#[derive(Clone, Debug, PartialEq)]
pub struct Max;

/// The smallest; NaN if any is. Cotangent: v, shared evenly among all that attain it.
///
/// Recorded by [`Var::min_over`](crate::Var::min_over).
#[derive(Clone, Debug, PartialEq)]
pub struct Min;

impl Reduction for Max {
    const NAME: &'static str = "max";
    fn check(&self, count: usize) -> Result<(), String> {
        not_empty(count)
    }
    fn eval<T: Scalar>(&self, lane: &[T]) -> T {
        lane.iter()
            .copied()
            .reduce(|a, b| if a > b || a.is_nan() { a } else { b })
            .expect("checked")
    }
    fn vjp<'g>(&self, along: &Along<'g>, y: Var<'g>, v: Var<'g>) -> Var<'g> {
        share(along, y, v)
    }
    fn word(&self) -> Option<FoldWord> {
        Some(FoldWord::Max)
    }
}

impl Reduction for Min {
    const NAME: &'static str = "min";
    fn check(&self, count: usize) -> Result<(), String> {
        not_empty(count)
    }
    fn eval<T: Scalar>(&self, lane: &[T]) -> T {
        lane.iter()
            .copied()
            .reduce(|a, b| if a < b || a.is_nan() { a } else { b })
            .expect("checked")
    }
    fn vjp<'g>(&self, along: &Along<'g>, y: Var<'g>, v: Var<'g>) -> Var<'g> {
        share(along, y, v)
    }
    fn word(&self) -> Option<FoldWord> {
        Some(FoldWord::Min)
    }
}

fn not_empty(count: usize) -> Result<(), String> {
    match count {
        0 => Err("the extremum of no numbers does not exist".to_owned()),
        _ => Ok(()),
    }
}

fn share<'g>(along: &Along<'g>, y: Var<'g>, v: Var<'g>) -> Var<'g> {
    let attained = along.x.eq(y);
    let ties = attained.to_real().sum_over(along.axes.clone());
    attained.select(v / ties, 0.0)
}

impl Max {
    /// Records it; not generic, and so compiled here.
    #[track_caller]
    fn of(x: Var<'_>, axes: Axes) -> Var<'_> {
        x.fold(Max, axes)
    }
}

impl Min {
    /// Records it; not generic, and so compiled here.
    #[track_caller]
    fn of(x: Var<'_>, axes: Axes) -> Var<'_> {
        x.fold(Min, axes)
    }
}

impl<'g> Var<'g> {
    /// The largest of all elements.
    ///
    /// Any shape in, a scalar out.
    /// Of no elements it is an error of the run ([`Graph::refused`](crate::Graph::refused)).
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn max(self) -> Var<'g> {
        self.fold(Max, ..)
    }

    /// The largest along some axes. The cotangent is shared evenly among ties.
    ///
    /// The axes are dropped from the shape, or stay with extent 1 under [`keep`](crate::keep).
    /// Of no elements it is an error of the run ([`Graph::refused`](crate::Graph::refused)).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 3.0], [2.0, 2.0]]);
    /// let y = x.max_over(1);
    /// assert_eq!(y.eval()?, array![3.0, 2.0].into_dyn());
    /// assert_eq!(y.sum().grad(x).eval()?, array![[0.0, 1.0], [0.5, 0.5]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, or an axis does not exist or is named twice.
    #[track_caller]
    pub fn max_over(self, axes: impl Into<Axes>) -> Var<'g> {
        Max::of(self, axes.into())
    }

    /// The smallest of all elements.
    ///
    /// Any shape in, a scalar out.
    /// Of no elements it is an error of the run ([`Graph::refused`](crate::Graph::refused)).
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn min(self) -> Var<'g> {
        self.fold(Min, ..)
    }

    /// The smallest along some axes. The cotangent is shared evenly among ties.
    ///
    /// The axes are dropped from the shape, or stay with extent 1 under [`keep`](crate::keep).
    /// Of no elements it is an error of the run ([`Graph::refused`](crate::Graph::refused)).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 3.0], [2.0, 2.0]]);
    /// assert_eq!(x.min_over(0).eval()?, array![1.0, 2.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, or an axis does not exist or is named twice.
    #[track_caller]
    pub fn min_over(self, axes: impl Into<Axes>) -> Var<'g> {
        Min::of(self, axes.into())
    }
}

pub(super) fn examples() -> Vec<Example> {
    [
        reduction("max", -2.0..2.0, |x, axes| x.max_over(axes).square()),
        reduction("min", -2.0..2.0, |x, axes| x.min_over(axes).square()),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn ties_share_the_cotangent_evenly() {
        let g = Graph::new();
        let x = g.constant(array![[3.0, 1.0, 3.0], [0.0, 0.0, 0.0]]);
        let third = 1.0 / 3.0;
        assert_eq!(
            x.max_over(1).sum().grad(x).eval().unwrap(),
            array![[0.5, 0.0, 0.5], [third, third, third]].into_dyn()
        );
    }
}
