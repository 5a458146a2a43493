//! Eigenvalues and eigenvectors of symmetric matrices.

use nalgebra::SymmetricEigen;
use smallvec::smallvec;

use super::super::matrix::of_matrices;
use super::super::registry::{Example, Sample};
use super::dense::{Matrix, each_matrix, most_sweeps, of_finite, orientation, stacked};
use super::{Gaps, Spectrum, above_and_below, apart, square};
use crate::error::exactly;
use crate::sorted::sort_by;
use crate::transform::CustomVjp;
use crate::{Args, Batch, Cotangents, Defect, Operation, Out, RunResult, Scalar, Shape, Type, Var};

/// The eigenvectors V of the symmetric part of A, in columns, and in a row below them the eigenvalues λ, ascending:
/// V·diag(λ)·Vᵀ = (A + Aᵀ)/2.
///
/// Cotangent: V·(diag(λ̄) + F∘(Vᵀ·V̄ − V̄ᵀ·V)/2)·Vᵀ with Fᵢⱼ = 1/(λⱼ − λᵢ) ([`Gaps`]; Giles 2008, section 3.1). It is
/// symmetric: only the symmetric part of A matters.
///
/// Recorded by [`Var::eigh`](crate::Var::eigh).
#[derive(Clone, Debug, PartialEq)]
pub struct Eigh;

