//! Pseudo-inverse matrices.

use smallvec::smallvec;

use super::super::matrix::{matrices, of_matrices};
use super::super::registry::Example;
use super::dense::{Matrix, each_matrix, of_finite};
use super::{apart, singular};
use crate::error::exactly;
use crate::{
    Args, Batch, Cotangents, Defect, Operation, Out, RunResult, Scalar, Shape, Type, Var, misfit,
};

/// The pseudo-inverse P of A (Moore and Penrose): V·diag(1/s)·Uᵀ of the singular values that count, by A = U·diag(s)·Vᵀ.
///
/// Cotangent, where the rank does not change: −Pᵀ·V̄·Pᵀ + (I − A·P)·V̄ᵀ·P·Pᵀ + Pᵀ·P·V̄ᵀ·(I − P·A) (Golub and Pereyra 1973,
/// equation 4.12).
///
/// Recorded by [`Var::pinv`](crate::Var::pinv).
#[derive(Clone, Debug, PartialEq)]
pub struct Pinv {
    /// The share of the largest singular value up to which others count as 0; by default the larger extent times the precision
    /// of the run.
    pub rtol: Option<f64>,
}

impl Pinv {
    fn of(&self, a: &Matrix, precision: f64) -> Result<Matrix, Defect> {
        let share = self.rtol.unwrap_or(a.nrows().max(a.ncols()) as f64 * precision);
        let (u, s, mut v) = singular::decomposed(a)?;
        let least = share * s[(0, 0)];
        for (mut column, &value) in v.column_iter_mut().zip(&s) {
            // Of 1/s, which overflows for the least of numbers, all that matters is what it is multiplied by.
            let factor = if value > least { value.recip() } else { 0.0 };
            column.scale_mut(factor);
        }
        Ok(v * u.transpose())
    }
}

impl Operation for Pinv {
    fn name(&self) -> &'static str {
        "pinv"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [a] = exactly(inputs)?;
        let (batch, rows, columns) = matrices("the matrix", a)?;
        Ok(Type::real(batch.iter().copied().chain([columns, rows]).collect::<Shape>()))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], p: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (a, pt, vt) = (inputs[0], p.t(), v.t());
        let of_inverse = pt.matmul(v).matmul(pt);
        let right = vt.matmul(p).matmul(pt);
        let left = pt.matmul(p).matmul(vt);
        let of_left_out = right - a.matmul(p.matmul(right)) + left - left.matmul(p).matmul(a);
        smallvec![Some(of_left_out - of_inverse)]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let precision = T::MACHINE_EPSILON.to_f64();
        each_matrix(args, out, |[a]| {
            let (rows, columns) = a.shape();
            of_finite(a, (columns, rows), |a| self.of(&a, precision))
        })
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

impl<'g> Var<'g> {
    /// The pseudo-inverse `[n, m]` of each matrix `[m, n]` over the last two axes: the inverse of what it does between the
    /// spaces on which it does something (Moore and Penrose; PyTorch's `linalg.pinv`).
    ///
    /// Singular values count as 0 up to the largest times max(m, n)·ε, with ε the precision of the run, as in PyTorch;
    /// [`pinv_with`](Var::pinv_with) takes another share. The derivative is that along matrices of the same rank; where the
    /// rank changes, the pseudo-inverse jumps.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let a = g.constant(array![[2.0, 0.0], [0.0, 0.0], [0.0, 0.0]]);
    /// assert_eq!(a.pinv().eval()?, array![[0.5, 0.0, 0.0], [0.0, 0.0, 0.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If there are fewer than two axes, or the elements are not real.
    #[track_caller]
    pub fn pinv(self) -> Var<'g> {
        self.graph().apply(Pinv { rtol: None }, &[self])
    }

    /// The [`pinv`](Var::pinv) for which singular values up to this share of the largest count as 0 (PyTorch's `rtol`,
    /// formerly `rcond`).
    ///
    /// # Panics
    /// If there are fewer than two axes, the elements are not real, or the share is negative or NaN.
    #[track_caller]
    pub fn pinv_with(self, rtol: f64) -> Var<'g> {
        if rtol.is_nan() || rtol < 0.0 {
            misfit("pinv", format!("the share must be at least 0, and is {rtol}"), &[self]);
        }
        self.graph().apply(Pinv { rtol: Some(rtol) }, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |shape: &[usize]| of_matrices("pinv", shape, |x| apart(x).pinv());
    vec![
        of(&[3, 3]),
        of(&[4, 2]),
        of(&[2, 3]),
        of(&[2, 2, 2]),
        of(&[1, 1]),
        of(&[3, 0]),
        // Of rank 2 wherever it moves.
        of_matrices("pinv", [3, 2], |x| apart(x).matmul(apart(x).t()).pinv_with(1e-6)),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::dense::assert_near;
    use super::super::trials::trials;
    use super::*;
    use crate::Graph;

    #[test]
    fn penrose_s_equations_hold() {
        for (name, a) in trials() {
            let p = Pinv { rtol: Some(1e-9) }.of(&a, f64::EPSILON).unwrap();
            let (left, right) = (&a * &p, &p * &a);
            let tolerance = 1e9 * left.norm().max(1.0);
            assert_near(name, &left, &left.transpose(), tolerance);
            assert_near(name, &right, &right.transpose(), tolerance);
            assert_near(name, &(&left * &left), &left, tolerance);
        }
    }

    #[test]
    fn what_counts_as_0_is_what_is_said() {
        let g = Graph::new();
        let a = g.constant(ndarray::array![[1.0, 0.0], [0.0, 1e-10]]);
        assert_eq!(a.pinv().eval().unwrap()[[1, 1]], 1e-10_f64.recip());
        assert_eq!(a.pinv_with(1e-9).eval().unwrap()[[1, 1]], 0.0);
    }

    #[test]
    #[should_panic(expected = "the share must be at least 0, and is NaN")]
    fn the_share_is_a_number() {
        Graph::new().full([2, 2], 1.0).pinv_with(f64::NAN);
    }
}
