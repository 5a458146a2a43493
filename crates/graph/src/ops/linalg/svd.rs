//! Singular values and singular vectors.

use smallvec::smallvec;

use super::super::matrix::{matrices, of_matrices};
use super::super::registry::Example;
use super::dense::{each_matrix, of_finite, stacked};
use super::{Gaps, Spectrum, above_and_below, apart, singular};
use crate::error::exactly;
use crate::transform::CustomVjp;
use crate::{Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Shape, Type, Var};

/// One above the other, the left singular vectors U `[m, k]`, the right ones V `[n, k]`, both in columns, and in a row the
/// singular values s, descending: A = U·diag(s)·Vᵀ, with k the smaller of m and n.
///
/// Cotangent, with S = diag(s) and Fᵢⱼ = 1/(sⱼ² − sᵢ²):
/// U·((F∘(UᵀŪ − ŪᵀU))·S + S·(F∘(VᵀV̄ − V̄ᵀV)) + diag(s̄))·Vᵀ, and where A is not square, (I − U·Uᵀ)·Ū·S⁻¹·Vᵀ or
/// U·S⁻¹·V̄ᵀ·(I − V·Vᵀ) (Townsend, "Differentiating the singular value decomposition", 2016).
///
/// Recorded by [`Var::svd`](crate::Var::svd).
#[derive(Clone, Debug, PartialEq)]
pub struct Svd;

impl Operation for Svd {
    fn name(&self) -> &'static str {
        "svd"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [a] = exactly(inputs)?;
        let (batch, rows, columns) = matrices("the matrix", a)?;
        let packed = [rows + columns + 1, rows.min(columns)];
        Ok(Type::real(batch.iter().copied().chain(packed).collect::<Shape>()))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], output: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let columns = inputs[0].shape()[inputs[0].rank() - 1];
        smallvec![Some(cotangent(Factors::of(output, columns), Factors::of(v, columns)))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        each_matrix(args, out, |[a]| {
            let (rows, columns) = a.shape();
            of_finite(a, (rows + columns + 1, rows.min(columns)), |a| {
                let (u, s, v) = singular::decomposed(&a)?;
                Ok(stacked(&[&u, &v, &s]))
            })
        })
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

/// The factors of a matrix, or their cotangents.
#[derive(Clone, Copy)]
struct Factors<'g> {
    u: Var<'g>,
    v: Var<'g>,
    /// A row.
    s: Var<'g>,
}

impl<'g> Factors<'g> {
    /// From one above the other, of a matrix with so many columns.
    fn of(all: Var<'g>, columns: usize) -> Self {
        let (vectors, s) = above_and_below(all, 1);
        let (u, v) = above_and_below(vectors, columns);
        Self { u, v, s }
    }
}

/// The cotangent of A, given the factors and their cotangents.
fn cotangent<'g>(factors: Factors<'g>, of: Factors<'g>) -> Var<'g> {
    let Factors { u, v, s } = factors;
    let graph = s.graph();
    let rank = s.rank();
    let (rows, columns, count) = (u.shape()[rank - 2], v.shape()[rank - 2], s.shape()[rank - 1]);
    let (spectrum, values) = match rows == columns {
        true => (Spectrum::SingularValues, s),
        false => {
            let zero = graph.full(s.shape().with(rank - 1, 1), 0.0);
            (Spectrum::SingularValuesAndZero, graph.concat(&[s, zero], -1))
        }
    };
    let gaps = graph.apply(Gaps { of: spectrum }, &[values]);
    let (between, to_zero) =
        above_and_below(gaps.slice_axis(-1, ..count), usize::from(rows != columns));
    // 1/(sⱼ² − sᵢ²); on the diagonal, where a singular value may be 0, it is 0/(2·s + 1).
    let f = between / (s + s.t() + graph.full([count], 1.0).diag());
    let turning = |x: Var<'g>, of_x: Var<'g>| {
        let turned = x.t().matmul(of_x);
        f * (turned - turned.t())
    };
    let inner = turning(u, of.u) * s + s.t() * turning(v, of.v) + of.s.squeeze(-2).diag();
    let within = u.matmul(inner).matmul(v.t());
    // What leaves the space of the vectors; 1/s is the gap to 0.
    let leaving = |x: Var<'g>, of_x: Var<'g>| (of_x - x.matmul(x.t().matmul(of_x))) * to_zero;
    if rows > columns {
        within + leaving(u, of.u).matmul(v.t())
    } else if rows < columns {
        within + u.matmul(leaving(v, of.v).t())
    } else {
        within
    }
}

