//! Indices as rows with a single 1.

use super::super::registry::{Example, Sample};
use super::check;
use crate::error::{exactly, expect_kind};
use crate::{Args, Cotangents, IndexWords, Kind, Operation, Out, RunResult, Scalar, Type, Var};

/// 1 at each index along a new last axis, else 0. No derivative.
///
/// Recorded by [`Var::one_hot`](crate::Var::one_hot).
#[derive(Clone, Debug, PartialEq)]
pub struct OneHot {
    /// The extent of the new axis.
    pub classes: usize,
}

impl Operation for OneHot {
    fn name(&self) -> &'static str {
        "one_hot"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [index] = exactly(inputs)?;
        expect_kind("the argument", index.kind, Kind::Index)?;
        Ok(Type::real(index.shape.inserted(index.shape.rank(), self.classes)))
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let index = args.index(0);
        let out = out.real();
        out.fill(T::zero());
        for (mut row, (place, &i)) in out.rows_mut().into_iter().zip(index.indexed_iter()) {
            row[check(i, self.classes, || ndarray::Dimension::slice(&place).to_vec())?] = T::one();
        }
        Ok(())
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        Some(super::is_at::one_hot(self.classes, inputs[0]))
    }
}

impl<'g> Var<'g> {
    /// 1 at each index along a new last axis of extent `classes`, else 0.
    ///
    /// Indices of shape `[n]` give reals of shape `[n, classes]`.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let labels = g.constant(array![2, 0]);
    /// let expected = array![[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]];
    /// assert_eq!(labels.one_hot(3).eval()?, expected.into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If these are not indices. An index out of range is an error of the run.
    #[track_caller]
    pub fn one_hot(self, classes: usize) -> Var<'g> {
        let words = IndexWords { one: "index", many: "classes" };
        self.graph().apply(OneHot { classes }, &[self.within(classes, "one_hot", words)])
    }
}

pub(super) fn examples() -> Vec<Example> {
    let samples = [Sample::real([3, 4], -2.0..2.0), Sample::index([3], 4)];
    let pairs = [Sample::real([2, 3], -2.0..2.0), Sample::index([2, 3], 5)];
    vec![
        Example::new("one_hot", samples, |_, x| x[1].one_hot(4) * x[0].square()),
        Example::new("one_hot", pairs, |_, x| {
            (x[1].one_hot(5) * x[0].square().unsqueeze(-1)).sum_over(0)
        }),
    ]
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn a_row_has_a_single_one() {
        let g = Graph::new();
        let rows = g.constant(array![2_i64, 0]).one_hot(3).eval().unwrap();
        assert_eq!(rows, array![[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]].into_dyn());
    }
}
