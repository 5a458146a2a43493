//! Numbers brought into the shape of a block: gathered, spread along rows, repeated in each row.

use crate::isa::{Isa, Kernel, Simd};
use crate::scalar::Scalar;

/// Rows are written this many numbers at a time. What is written beyond the end of a row is overwritten by the next,
/// and after the last row the buffer has room for it: no row ends in a slow loop over a few numbers.
const CHUNK: usize = 16;

/// The number of each row, along the whole row of `columns`; `out` has [`CHUNK`] numbers more than the rows.
pub(crate) fn spread<T: Scalar>(isa: Isa, x: &[T], columns: usize, out: &mut [T]) {
    isa.run(Spread { x, columns, out });
}

/// The same row of `columns` numbers `rows` times; `x` and `out` have [`CHUNK`] numbers more.
pub(crate) fn tile<T: Scalar>(isa: Isa, x: &[T], columns: usize, rows: usize, out: &mut [T]) {
    isa.run(Tile { x, columns, rows, out });
}

struct Spread<'a, T> {
    x: &'a [T],
    columns: usize,
    out: &'a mut [T],
}

impl<T: Scalar> Kernel for Spread<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let chunks = self.columns.div_ceil(CHUNK);
        for (row, &x) in self.x.iter().enumerate() {
            let out = &mut self.out[row * self.columns..][..chunks * CHUNK];
            out.as_chunks_mut().0.iter_mut().for_each(|chunk| *chunk = [x; CHUNK]);
        }
    }
}

struct Tile<'a, T> {
    x: &'a [T],
    columns: usize,
    rows: usize,
    out: &'a mut [T],
}

impl<T: Scalar> Kernel for Tile<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let chunks = self.columns.div_ceil(CHUNK);
        let (x, _) = self.x[..chunks * CHUNK].as_chunks::<CHUNK>();
        for row in 0..self.rows {
            let out = &mut self.out[row * self.columns..][..chunks * CHUNK];
            out.as_chunks_mut().0.iter_mut().zip(x).for_each(|(chunk, x)| *chunk = *x);
        }
    }
}

/// The elements of a matrix in a slice: the number of the first, and how far apart rows and columns are.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    pub(crate) first: usize,
    pub(crate) row: isize,
    pub(crate) column: isize,
}

impl Grid {
    #[inline(always)]
    pub(crate) fn row_start(self, i: usize) -> usize {
        self.first.wrapping_add_signed(i as isize * self.row)
    }

    /// Asserts that the elements of a matrix lie within so many.
    fn check(self, len: usize, rows: usize, columns: usize) {
        let (down, right) = ((rows - 1) as isize * self.row, (columns - 1) as isize * self.column);
        let first = self.first as isize;
        let (low, high) = (first + down.min(0) + right.min(0), first + down.max(0) + right.max(0));
        assert!(low >= 0 && (high as usize) < len, "a grid lies within {len} elements");
    }

    #[inline(always)]
    pub(crate) fn number(start: usize, j: usize, column: isize) -> usize {
        start.wrapping_add_signed(j as isize * column)
    }
}

/// A matrix of `rows` by `columns` elements that lie in a grid of `x`, row-major in `out`.
pub(super) fn gather<T: Copy>(x: &[T], grid: Grid, (rows, columns): (usize, usize), out: &mut [T]) {
    if rows == 0 || columns == 0 {
        return;
    }
    grid.check(x.len(), rows, columns);
    assert_eq!(out.len(), rows * columns, "a matrix has its elements");
    let from = x.as_ptr().wrapping_add(grid.first);
    if grid.column == 1 {
        let to = (out.as_mut_ptr(), columns as isize);
        // SAFETY: all elements of the grid lie within `x`, and so many in `out`.
        return unsafe { copy_rows((from, grid.row), to, rows, columns) };
    }
    for (i, out) in out.chunks_exact_mut(columns).enumerate() {
        let row = from.wrapping_offset(i as isize * grid.row);
        // SAFETY: all elements of the grid lie within `x`.
        unsafe {
            if grid.column == 0 {
                out.fill(*row);
            } else {
                for (j, out) in out.iter_mut().enumerate() {
                    *out = *row.wrapping_offset(j as isize * grid.column);
                }
            }
        }
    }
}

/// Copies a row, which often is so short that calling `memcpy` would take longer.
///
/// # Safety
///
/// So many numbers can be read and written, and do not overlap.
#[inline(always)]
pub(crate) unsafe fn copy_row<T: Copy>(from: *const T, to: *mut T, len: usize) {
    // SAFETY: as the caller vouches.
    unsafe { copy_rows((from, 0), (to, 0), 1, len) }
}

