//! Results whose columns do not lie side by side in C.

use std::ops::Range;

use super::group::Group;
use super::strip::{Panel, Strip};
use crate::isa::{Kernel, Simd};
use crate::scalar::Scalar;
use crate::transpose::{SIDE, transpose};
use crate::vector::MAX_LANES;

/// The height of most tiles of sixteen registers.
const FULL: usize = 6;

/// Writes a computed tile, rows of `width` numbers, to its places in C.
///
/// # Safety
///
/// As of [`Strip::run`]; the tile has been computed.
pub(super) unsafe fn scatter<T: Scalar>(
    strip: &Strip<'_, T>,
    panel: &Panel<T>,
    tile: *const T,
    width: usize,
    columns: &Group,
) {
    let rows = &strip.c_rows[..strip.rows];
    let together = rows.iter().zip(&rows[1..]).all(|(row, next)| *next == row + 1);
    columns.for_each(panel.first, panel.columns, |j, offset| {
        let to = strip.c.wrapping_offset(offset);
        // SAFETY: rows and a column of the tile, as the caller vouches.
        unsafe {
            if together && rows.len() == FULL && !strip.accumulate {
                // Rows that lie side by side are written by vectors.
                let column: [T; FULL] = std::array::from_fn(|i| *tile.add(i * width + j));
                to.wrapping_offset(rows[0]).cast::<[T; FULL]>().write(column);
                return;
            }
            for (i, &row) in rows.iter().enumerate() {
                let place = to.wrapping_offset(row);
                let sum = *tile.add(i * width + j);
                *place = if strip.accumulate { sum + *place } else { sum };
            }
        }
    });
}

/// A copy of results that lie in rows side by side to their places in C. Whoever makes one vouches for both.
pub(super) struct Unpack<'p, T> {
    pub(super) from: *const T,
    pub(super) to: *mut T,
    /// The rows of C, and which of them.
    pub(super) rows: (&'p Group, Range<usize>),
    pub(super) columns: (&'p Group, Range<usize>),
}

impl<T: Scalar> Kernel for Unpack<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Unpack { from, to, rows: (rows, range), columns: (columns, across) } = self;
        let width = across.len();
        let result = |i, j| from.wrapping_add((i - range.start) * width + (j - across.start));
        let turned = rows.stride() == 1 && rows.run_len() >= SIDE && columns.stride() > 0;
        let apart: [isize; MAX_LANES] = std::array::from_fn(|i| (i * width) as isize);
        rows.for_runs(range.clone(), |first, row, count| {
            for i in (first..first + count).step_by(MAX_LANES) {
                let high = MAX_LANES.min(first + count - i);
                columns.for_runs(across.clone(), |j, column, count| {
                    let step = columns.stride();
                    let to =
                        to.wrapping_offset(row + (i - first) as isize * rows.stride() + column);
                    let from = result(i, j);
                    // SAFETY: results and their places, as whoever made this vouches.
                    unsafe {
                        if turned {
                            let width = step as usize;
                            transpose::<T, T::Vector<S>>(from, &apart[..high], to, width, count);
                            return;
                        }
                        for i in 0..high {
                            let to = to.wrapping_offset(i as isize * rows.stride());
                            for j in 0..count {
                                *to.wrapping_offset(j as isize * step) = *from.add(i * width + j);
                            }
                        }
                    }
                });
            }
        });
    }
}
