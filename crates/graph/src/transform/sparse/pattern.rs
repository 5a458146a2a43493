//! Which elements of a matrix can differ from 0.

/// The positions of a matrix at which it can differ from 0, by rows: compressed sparse rows (CSR).
///
/// Row i has the columns `indices[offsets[i]..offsets[i + 1]]`, in ascending order.
///
/// ```
/// use cotangent::{Gradient, Graph};
///
/// let g = Graph::new();
/// let x = g.input("x", [4]);
/// // Each element with the one after it.
/// let y = x.slice_axis(0, 1..) - x.slice_axis(0, ..3).square();
/// let pattern = Gradient::of(y).jacobian_pattern(&[x])?;
/// assert_eq!((pattern.rows(), pattern.columns(), pattern.len()), (3, 4, 6));
/// assert_eq!(pattern.row(1), [1, 2]);
/// assert_eq!((pattern.offsets(), pattern.indices()), (&[0, 2, 4, 6][..], &[0, 1, 1, 2, 2, 3][..]));
/// # Ok::<(), cotangent::GradientError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SparsePattern {
    columns: usize,
    offsets: Vec<usize>,
    indices: Vec<usize>,
}

impl SparsePattern {
    /// From the columns of each row, in ascending order.
    pub(super) fn of_rows<R: IntoIterator<Item = usize>>(
        columns: usize,
        rows: impl IntoIterator<Item = R>,
    ) -> Self {
        let (mut offsets, mut indices) = (vec![0], Vec::new());
        for row in rows {
            indices.extend(row);
            offsets.push(indices.len());
        }
        Self { columns, offsets, indices }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The number of positions, which are the entries.
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether there are none: the matrix is 0.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Where each row begins among the entries, and at last where they end: one number more than there are rows.
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// The column of each entry.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// The columns of a row, in ascending order.
    ///
    /// # Panics
    /// If there is no such row.
    #[track_caller]
    pub fn row(&self, row: usize) -> &[usize] {
        assert!(row < self.rows(), "row {row} of a pattern of {} rows", self.rows());
        &self.indices[self.offsets[row]..self.offsets[row + 1]]
    }

    /// Whether a position is one of them.
    ///
    /// # Panics
    /// If there is no such row.
    #[track_caller]
    pub fn contains(&self, row: usize, column: usize) -> bool {
        self.row(row).binary_search(&column).is_ok()
    }

    /// The positions (row, column), by rows.
    pub fn positions(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..self.rows()).flat_map(|row| self.row(row).iter().map(move |&column| (row, column)))
    }

    /// The pattern of the transpose. In time linear in entries, rows and columns.
    pub fn transposed(&self) -> Self {
        let mut offsets = vec![0; self.columns + 1];
        self.indices.iter().for_each(|&column| offsets[column + 1] += 1);
        (0..self.columns).for_each(|column| offsets[column + 1] += offsets[column]);
        let mut next = offsets.clone();
        let mut indices = vec![0; self.len()];
        for (row, column) in self.positions() {
            indices[next[column]] = row;
            next[column] += 1;
        }
        Self { columns: self.rows(), offsets, indices }
    }

    /// With the positions of the transpose, of as many rows as columns.
    pub(super) fn symmetrized(&self) -> Self {
        let transposed = self.transposed();
        if *self == transposed {
            return transposed;
        }
        let row = |i: usize| {
            let mut both = [self.row(i), transposed.row(i)].concat();
            both.sort_unstable();
            both.dedup();
            both
        };
        Self::of_rows(self.columns, (0..self.rows()).map(row))
    }

    /// The most entries of a row.
    pub(super) fn longest(&self) -> usize {
        self.offsets.windows(2).map(|ends| ends[1] - ends[0]).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transpose_has_the_positions_the_other_way_round() {
        let pattern = SparsePattern::of_rows(4, [vec![1, 3], vec![], vec![0, 1]]);
        let transposed = pattern.transposed();
        assert_eq!(transposed, SparsePattern::of_rows(3, [vec![2], vec![0, 2], vec![], vec![0]]));
        assert_eq!(transposed.transposed(), pattern);
        assert!(pattern.contains(0, 3) && !pattern.contains(0, 2));
        let square = SparsePattern::of_rows(2, [vec![1], vec![]]);
        assert_eq!(square.symmetrized(), SparsePattern::of_rows(2, [vec![1], vec![0]]));
    }

    #[test]
    #[should_panic(expected = "row 2 of a pattern of 2 rows")]
    fn a_row_that_is_not_there_is_refused() {
        SparsePattern::of_rows(2, [vec![1], vec![]]).row(2);
    }
}
