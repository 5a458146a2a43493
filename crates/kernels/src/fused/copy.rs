//! Numbers brought into the shape of a block: gathered, spread along rows, repeated in each row.

use crate::isa::{Isa, Kernel, Simd};
use crate::scalar::Scalar;
use crate::transpose::{SIDE, transpose};

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
pub(super) fn gather<T: Scalar>(
    isa: Isa,
    x: &[T],
    grid: Grid,
    (rows, columns): (usize, usize),
    out: &mut [T],
) {
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
    if grid.row == 1 && rows >= SIDE && columns > 1 && grid.column != 0 {
        let apart = (grid.column, columns);
        // SAFETY: likewise.
        return unsafe { turn(isa, from, (columns, rows), apart, out.as_mut_ptr()) };
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

/// Makes columns of so many rows of so many numbers, the former so far apart from `from` on, the latter, as rows, from `to` on.
///
/// # Safety
///
/// All of them can be read and written, and do not overlap.
unsafe fn turn<T: Scalar>(
    isa: Isa,
    from: *const T,
    (rows, count): (usize, usize),
    apart: (isize, usize),
    to: *mut T,
) {
    for first in (0..rows).step_by(CHUNK) {
        let rows = CHUNK.min(rows - first);
        let from = from.wrapping_offset(first as isize * apart.0);
        isa.run(Turn { from, rows, count, apart, to: to.wrapping_add(first) });
    }
}

struct Turn<T> {
    from: *const T,
    /// At most [`CHUNK`].
    rows: usize,
    count: usize,
    apart: (isize, usize),
    to: *mut T,
}

impl<T: Scalar> Kernel for Turn<T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Turn { from, rows, count, apart, to } = self;
        let offsets: [isize; CHUNK] = std::array::from_fn(|j| j as isize * apart.0);
        // SAFETY: as the caller of `turn` vouches; this is the copy for level `S`.
        unsafe { transpose::<T, T::Vector<S>>(from, &offsets[..rows], to, apart.1, count) };
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
pub(super) unsafe fn scatter<T: Scalar>(
    isa: Isa,
    x: &[T],
    grid: Grid,
    columns: usize,
    out: *mut T,
) {
    let (columns, to) = (columns.max(1), out.wrapping_add(grid.first));
    if grid.column == 1 {
        let from = (x.as_ptr(), columns as isize);
        // SAFETY: as the caller vouches.
        return unsafe { copy_rows(from, (to, grid.row), x.len() / columns, columns) };
    }
    let rows = x.len() / columns;
    if grid.row == 1 && rows > 1 && columns >= SIDE && grid.column > 0 {
        let apart = (columns as isize, grid.column as usize);
        // SAFETY: likewise.
        return unsafe { turn(isa, x.as_ptr(), (rows, columns), apart, to) };
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
    use std::collections::HashSet;

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
    fn matrices_of_any_strides_are_gathered_and_scattered() {
        let x: Vec<f32> = (0..4000).map(|i| i as f32).collect();
        let strides =
            [(3, 1), (70, 1), (-70, 1), (1, 70), (1, -70), (-1, 70), (0, 7), (50, 0), (40, 3)];
        for isa in Isa::available() {
            for (row, column) in strides {
                for (rows, columns) in
                    [(1, 1), (2, 3), (4, 2), (5, 17), (16, 16), (37, 20), (40, 35)]
                {
                    let across = |row: isize, column: isize| {
                        (rows - 1) * row.min(0) + (columns - 1) * column.min(0)
                    };
                    let first = -across(row, column);
                    let at = |i, j| first + i * row + j * column;
                    if at(rows - 1, columns - 1) >= 4000 || first >= 4000 {
                        continue;
                    }
                    let grid = Grid { first: first as usize, row, column };
                    let size = (rows as usize, columns as usize);
                    let mut out = vec![-1.0; size.0 * size.1];
                    gather(isa, &x, grid, size, &mut out);
                    let expected: Vec<f32> = (0..rows)
                        .flat_map(|i| (0..columns).map(move |j| at(i, j) as f32))
                        .collect();
                    assert_eq!(out, expected, "{isa:?} {row} {column}");
                    let places: HashSet<u32> = expected.iter().map(|&x| x as u32).collect();
                    if places.len() < expected.len() {
                        continue;
                    }
                    let mut back = vec![-1.0; 4000];
                    // SAFETY: the places lie within 4000 numbers.
                    unsafe { scatter(isa, &out, grid, size.1, back.as_mut_ptr()) };
                    let written = back.iter().filter(|&&x| x >= 0.0).count();
                    assert_eq!(written, out.len());
                    assert!(back.iter().zip(&x).all(|(back, x)| *back < 0.0 || back == x));
                }
            }
        }
    }
}
