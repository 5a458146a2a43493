//! Tiles whose columns do not lie side by side in C.

use super::Group;
use super::tile::{Panel, Strip};
use crate::scalar::Scalar;

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
    columns.for_each(panel.first, panel.columns, |j, offset| {
        let to = strip.c.wrapping_offset(offset);
        for (i, &row) in rows.iter().enumerate() {
            let place = to.wrapping_offset(row);
            // SAFETY: a row and a column of the tile, as the caller vouches.
            unsafe {
                let sum = *tile.add(i * width + j);
                *place = if strip.accumulate { sum + *place } else { sum };
            }
        }
    });
}
