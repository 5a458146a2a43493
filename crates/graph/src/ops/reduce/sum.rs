//! Sums.

use super::{Along, Reduction, accurate_sum};
use crate::ops::registry::{Example, reduction};
use crate::{Axes, FoldWord, Scalar, Var};

/// Σ x. Cotangent: v, repeated.
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

impl<'g> Var<'g> {
    /// The sum of all elements; 0 for none.
    #[track_caller]
    pub fn sum(self) -> Var<'g> {
        self.fold(Sum, ..)
    }

    /// The sum along some axes.
    #[track_caller]
    pub fn sum_over(self, axes: impl Into<Axes>) -> Var<'g> {
        self.fold(Sum, axes)
    }
}

pub(super) fn examples() -> Vec<Example> {
    reduction("sum", -2.0..2.0, |x, axes| x.square().sum_over(axes))
}
