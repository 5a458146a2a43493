//! Ranks of matrices.

use super::super::matrix::{matrices, of_matrices};
use super::super::registry::Example;
use super::dense::{Matrix, each_number};
use super::{apart, singular};
use crate::error::exactly;
use crate::{
    Args, Batch, Cotangents, Defect, Operation, Out, RunResult, Scalar, Type, Var, misfit,
};

/// How many singular values are larger than both `atol` and `rtol` times the largest. It is constant almost everywhere, and
/// has derivative 0.
///
/// Recorded by [`Var::matrix_rank`](crate::Var::matrix_rank).
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixRank {
    /// The size up to which singular values count as 0.
    pub atol: f64,
    /// The share of the largest up to which they do; by default the larger extent times the precision of the run.
    pub rtol: Option<f64>,
}

impl MatrixRank {
    /// NaN for a matrix that is not finite, so that a run looks for where that began.
    fn of(&self, a: &Matrix, precision: f64) -> Result<f64, Defect> {
        if a.is_empty() {
            return Ok(0.0);
        }
        if !a.iter().all(|x| x.is_finite()) {
            return Ok(f64::NAN);
        }
        let share = self.rtol.unwrap_or(a.nrows().max(a.ncols()) as f64 * precision);
        let (_, s, _) = singular::decomposed(a)?;
        let least = self.atol.max(share * s[(0, 0)]);
        Ok(s.iter().filter(|&&value| value > least).count() as f64)
    }
}

impl Operation for MatrixRank {
    fn name(&self) -> &'static str {
        "matrix_rank"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [a] = exactly(inputs)?;
        Ok(Type::real(matrices("the matrix", a)?.0))
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let precision = T::MACHINE_EPSILON.to_f64();
        each_number(args, out, |a| self.of(&a, precision))
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

impl<'g> Var<'g> {
    /// The rank of each matrix `[m, n]` over the last two axes, a whole number: how many of its singular values are not 0 but
    /// for rounding, larger than the largest times max(m, n)·ε, with ε the precision of the run (PyTorch's
    /// `linalg.matrix_rank`). It has no derivative but 0.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let a = g.constant(array![[1.0, 2.0], [2.0, 4.0], [0.0, 1e-9]]);
    /// assert_eq!(a.matrix_rank().eval()?[[]], 2.0);
    /// assert_eq!(a.matrix_rank_with(1e-6, 0.0).eval()?[[]], 1.0);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If there are fewer than two axes, or the elements are not real.
    #[track_caller]
    pub fn matrix_rank(self) -> Var<'g> {
        self.graph().apply(MatrixRank { atol: 0.0, rtol: None }, &[self])
    }

    /// The [`matrix_rank`](Var::matrix_rank) for which singular values count as 0 up to `atol`, and up to `rtol` times the
    /// largest (both as in PyTorch).
    ///
    /// # Panics
    /// If there are fewer than two axes, the elements are not real, or a tolerance is negative or NaN.
    #[track_caller]
    pub fn matrix_rank_with(self, atol: f64, rtol: f64) -> Var<'g> {
        if !(atol >= 0.0 && rtol >= 0.0) {
            let rule = format!("the tolerances must be at least 0, and are {atol} and {rtol}");
            misfit("matrix_rank", rule, &[self]);
        }
        self.graph().apply(MatrixRank { atol, rtol: Some(rtol) }, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |shape: &[usize]| {
        of_matrices("matrix_rank", shape, |x| {
            apart(x).matrix_rank() * x.square().sum_over([-2, -1])
        })
    };
    vec![of(&[3, 3]), of(&[4, 2]), of(&[2, 2, 3]), of(&[3, 0])]
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::{Array3, array};

    #[test]
    fn what_is_not_finite_has_no_rank() {
        let g = Graph::new();
        let a = g.constant(array![[1.0, f64::NAN], [0.0, 1.0]]);
        assert!(a.matrix_rank().eval().unwrap()[[]].is_nan());
    }

    #[test]
    fn no_numbers_and_zeros_have_rank_0() {
        let g = Graph::new();
        let ranks = |rows, columns| {
            g.constant(Array3::<f64>::zeros((2, rows, columns))).matrix_rank().eval().unwrap()
        };
        for (rows, columns) in [(3, 0), (0, 2), (3, 2)] {
            assert_eq!(ranks(rows, columns), array![0.0, 0.0].into_dyn());
        }
    }

    #[test]
    #[should_panic(expected = "the tolerances must be at least 0, and are -1 and 0")]
    fn a_tolerance_is_not_negative() {
        Graph::new().full([2, 2], 1.0).matrix_rank_with(-1.0, 0.0);
    }
}