impl Operation for Eigh {
    fn name(&self) -> &'static str {
        "eigh"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [a] = exactly(inputs)?;
        let (batch, rows) = square("the matrix", a)?;
        Ok(Type::real(batch.iter().copied().chain([rows + 1, rows]).collect::<Shape>()))
    }
    fn vjp<'g>(&self, _: &[Var<'g>], output: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (vectors, values) = above_and_below(output, 1);
        let (of_vectors, of_values) = above_and_below(v, 1);
        let gaps = v.graph().apply(Gaps { of: Spectrum::Eigenvalues }, &[values]);
        let turned = vectors.t().matmul(of_vectors);
        let inner = of_values.squeeze(-2).diag() + 0.5 * gaps * (turned - turned.t());
        smallvec![Some(vectors.matmul(inner).matmul(vectors.t()))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        each_matrix(args, out, |[a]| {
            let rows = a.nrows();
            of_finite(a, (rows + 1, rows), |a| factor(&a))
        })
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

fn factor(a: &Matrix) -> Result<Matrix, Defect> {
    let symmetric = 0.5 * a + 0.5 * a.transpose();
    let sweeps = most_sweeps(a.nrows());
    let eigen = SymmetricEigen::try_new(symmetric, f64::EPSILON, sweeps)
        .ok_or(Defect::NotConverged { sweeps })?;
    let mut order: Vec<usize> = (0..a.nrows()).collect();
    sort_by(&mut order, &|i, j| eigen.eigenvalues[i].total_cmp(&eigen.eigenvalues[j]));
    let mut vectors = eigen.eigenvectors.select_columns(&order);
    for column in 0..order.len() {
        let sign = orientation(&vectors, column);
        vectors.column_mut(column).scale_mut(sign);
    }
    let values = Matrix::from_fn(1, order.len(), |_, i| eigen.eigenvalues[order[i]]);
    Ok(stacked(&[&vectors, &values]))
}

impl<'g> Var<'g> {
    /// The eigenvalues λ of each symmetric matrix A over the last two axes, ascending, and the eigenvectors V, orthonormal and
    /// in columns: A = V·diag(λ)·Vᵀ (PyTorch's and JAX's `linalg.eigh`).
    ///
    /// Of a matrix that is not symmetric, the symmetric part (A + Aᵀ)/2 is meant; the gradient is symmetric. The sign of an
    /// eigenvector is such that the first of its elements that is at least half as large as the largest is positive.
    ///
    /// Where eigenvalues are equal:
    /// - Functions of the eigenvalues that treat them alike, such as their sum or the largest, are differentiated as elsewhere
    ///   (equal largest ones share the cotangent).
    /// - Eigenvectors have no derivative, as any basis of their space is one, and neither have second derivatives of
    ///   eigenvalues this form: a run of them errs with [`RunError::Matrix`](crate::RunError::Matrix), which names the two
    ///   eigenvalues. They count as equal if they differ by less than some ten times the rounding error of the largest.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let a = g.constant(array![[2.0, 0.0], [0.0, -1.0]]);
    /// let (values, vectors) = a.eigh();
    /// assert_eq!(values.eval()?, array![-1.0, 2.0].into_dyn());
    /// assert_eq!(vectors.eval()?, array![[0.0, 1.0], [1.0, 0.0]].into_dyn());
    /// // The largest eigenvalue moves with its vector's own direction.
    /// let gradient = values.index_axis(0, -1).grad(a);
    /// assert_eq!(gradient.eval()?, array![[1.0, 0.0], [0.0, 0.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the matrices are not square.
    #[track_caller]
    pub fn eigh(self) -> (Var<'g>, Var<'g>) {
        let (vectors, values) = above_and_below(self.graph().apply(Eigh, &[self]), 1);
        // By a rule of its own, which divides by no gaps: V·diag(v)·Vᵀ.
        let rule = CustomVjp::new("eigvalsh", |inputs, _, v| {
            let vectors = inputs[1];
            smallvec![Some((vectors * v.unsqueeze(-2)).matmul(vectors.t())), None]
        });
        (rule.around(values.squeeze(-2), &[self, vectors]), vectors)
    }

    /// The eigenvalues of each symmetric matrix over the last two axes, ascending: those of [`eigh`](Var::eigh), which has
    /// more of their derivatives.
    ///
    /// The vectors are computed with them, once for both value and gradient.
    ///
    /// # Panics
    /// If the matrices are not square.
    #[track_caller]
    pub fn eigvalsh(self) -> Var<'g> {
        self.eigh().0
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |shape: &[usize]| {
        of_matrices("eigh", shape, |x| {
            let (values, vectors) = apart(x).eigh();
            (vectors * values.unsqueeze(-2).sin()).matmul(vectors.square())
        })
    };
    let values = [Sample::real([3, 3], -1.0..1.0)];
    vec![
        of(&[3, 3]),
        of(&[2, 2, 2]),
        of(&[1, 1]),
        of_matrices("eigh", [0, 0], |x| x.eigh().1 + x),
        of_matrices("eigh", [3, 3], |x| apart(x).eigvalsh().square()),
        Example::new("eigh", values, |_, x| apart(x[0]).eigh().1),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::dense::assert_near;
    use super::super::trials::trials;
    use super::*;
    use crate::{Graph, RunError};
    use ndarray::array;

    #[test]
    fn the_factors_multiply_to_the_matrix_whatever_its_spectrum() {
        for (name, a) in trials().into_iter().filter(|(_, a)| a.is_square()) {
            let rows = a.nrows();
            let a = 0.5 * &a + 0.5 * a.transpose();
            let scale = a.amax().max(f64::MIN_POSITIVE);
            let both = factor(&a).unwrap();
            let (vectors, values) = (both.rows(0, rows).into_owned(), both.row(rows) / scale);
            let product =
                &vectors * Matrix::from_diagonal(&values.transpose()) * vectors.transpose();
            let a = a / scale;
            assert_near(name, &product, &a, a.norm());
            assert_near(
                name,
                &(vectors.transpose() * &vectors),
                &Matrix::identity(rows, rows),
                1.0,
            );
            assert!(values.as_slice().is_sorted(), "{name}: {values}");
        }
    }

    /// 2, 2 and 5, far from the axes.
    fn repeated(g: &Graph) -> Var<'_> {
        let ones = g.full([3, 3], 1.0);
        ones + g.full([3], 2.0).diag()
    }

    #[test]
    fn functions_that_treat_equal_eigenvalues_alike_have_a_derivative() {
        let g = Graph::new();
        let a = repeated(&g);
        // tr A², whose gradient is 2·A.
        let gradient = a.eigvalsh().square().sum().grad(a).eval().unwrap();
        approx::assert_relative_eq!(gradient, (2.0 * a).eval().unwrap(), epsilon = 1e-13);
        // The largest is alone, and moves with its vector's own direction.
        let largest = a.eigvalsh().max().grad(a).eval().unwrap();
        approx::assert_relative_eq!(
            largest,
            g.full([3, 3], 1.0 / 3.0).eval().unwrap(),
            epsilon = 1e-14
        );
    }

    #[test]
    fn vectors_of_equal_eigenvalues_have_none_and_the_two_are_named() {
        let g = Graph::new();
        let a = repeated(&g);
        let line = line!() + 1;
        let (values, vectors) = a.eigh();
        let second = values.square().sum().grad(a).sum().grad(a);
        for derivative in [vectors.square().sum().grad(a), second] {
            let error = derivative.eval().unwrap_err();
            let RunError::Matrix { defect, location, .. } = &error else { panic!("{error}") };
            assert_eq!(location.line(), line);
            let Defect::Repeated { of, numbers, .. } = defect else { panic!("{error}") };
            assert_eq!((*of, *numbers), ("eigenvalue", [0, 1]));
        }
        let text = vectors.sum().grad(a).eval().unwrap_err().to_string();
        assert!(
            text.starts_with(
                "eigenvectors' derivative: the matrix has equal eigenvalues: number 0 is 2"
            ),
            "{text}"
        );
    }

    #[test]
    fn the_matrix_of_a_batch_is_named() {
        let g = Graph::new();
        let a = g.constant(array![[[1.0, 0.0], [0.0, 2.0]], [[3.0, 0.0], [0.0, 3.0]]]);
        let error = a.eigh().1.square().sum().grad(a).eval().unwrap_err();
        let RunError::Matrix { position, .. } = error else { panic!("{error}") };
        assert_eq!(position, [1]);
    }
}
