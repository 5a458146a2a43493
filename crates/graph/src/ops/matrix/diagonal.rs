//! Diagonals: taken from matrices, and made into matrices.

use ndarray::{Dimension, IxDyn};
use smallvec::smallvec;

use super::super::registry::Example;
use super::{matrices, of_matrices};
use crate::error::{exactly, expect_kind};
use crate::{Args, Cotangents, Kind, Operation, Out, RunResult, Scalar, Shape, Type, Var};

/// The elements x(i, i + offset) of each matrix. Cotangent: v on that diagonal of zeros.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagonal {
    /// Which diagonal: 0 for the main one, positive above it, negative below.
    pub offset: isize,
}

/// Matrices of zeros with the argument on a diagonal; the adjoint of [`Diagonal`]. Cotangent: that
/// diagonal of v.
#[derive(Clone, Debug, PartialEq)]
pub struct Diag {
    /// Which diagonal: 0 for the main one, positive above it, negative below.
    pub offset: isize,
    /// The rows of a matrix.
    pub rows: usize,
    /// The columns of a matrix.
    pub columns: usize,
}

/// The number of elements of a diagonal.
fn length(offset: isize, rows: usize, columns: usize) -> usize {
    let (down, right) = start(offset);
    rows.saturating_sub(down).min(columns.saturating_sub(right))
}

/// Where a diagonal begins: row and column.
fn start(offset: isize) -> (usize, usize) {
    (offset.min(0).unsigned_abs(), offset.max(0).unsigned_abs())
}

/// The place in a matrix of the element of its diagonal at `place`.
fn on_diagonal(offset: isize, place: &IxDyn) -> IxDyn {
    let (down, right) = start(offset);
    let (&i, batch) = place.slice().split_last().expect("the shape rule checked the axes");
    IxDyn(&[batch, &[i + down, i + right]].concat())
}

impl Operation for Diagonal {
    fn name(&self) -> &'static str {
        "diagonal"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        let (batch, rows, columns) = matrices("the argument", x)?;
        Ok(Type::real(batch.inserted(batch.rank(), length(self.offset, rows, columns))))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let shape = inputs[0].shape();
        let &[.., rows, columns] = &*shape else { unreachable!("the shape rule checked the axes") };
        let adjoint = Diag { offset: self.offset, rows, columns };
        smallvec![Some(v.graph().apply(adjoint, &[v]))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let x = args.real(0);
        for (place, y) in out.real().indexed_iter_mut() {
            *y = x[on_diagonal(self.offset, &place)];
        }
        Ok(())
    }
}

impl Operation for Diag {
    fn name(&self) -> &'static str {
        "diag"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        expect_kind("the argument", x.kind, Kind::Real)?;
        let Some((&given, batch)) = x.shape.split_last() else {
            return Err("a scalar is no diagonal: the argument must have an axis".to_owned());
        };
        let expected = length(self.offset, self.rows, self.columns);
        if given != expected {
            return Err(format!(
                "diagonal {} of {} rows and {} columns has {expected} elements, not {given}",
                self.offset, self.rows, self.columns
            ));
        }
        let matrix = [self.rows, self.columns];
        Ok(Type::real(batch.iter().copied().chain(matrix).collect::<Shape>()))
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec![Some(v.diagonal_at(self.offset))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let out = out.real();
        out.fill(T::zero());
        for (place, &x) in args.real(0).indexed_iter() {
            out[on_diagonal(self.offset, &place)] = x;
        }
        Ok(())
    }
}

impl<'g> Var<'g> {
    /// The main diagonal of each matrix over the last two axes, as a vector.
    ///
    /// # Panics
    /// If there are fewer than two axes.
    #[track_caller]
    pub fn diagonal(self) -> Var<'g> {
        self.diagonal_at(0)
    }

    /// The diagonal of this number of each matrix: 0 for the main one, positive above it, negative
    /// below. One beyond the matrix is empty.
    ///
    /// # Panics
    /// If there are fewer than two axes.
    #[track_caller]
    pub fn diagonal_at(self, offset: isize) -> Var<'g> {
        self.graph().apply(Diagonal { offset }, &[self])
    }

    /// Square matrices with the vectors along the last axis on their main diagonals, and 0
    /// elsewhere.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, 2.0]);
    /// assert_eq!(x.diag().eval()?, array![[1.0, 0.0], [0.0, 2.0]].into_dyn());
    /// assert_eq!(x.diag().trace().eval()?[[]], 3.0);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If this is a scalar.
    #[track_caller]
    pub fn diag(self) -> Var<'g> {
        self.diag_at(0)
    }

    /// Square matrices, just large enough, with the vectors along the last axis on the diagonal of
    /// this number.
    ///
    /// # Panics
    /// If this is a scalar.
    #[track_caller]
    pub fn diag_at(self, offset: isize) -> Var<'g> {
        let rows = self.shape().last().map_or(0, |length| length + offset.unsigned_abs());
        self.graph().apply(Diag { offset, rows, columns: rows }, &[self])
    }

    /// The sum of the main diagonal of each matrix over the last two axes.
    ///
    /// # Panics
    /// If there are fewer than two axes.
    #[track_caller]
    pub fn trace(self) -> Var<'g> {
        self.diagonal().sum_over(-1)
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        of_matrices("diagonal", [3, 3], |x| x.square().diagonal()),
        of_matrices("diagonal", [2, 2, 4], |x| x.square().diagonal_at(1)),
        of_matrices("diagonal", [4, 2], |x| x.square().diagonal_at(-1)),
        of_matrices("diagonal", [2, 3, 3], |x| x.matmul(x).trace()),
        of_matrices("diag", [3], |x| x.square().diag()),
        of_matrices("diag", [2, 2], |x| x.square().diag_at(-1)),
    ]
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn diagonals_are_numbered_from_the_main_one() {
        let g = Graph::new();
        let x = g.constant(array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        let diagonal = |offset| x.diagonal_at(offset).eval().unwrap().into_raw_vec_and_offset().0;
        assert_eq!(diagonal(0), [1.0, 5.0]);
        assert_eq!(diagonal(2), [3.0]);
        assert_eq!(diagonal(-1), [4.0]);
        assert_eq!(diagonal(5), [0.0; 0]);
        let below = g.constant(array![7.0]).diag_at(-1);
        assert_eq!(below.eval().unwrap(), array![[0.0, 0.0], [7.0, 0.0]].into_dyn());
    }

    #[test]
    #[should_panic(expected = "the argument must have at least two axes")]
    fn a_vector_has_no_trace() {
        Graph::new().full([3], 1.0).trace();
    }
}
