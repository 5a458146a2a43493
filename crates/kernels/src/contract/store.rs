//! Tiles whose columns do not lie side by side in C.

use super::group::Group;
use super::strip::{Panel, Strip};
use crate::scalar::Scalar;

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
