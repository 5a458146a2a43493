//! What the derivative of eigenvectors and singular vectors divides by.

use smallvec::smallvec;

use super::super::matrix::{matrices, of_matrices};
use super::super::registry::Example;
use super::dense::{Matrix, each_matrix, of_finite};
use crate::error::exactly;
use crate::{
    Args, Batch, Cotangents, Defect, Operation, Out, RunResult, Scalar, Shape, Type, Var, keep,
};

/// What the values are of whose [`Gaps`] are asked for.
///
/// Named by [`Gaps`], in gradients of [`Var::eigh`](crate::Var::eigh) and [`Var::svd`](crate::Var::svd).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spectrum {
    /// Eigenvalues.
    Eigenvalues,
    /// Singular values.
    SingularValues,
    /// Singular values of a matrix that is not square, and after them a 0 for the space that it leaves out.
    SingularValuesAndZero,
}

/// The matrix F of 1/(λⱼ − λᵢ), and 0 on its diagonal, of each row λ: shape `[…, 1, n]` in, `[…, n, n]` out.
///
/// An error of the run if two are so close that a derivative would have no more than a digit: |λⱼ − λᵢ| at most
/// 10·(ε + n·2⁻⁵²)·max |λ|, with ε the precision of the run.
///
/// Cotangent, with P = V∘F∘F: of λₖ, Σⱼ Pₖⱼ − Σᵢ Pᵢₖ.
///
/// Recorded by the gradients of [`Var::eigh`](crate::Var::eigh) and [`Var::svd`](crate::Var::svd).
#[derive(Clone, Debug, PartialEq)]
pub struct Gaps {
    /// What they are the gaps of.
    pub of: Spectrum,
}

impl Gaps {
    fn between(&self, values: &[f64], precision: f64) -> Result<Matrix, Defect> {
        let (count, largest) = (values.len(), values.iter().fold(0.0_f64, |a, x| a.max(x.abs())));
        let least = 10.0 * (precision + count as f64 * f64::EPSILON) * largest;
        let mut gaps = Matrix::zeros(count, count);
        for (i, j) in (0..count).flat_map(|j| (0..j).map(move |i| (i, j))) {
            let gap = values[j] - values[i];
            if gap.abs() <= least {
                return Err(self.defect([i, j], values));
            }
            gaps[(i, j)] = gap.recip();
            gaps[(j, i)] = -gap.recip();
        }
        Ok(gaps)
    }

    fn defect(&self, numbers: [usize; 2], values: &[f64]) -> Defect {
        let of = match self.of {
            Spectrum::Eigenvalues => "eigenvalue",
            Spectrum::SingularValuesAndZero if numbers[1] + 1 == values.len() => {
                return Defect::Deficient { number: numbers[0], value: values[numbers[0]] };
            }
            _ => "singular value",
        };
        Defect::Repeated { of, numbers, values: numbers.map(|number| values[number]) }
    }
}

impl Operation for Gaps {
    fn name(&self) -> &'static str {
        match self.of {
            Spectrum::Eigenvalues => "eigenvectors' derivative",
            _ => "singular vectors' derivative",
        }
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [values] = exactly(inputs)?;
        let (batch, rows, count) = matrices("the values", values)?;
        if rows != 1 {
            return Err(format!("the values must be one row, and have {rows}"));
        }
        Ok(Type::real(batch.iter().copied().chain([count, count]).collect::<Shape>()))
    }
    fn vjp<'g>(&self, _: &[Var<'g>], f: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let p = v * f.square();
        smallvec![Some(p.t().sum_over(keep(-2)) - p.sum_over(keep(-2)))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let precision = T::MACHINE_EPSILON.to_f64();
        each_matrix(args, out, |[row]| {
            let count = row.ncols();
            of_finite(row, (count, count), |row| self.between(row.as_slice(), precision))
        })
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |shape: &[usize], of: Spectrum| {
        of_matrices("gaps", shape, move |x| {
            let apart = 3.0 * x.graph().arange(x.shape()[x.rank() - 1]).to_real();
            x.graph().apply(Gaps { of }, &[x + apart])
        })
    };
    vec![
        of(&[1, 4], Spectrum::Eigenvalues),
        of(&[2, 1, 2], Spectrum::SingularValues),
        of(&[1, 1], Spectrum::SingularValuesAndZero),
    ]
}
