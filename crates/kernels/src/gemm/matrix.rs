//! Matrices as views of slices.

use num_traits::Zero;

/// A matrix that reads a slice: element (i, j) is `data[i·row_stride + j·column_stride]`.
///
/// Strides may be anything that stays within the slice: a transpose swaps them, a stride of 0 repeats.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    pub(super) data: &'a [T],
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) row_stride: usize,
    pub(super) column_stride: usize,
}

/// A matrix that writes a slice, row after row: element (i, j) is `data[i·row_stride + j]`.
#[derive(Debug)]
pub struct MatrixMut<'a, T> {
    pub(super) data: &'a mut [T],
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) row_stride: usize,
}

/// One more than the largest offset of a non-empty matrix; `None` if no slice could be that long.
fn extent(rows: usize, columns: usize, row_stride: usize, column_stride: usize) -> Option<usize> {
    if rows == 0 || columns == 0 {
        return Some(0);
    }
    let down = (rows - 1).checked_mul(row_stride)?;
    let across = (columns - 1).checked_mul(column_stride)?;
    down.checked_add(across)?.checked_add(1)
}

/// The stride along an axis; 1 along one without a second element, where it may be any number and is not to be multiplied.
fn relevant(extent: usize, stride: usize) -> usize {
    if extent > 1 { stride } else { 1 }
}

#[track_caller]
fn check(len: usize, rows: usize, columns: usize, row_stride: usize, column_stride: usize) {
    let extent = extent(rows, columns, row_stride, column_stride);
    assert!(
        extent.is_some_and(|extent| extent <= len),
        "a {rows}×{columns} matrix of strides ({row_stride}, {column_stride}) does not fit {len} elements"
    );
}

impl<'a, T> Matrix<'a, T> {
    /// A row-major matrix without gaps.
    ///
    /// # Panics
    ///
    /// When `data` is shorter than `rows·columns`.
    #[track_caller]
    pub fn new(data: &'a [T], rows: usize, columns: usize) -> Self {
        Self::strided(data, rows, columns, columns, 1)
    }

    /// A matrix of any strides.
    ///
    /// # Panics
    ///
    /// When an element would lie beyond `data`.
    #[track_caller]
    pub fn strided(
        data: &'a [T],
        rows: usize,
        columns: usize,
        row_stride: usize,
        column_stride: usize,
    ) -> Self {
        check(data.len(), rows, columns, row_stride, column_stride);
        let (row_stride, column_stride) =
            (relevant(rows, row_stride), relevant(columns, column_stride));
        Matrix { data, rows, columns, row_stride, column_stride }
    }

    /// The transpose, of the same data.
    pub fn transposed(self) -> Self {
        let Matrix { data, rows, columns, row_stride, column_stride } = self;
        Matrix {
            data,
            rows: columns,
            columns: rows,
            row_stride: column_stride,
            column_stride: row_stride,
        }
    }
}

impl<'a, T: Zero + Copy> MatrixMut<'a, T> {
    /// A row-major matrix without gaps.
    ///
    /// # Panics
    ///
    /// When `data` is shorter than `rows·columns`.
    #[track_caller]
    pub fn new(data: &'a mut [T], rows: usize, columns: usize) -> Self {
        Self::strided(data, rows, columns, columns)
    }

    /// A row-major matrix whose rows begin `row_stride` elements apart.
    ///
    /// # Panics
    ///
    /// When rows overlap or an element would lie beyond `data`.
    #[track_caller]
    pub fn strided(data: &'a mut [T], rows: usize, columns: usize, row_stride: usize) -> Self {
        assert!(row_stride >= columns, "rows of {columns} elements overlap at stride {row_stride}");
        check(data.len(), rows, columns, row_stride, 1);
        let row_stride = if rows > 1 { row_stride } else { columns };
        MatrixMut { data, rows, columns, row_stride }
    }

    /// Makes every element 0.
    pub(super) fn clear(self) {
        for row in self.data.chunks_mut(self.row_stride).take(self.rows) {
            row[..self.columns].fill(T::zero());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_that_fit_are_accepted() {
        let data = [0.0f32; 12];
        let t = Matrix::new(&data, 3, 4).transposed();
        assert_eq!((t.rows, t.columns, t.row_stride, t.column_stride), (4, 3, 1, 4));
        Matrix::strided(&data, 100, 4, 0, 3);
        Matrix::new(&data[..0], 0, usize::MAX);
    }

    #[test]
    #[should_panic(expected = "a 3×5 matrix of strides (5, 1) does not fit 12 elements")]
    fn a_view_beyond_its_data_is_refused() {
        Matrix::new(&[0.0f32; 12], 3, 5);
    }

    #[test]
    #[should_panic(expected = "does not fit")]
    fn an_overflowing_extent_is_refused() {
        Matrix::strided(&[0.0f32; 12], 3, 5, usize::MAX, 1);
    }

    #[test]
    #[should_panic(expected = "overlap")]
    fn overlapping_output_rows_are_refused() {
        MatrixMut::strided(&mut [0.0f32; 12], 3, 4, 3);
    }
}
