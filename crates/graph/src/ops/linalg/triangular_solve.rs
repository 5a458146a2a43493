//! Systems of linear equations with a triangular matrix.

use smallvec::smallvec;

use super::super::matrix::{Part, Triangle};
use super::super::registry::{Example, Sample};
use super::dense::{Matrix, each_matrix, singular};
use super::{shifted, solution, with_columns};
use crate::Defect;
use crate::error::exactly;
use crate::{Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Type, Var};

/// X with op(T)·X = B, where T is a triangle of the first argument and op(T) is T or Tᵀ.
///
/// Cotangents (Giles 2008, section 2.3.1, for triangular T): of B, W = op(T)⁻ᵀ·V; of T, the triangle of
/// −W·Xᵀ, or of −X·Wᵀ if transposed.
///
/// Recorded by [`Var::solve_triangular`](crate::Var::solve_triangular).
#[derive(Clone, Debug, PartialEq)]
pub struct TriangularSolve {
    /// The half of the matrix that is read.
    pub triangle: Triangle,
    /// Whether the system is Tᵀ·X = B.
    pub transposed: bool,
    /// Whether the diagonal counts as 1, whatever it holds.
    pub unit_diagonal: bool,
}

impl TriangularSolve {
    /// The system of a lower triangle.
    pub fn lower() -> Self {
        Self { triangle: Triangle::Lower, transposed: false, unit_diagonal: false }
    }

    /// The system of an upper triangle.
    pub fn upper() -> Self {
        Self { triangle: Triangle::Upper, ..Self::lower() }
    }

    /// The system of the transposed triangle.
    pub fn transposed(self) -> Self {
        Self { transposed: !self.transposed, ..self }
    }

    /// Takes the diagonal for ones, whatever it holds.
    pub fn unit_diagonal(self) -> Self {
        Self { unit_diagonal: true, ..self }
    }

    /// The part of the matrix that the solution depends on.
    fn part(&self) -> Part {
        let strictly = isize::from(self.unit_diagonal);
        match self.triangle {
            Triangle::Lower => Part { triangle: Triangle::Lower, diagonal: -strictly },
            Triangle::Upper => Part { triangle: Triangle::Upper, diagonal: strictly },
        }
    }

    fn solve(&self, mut t: Matrix, b: &Matrix) -> Result<Matrix, Defect> {
        if self.unit_diagonal {
            t.fill_diagonal(1.0);
        }
        let x = match (self.triangle, self.transposed) {
            (Triangle::Lower, false) => t.solve_lower_triangular(b),
            (Triangle::Upper, false) => t.solve_upper_triangular(b),
            (Triangle::Lower, true) => t.tr_solve_lower_triangular(b),
            (Triangle::Upper, true) => t.tr_solve_upper_triangular(b),
        };
        x.ok_or_else(|| singular(&t))
    }
}

impl Operation for TriangularSolve {
    fn name(&self) -> &'static str {
        "solve_triangular"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [t, b] = exactly(inputs)?;
        solution(t, b)
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], x: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (t, b) = (inputs[0], inputs[1]);
        let w = t.solve_triangular(v, self.clone().transposed());
        let of_t = if self.transposed { -x.matmul(w.t()) } else { -w.matmul(x.t()) };
        let of_t = t.graph().apply(self.part(), &[of_t.sum_to(t.shape())]);
        smallvec![Some(of_t), Some(w.sum_to(b.shape()))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        each_matrix(args, out, |[t, b]| self.solve(t, &b))
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply_aligned(self.clone()))
    }
}

impl<'g> Var<'g> {
    /// The solution X of T·X = B for each triangular matrix T over the last two axes; the axes in
    /// front broadcast, and a vector B is a single column.
    ///
    /// The other half of the matrix is not read, and has gradient 0. A run errs with
    /// [`RunError::Matrix`](crate::RunError::Matrix) if the diagonal has a zero.
    ///
    /// ```
    /// use cotangent::{Graph, ops::TriangularSolve};
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let t = g.constant(array![[2.0, 0.0], [1.0, 4.0]]);
    /// let x = t.solve_triangular(g.constant(array![2.0, 9.0]), TriangularSolve::lower());
    /// assert_eq!(x.eval()?, array![1.0, 2.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the matrices are not square, or have other rows than `b`.
    #[track_caller]
    pub fn solve_triangular(self, b: Var<'g>, system: TriangularSolve) -> Var<'g> {
        with_columns(b, system, self)
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |t: &[usize], b: &[usize], system: TriangularSolve| {
        let samples = [Sample::real(t, -0.5..0.5), Sample::real(b, -1.0..1.0)];
        Example::new("solve_triangular", samples, move |_, x| {
            shifted(x[0], 1.5).solve_triangular(x[1], system.clone())
        })
    };
    let (lower, upper) = (TriangularSolve::lower, TriangularSolve::upper);
    vec![
        of(&[3, 3], &[3, 2], lower()),
        of(&[3, 3], &[3], upper()),
        of(&[2, 1, 2, 2], &[3, 2, 1], lower().transposed()),
        of(&[3, 3], &[3, 2], upper().transposed()),
        of(&[3, 3], &[2, 3, 1], lower().unit_diagonal()),
        of(&[3, 3], &[3, 1], upper().transposed().unit_diagonal()),
        of(&[1, 1], &[1], upper()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Graph, RunError};
    use ndarray::array;

    #[test]
    fn the_other_half_is_not_read() {
        let g = Graph::new();
        let t = array![[2.0, f64::NAN], [1.0, 4.0]];
        let x = g.constant(&t).solve_triangular(g.full([2], 4.0), TriangularSolve::lower());
        assert_eq!(x.eval().unwrap(), array![2.0, 0.5].into_dyn());
        let back = g.constant(t.t().to_owned());
        let system = TriangularSolve::upper().transposed();
        assert_eq!(back.solve_triangular(g.full([2], 4.0), system).eval(), x.eval());
    }

    #[test]
    fn a_zero_on_the_diagonal_is_named() {
        let g = Graph::new();
        let t = g.constant(array![[2.0, 1.0], [0.0, 0.0]]);
        let of = |system| t.solve_triangular(g.full([2], 4.0), system).eval();
        let error = of(TriangularSolve::upper()).unwrap_err();
        let RunError::Matrix { defect, .. } = error else { panic!("{error}") };
        assert_eq!(defect, Defect::Singular { pivot: 1, rows: 2 });
        assert!(of(TriangularSolve::upper().unit_diagonal()).is_ok());
    }
}
