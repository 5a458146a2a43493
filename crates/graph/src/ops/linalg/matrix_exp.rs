//! The exponential of a matrix.

use smallvec::smallvec;

use super::super::matrix::of_matrices;
use super::super::registry::Example;
use super::dense::{Matrix, each_matrix, of_finite};
use super::square;
use crate::error::exactly;
use crate::{Args, Batch, Cotangents, Operation, Out, RunResult, Scalar, Type, Var, keep};

/// e^A = Σ Aᵏ/k!, by scaling and squaring with a Padé approximant (Al-Mohy and Higham 2009).
///
/// Cotangent: L(Aᵀ, V), where L(A, E) is the derivative in the direction of E, the upper right block of the exponential of
/// [[A, E], [0, A]] (Mathias 1996, theorem 2.1; Higham, "Functions of matrices", 2008, section 10.6).
///
/// Recorded by [`Var::matrix_exp`](crate::Var::matrix_exp).
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixExp;

impl Operation for MatrixExp {
    fn name(&self) -> &'static str {
        "matrix_exp"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [a] = exactly(inputs)?;
        square("the matrix", a)?;
        Ok(a.clone())
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (at, graph) = (inputs[0].t(), v.graph());
        if at.shape().size() == 0 {
            return smallvec![Some(v)];
        }
        // It is linear in V, of which a large one would take squarings that A does not need.
        let largest = v.abs().max_over(keep([-2, -1])).stop_gradient();
        let size = largest.gt(0.0).select(largest, 1.0);
        let rows = at.shape()[at.rank() - 1] as isize;
        let above = graph.concat(&[at, v / size], -1);
        let below = graph.concat(&[graph.full(at.shape(), 0.0), at], -1);
        let both = graph.concat(&[above, below], -2).matrix_exp();
        smallvec![Some(size * both.slice_axis(-2, ..rows).slice_axis(-1, rows..))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        each_matrix(args, out, |[a]| {
            let extents = a.shape();
            of_finite(a, extents, |a| Ok(exponential(a)))
        })
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

/// The column sums up to which the library is asked: it scales by itself, but takes the tenth power first.
const LARGEST: f64 = 1024.0;

fn exponential(a: Matrix) -> Matrix {
    let norm = a.column_iter().map(|column| column.lp_norm(1)).fold(0.0, f64::max);
    let squarings = (norm.min(f64::MAX) / LARGEST).log2().ceil().max(0.0) as i32;
    let scaled = a * 0.5_f64.powi(squarings);
    (0..squarings).fold(scaled.exp(), |power, _| &power * &power)
}

impl<'g> Var<'g> {
    /// The exponential e^A = Σ Aᵏ/k! of each matrix over the last two axes (PyTorch's `linalg.matrix_exp`): e^(tA)·x₀ solves
    /// ẋ = A·x.
    ///
    /// The gradient is an exponential of twice as many rows.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// // A quarter of a turn.
    /// let g = Graph::new();
    /// let angle = g.constant(std::f64::consts::FRAC_PI_2);
    /// let turn = (angle * g.constant(array![[0.0, -1.0], [1.0, 0.0]])).matrix_exp().eval()?;
    /// assert!((turn[[1, 0]] - 1.0).abs() < 1e-15 && turn[[0, 0]].abs() < 1e-15);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the matrices are not square.
    #[track_caller]
    pub fn matrix_exp(self) -> Var<'g> {
        self.graph().apply(MatrixExp, &[self])
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        of_matrices("matrix_exp", [3, 3], |x| x.matrix_exp()),
        of_matrices("matrix_exp", [2, 2, 2], |x| (2.0 * x).matrix_exp()),
        of_matrices("matrix_exp", [1, 1], |x| x.matrix_exp()),
        of_matrices("matrix_exp", [0, 0], |x| x.matrix_exp()),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::dense::assert_near;
    use super::super::trials::trials;
    use super::*;

    #[test]
    fn it_turns_by_large_angles_and_decays_from_large_numbers() {
        let turn = |angle: f64| Matrix::from_row_slice(2, 2, &[0.0, -angle, angle, 0.0]);
        for angle in [0.0_f64, 1.0, 100.0, 5000.0] {
            let (sin, cos) = angle.sin_cos();
            let expected = Matrix::from_row_slice(2, 2, &[cos, -sin, sin, cos]);
            assert_near("a turn", &exponential(turn(angle)), &expected, angle.max(1.0));
        }
        let decay = exponential(Matrix::identity(3, 3) * -1e5);
        assert_eq!(decay, Matrix::zeros(3, 3));
    }

    #[test]
    fn the_exponentials_of_a_matrix_and_its_negative_are_inverse() {
        for (name, a) in trials().into_iter().filter(|(_, a)| a.is_square() && a.amax() < 2.0) {
            let (there, back) = (exponential(a.clone()), exponential(-&a));
            let (rows, size) = (a.nrows(), there.norm() * back.norm());
            assert_near(name, &(there * back), &Matrix::identity(rows, rows), size);
        }
    }

    #[test]
    fn huge_numbers_end() {
        let a = Matrix::from_element(3, 3, 1e300);
        assert!(exponential(a).iter().all(|x| !x.is_finite()));
    }
}