impl<'g> Var<'g> {
    /// The reduced singular value decomposition A = U·diag(s)·Vᵀ of each matrix `[m, n]` over the last two axes (PyTorch's
    /// `linalg.svd` with `full_matrices=False`): U `[m, k]` with orthonormal columns, the singular values s `[k]`,
    /// descending, and Vᵀ `[k, n]` with orthonormal rows; k is the smaller of m and n.
    ///
    /// The sign of a pair of vectors is such that the first element of the left one that is at least half as large as its
    /// largest is positive. Singular values have a relative error of rounding in the largest of them.
    ///
    /// The derivative of the singular values needs the vectors alone, and exists whether they are equal or not, for functions
    /// that treat equal ones alike; at a singular value of 0, which has none, it is that of the vectors found. Vectors have
    /// derivatives if their singular values differ, and, where A is not square, are not 0; a run of any other errs with
    /// [`RunError::Matrix`](crate::RunError::Matrix), which names the values. So do second derivatives of singular values.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let a = g.constant(array![[0.0, 2.0], [3.0, 0.0], [0.0, 0.0]]);
    /// let (u, s, vt) = a.svd();
    /// let (s, error) = (s.eval()?, (u * s).matmul(vt).eval()? - a.eval()?);
    /// assert!((s[0] - 3.0).abs() < 1e-14 && (s[1] - 2.0).abs() < 1e-14);
    /// assert!(error.iter().all(|x| x.abs() < 1e-14));
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If there are fewer than two axes, or the elements are not real.
    #[track_caller]
    pub fn svd(self) -> (Var<'g>, Var<'g>, Var<'g>) {
        let all = self.graph().apply(Svd, &[self]);
        let Factors { u, v, s } = Factors::of(all, self.shape()[self.rank() - 1]);
        // By a rule of its own, which divides by no gaps: U·diag(v)·Vᵀ.
        let rule = CustomVjp::new("svdvals", |inputs, _, v| {
            smallvec![Some((inputs[1] * v.unsqueeze(-2)).matmul(inputs[2].t())), None, None]
        });
        (u, rule.around(s.squeeze(-2), &[self, u, v]), v.t())
    }

    /// The singular values of each matrix over the last two axes, descending: those of [`svd`](Var::svd), which has more of
    /// their derivatives.
    ///
    /// The vectors are computed with them, once for both value and gradient.
    ///
    /// # Panics
    /// If there are fewer than two axes, or the elements are not real.
    #[track_caller]
    pub fn svdvals(self) -> Var<'g> {
        self.svd().1
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |shape: &[usize]| {
        of_matrices("svd", shape, |x| {
            let (u, s, vt) = apart(x).svd();
            (u.square() * s.sin()).matmul(vt.exp())
        })
    };
    vec![
        of(&[3, 3]),
        of(&[4, 2]),
        of(&[2, 3]),
        of(&[2, 2, 2]),
        of(&[1, 1]),
        of_matrices("svd", [3, 0], |x| x.svd().0 + x),
        of_matrices("svd", [3, 2], |x| apart(x).svdvals().square()),
        of_matrices("svd", [3, 2], |x| apart(x).svd().2),
    ]
}

#[cfg(test)]
mod tests {
    use crate::{Defect, Graph, RunError, Var};
    use ndarray::array;

    fn defect(derivative: Var<'_>) -> Defect {
        match derivative.eval().unwrap_err() {
            RunError::Matrix { defect, .. } => defect,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn functions_that_treat_equal_singular_values_alike_have_a_derivative() {
        let g = Graph::new();
        let a = g.constant(array![[0.0, 2.0], [2.0, 0.0], [0.0, 0.0]]);
        let gradient = a.svdvals().square().sum().grad(a).eval().unwrap();
        approx::assert_relative_eq!(gradient, (2.0 * a).eval().unwrap(), epsilon = 1e-14);
    }

    #[test]
    fn vectors_of_equal_singular_values_have_none_and_the_two_are_named() {
        let g = Graph::new();
        let a = g.constant(array![[0.0, 2.0], [2.0, 0.0], [0.0, 0.0]]);
        let (u, _, vt) = a.svd();
        for vectors in [u, vt] {
            let Defect::Repeated { of, numbers, values } = defect(vectors.square().sum().grad(a))
            else {
                panic!()
            };
            assert_eq!((of, numbers), ("singular value", [0, 1]));
            approx::assert_relative_eq!(values[..], [2.0, 2.0][..]);
        }
    }

    #[test]
    fn vectors_of_a_singular_value_of_0_have_one_in_square_matrices_alone() {
        let g = Graph::new();
        let square = g.constant(array![[1.0, 0.0], [0.0, 0.0]]);
        let gradient = square.svd().0.square().sum().grad(square).eval().unwrap();
        assert!(gradient.iter().all(|x| x.abs() < 1e-15), "{gradient}");
        let tall = g.constant(array![[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]);
        let error = defect(tall.svd().0.sum().grad(tall));
        assert_eq!(error, Defect::Deficient { number: 1, value: 0.0 });
    }
}