/// Copies rows of `len` numbers, those of either side so far apart.
///
/// # Safety
///
/// As of [`copy_row`], for each row.
#[inline(always)]
unsafe fn copy_rows<T: Copy>(
    from: (*const T, isize),
    to: (*mut T, isize),
    rows: usize,
    len: usize,
) {
    // Asked once for all rows. Not a loop over parts, for which the compiler would call `memcpy` after all.
    // SAFETY: as the caller vouches; the parts are within the row.
    unsafe {
        match len {
            0 => {}
            1 => each_row(from, to, rows, |from, to| *to = *from),
            2..=3 => each_row(from, to, rows, |from, to| copy_ends::<T, 2>(from, to, len)),
            4..=7 => each_row(from, to, rows, |from, to| copy_ends::<T, 4>(from, to, len)),
            8..=15 => each_row(from, to, rows, |from, to| copy_ends::<T, 8>(from, to, len)),
            16 => each_row(from, to, rows, |from, to| to.copy_from_nonoverlapping(from, 16)),
            17..=32 => each_row(from, to, rows, |from, to| copy_ends::<T, 16>(from, to, len)),
            _ => each_row(from, to, rows, |from, to| to.copy_from_nonoverlapping(from, len)),
        }
    }
}

/// Calls `copy` with where each row begins on either side.
#[inline(always)]
fn each_row<T>(
    (from, from_row): (*const T, isize),
    (to, to_row): (*mut T, isize),
    rows: usize,
    copy: impl Fn(*const T, *mut T),
) {
    for i in 0..rows as isize {
        copy(from.wrapping_offset(i * from_row), to.wrapping_offset(i * to_row));
    }
}

/// Copies the first and the last `N` of at least so many numbers and at most twice as many.
///
/// # Safety
///
/// As of [`copy_row`].
#[inline(always)]
unsafe fn copy_ends<T: Copy, const N: usize>(from: *const T, to: *mut T, len: usize) {
    let last = len - N;
    // SAFETY: as the caller vouches.
    unsafe {
        to.copy_from_nonoverlapping(from, N);
        to.add(last).copy_from_nonoverlapping(from.add(last), N);
    }
}

/// A matrix of `rows` by `columns` elements, row-major in `x`, to where its elements lie in a grid.
///
/// # Safety
///
/// The elements of the grid can be written from `out` on, and nobody else touches them meanwhile.
pub(super) unsafe fn scatter<T: Copy>(x: &[T], grid: Grid, columns: usize, out: *mut T) {
    let (columns, to) = (columns.max(1), out.wrapping_add(grid.first));
    if grid.column == 1 {
        let from = (x.as_ptr(), columns as isize);
        // SAFETY: as the caller vouches.
        return unsafe { copy_rows(from, (to, grid.row), x.len() / columns, columns) };
    }
    for (i, x) in x.chunks_exact(columns).enumerate() {
        let row = to.wrapping_offset(i as isize * grid.row);
        for (j, &x) in x.iter().enumerate() {
            // SAFETY: as the caller vouches.
            unsafe { *row.wrapping_offset(j as isize * grid.column) = x };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_any_length_are_spread_and_tiled() {
        for isa in Isa::available() {
            for columns in [0, 1, 3, 15, 16, 17, 40] {
                let row: Vec<f64> = (0..columns + CHUNK).map(|j| j as f64).collect();
                let mut out = vec![-1.0; 3 * columns + CHUNK];
                spread(isa, &[0.5, 1.5, 2.5], columns, &mut out);
                assert!((0..3 * columns).all(|i| out[i] == (i / columns) as f64 + 0.5));
                tile(isa, &row, columns, 3, &mut out);
                assert!((0..3 * columns).all(|i| out[i] == (i % columns) as f64));
            }
        }
    }

    #[test]
    fn a_matrix_is_gathered_from_any_strides() {
        let x: Vec<usize> = (0..24).collect();
        let gathered = |(row, column), (rows, columns)| {
            let mut out = vec![0; rows * columns];
            gather(&x, Grid { first: 0, row, column }, (rows, columns), &mut out);
            out
        };
        assert_eq!(gathered((3, 1), (2, 3)), [0, 1, 2, 3, 4, 5]);
        assert_eq!(gathered((5, 1), (2, 3)), [0, 1, 2, 5, 6, 7]);
        assert_eq!(gathered((1, 2), (2, 3)), [0, 2, 4, 1, 3, 5]);
        assert_eq!(gathered((0, 7), (2, 2)), [0, 7, 0, 7]);
        let mut back = [0; 6];
        gather(&x, Grid { first: 23, row: -8, column: -2 }, (2, 3), &mut back);
        assert_eq!(back, [23, 21, 19, 15, 13, 11]);
        let mut out = [0; 8];
        // SAFETY: four elements of eight.
        unsafe {
            scatter(&[1, 2, 3, 4], Grid { first: 7, row: -5, column: -1 }, 2, out.as_mut_ptr())
        };
        assert_eq!(out, [0, 4, 3, 0, 0, 0, 2, 1]);
    }
}
