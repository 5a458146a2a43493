//! Matrices that are turned as they are copied.

use crate::scalar::Scalar;
use crate::vector::{MAX_LANES, Vector};

/// Turning pays for numbers of which at least so many lie side by side.
pub(crate) const SIDE: usize = 4;

/// Makes columns of rows: number p of row j, which begins at `from[rows[j]]`, goes to `to[p·width + j]`, for `count` numbers
/// that lie side by side. Squares of the vectors' size are turned in registers, and narrower strips by fours.
///
/// # Safety
///
/// All of them can be read and written, by the vectors of the level.
#[inline(always)]
pub(crate) unsafe fn transpose<T: Scalar, X: Vector<T>>(
    from: *const T,
    rows: &[isize],
    to: *mut T,
    width: usize,
    count: usize,
) {
    let mut j = 0;
    // SAFETY: strips of the rows, side by side.
    unsafe {
        while j + X::LANES <= rows.len() {
            squares::<T, X>(from, &rows[j..], to.add(j), width, count);
            j += X::LANES;
        }
        while j + SIDE <= rows.len() {
            strip::<T, SIDE>(from, &rows[j..], to.add(j), width, count);
            j += SIDE;
        }
        if j + 2 <= rows.len() {
            strip::<T, 2>(from, &rows[j..], to.add(j), width, count);
            j += 2;
        }
        if j < rows.len() {
            strip::<T, 1>(from, &rows[j..], to.add(j), width, count);
        }
    }
}

/// Transposes as many rows as a vector has lanes, of `count` numbers that lie side by side, to columns `width` apart.
///
/// # Safety
///
/// All of them can be read and written, by the vectors of the level.
#[inline(always)]
unsafe fn squares<T: Scalar, X: Vector<T>>(
    from: *const T,
    starts: &[isize],
    to: *mut T,
    width: usize,
    count: usize,
) {
    let row = |j: usize| from.wrapping_offset(starts[j.min(X::LANES - 1)]);
    let mut rows: [*const T; MAX_LANES] = std::array::from_fn(row);
    let mut p = 0;
    // SAFETY: p + LANES ≤ count, then p < count.
    unsafe {
        while p + X::LANES <= count {
            for (q, column) in X::columns_of(&rows).as_ref().iter().enumerate() {
                column.store(to.add((p + q) * width));
            }
            rows = rows.map(|row| row.wrapping_add(X::LANES));
            p += X::LANES;
        }
        for p in p..count {
            for (j, row) in rows[..X::LANES].iter_mut().enumerate() {
                *to.add(p * width + j) = **row;
                *row = row.wrapping_add(1);
            }
        }
    }
}

/// Transposes `L` rows of `count` numbers, that lie side by side, to columns `width` apart.
///
/// # Safety
///
/// All of them can be read and written.
#[inline(always)]
unsafe fn strip<T: Scalar, const L: usize>(
    from: *const T,
    starts: &[isize],
    to: *mut T,
    width: usize,
    count: usize,
) {
    let rows: [*const T; L] = std::array::from_fn(|i| from.wrapping_offset(starts[i]));
    let mut p = 0;
    // SAFETY: p + SIDE ≤ count, then p < count.
    unsafe {
        while p + SIDE <= count {
            let square = rows.map(|row| row.add(p).cast::<[T; SIDE]>().read());
            for q in 0..SIDE {
                to.add((p + q) * width).cast::<[T; L]>().write(square.map(|row| row[q]));
            }
            p += SIDE;
        }
        while p < count {
            to.add(p * width).cast::<[T; L]>().write(rows.map(|row| *row.add(p)));
            p += 1;
        }
    }
}
