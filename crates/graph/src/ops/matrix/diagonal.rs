//! Diagonals: taken from matrices, and made into matrices.

use super::super::registry::Example;
use super::{matrices, of_matrices};
use crate::ops::Embed;
use crate::{Place, Shape, Var, misfit};

/// The number of elements of a diagonal.
fn length(offset: isize, rows: usize, columns: usize) -> usize {
    let (down, right) = start(offset);
    rows.saturating_sub(down).min(columns.saturating_sub(right))
}

/// Where a diagonal begins: row and column.
fn start(offset: isize) -> (usize, usize) {
    (offset.min(0).unsigned_abs(), offset.max(0).unsigned_abs())
}

/// Where the diagonal of this number lies in each matrix of an array.
fn place(offset: isize, batch: &[usize], rows: usize, columns: usize) -> Place {
    let matrices = Place::whole([batch, &[rows, columns]].concat());
    let ((down, right), length) = (start(offset), length(offset, rows, columns));
    let mut strides = matrices.strides.clone();
    strides.truncate(batch.len());
    strides.push((columns + 1) as isize);
    // An empty diagonal may begin anywhere.
    let offset = if length == 0 { 0 } else { down * columns + right };
    Place { offset, shape: [batch, &[length]].concat().into(), strides }
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
        match matrices("the argument", &self.ty()) {
            Ok((batch, rows, columns)) => {
                self.looked_at("diagonal", place(offset, &batch, rows, columns))
            }
            Err(rule) => misfit("diagonal", rule, &[self]),
        }
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
        let shape = self.shape();
        let Some((&length, batch)) = shape.split_last() else {
            let rule = "a scalar is no diagonal: the argument must have an axis";
            misfit("diag", rule, &[self])
        };
        let side = length.saturating_add(offset.unsigned_abs());
        let matrices = Shape::from([batch, &[side, side]].concat());
        if let Err(rule) = matrices.check_size() {
            misfit("diag", rule, &[self]);
        }
        let places = vec![place(offset, batch, side, side)];
        self.graph().apply(Embed { name: "diag", shape: matrices, places }, &[self])
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
