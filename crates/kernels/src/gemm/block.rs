//! A product on one thread: how it is cut so that each part stays in the cache that can feed the next.
//!
//! From outside in (after K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM
//! Transactions on Mathematical Software 34, 2008): a block of B for the second-level cache; a band of A beside it, of
//! which a panel, one tile high, stays in the first; and along the panel the tiles of C, neighbours in memory.

use super::pack::Pack;
use super::tile::{MAX_ROWS, Tile, TileSize};
use crate::isa::Isa;
use crate::scalar::Scalar;

/// The most depth of a block: what a tile of C gathers before it is written.
const DEPTH: usize = 384;

/// Bytes of a packed block of B: half of a second-level cache of 2 MiB.
const B_BYTES: usize = 1 << 20;

/// Panels of A that are packed at a time: rows long enough to visit few memory pages, where A is transposed.
const BAND: usize = 16;

/// Bytes of a packed band of A.
const A_BYTES: usize = BAND * MAX_ROWS * DEPTH * size_of::<f64>();

/// A block of B larger than this is packed although its rows are contiguous: a copy reads it as it lies in memory, while
/// tiles would wait for each of its rows, if it is not in a cache, and touch many memory pages.
const IN_PLACE_BYTES: usize = 1 << 14;

/// Packing B in vain costs more than it gains when fewer panels of A than this read it.
const FEW_PANELS: usize = 4;

/// A is packed when at least this many tiles lie along a panel, and read in place when fewer do.
const MANY_TILES: usize = 8;

/// Room for a packed block of B and a band of A.
#[derive(Debug)]
pub struct Scratch(*mut u8);

impl Scratch {
    /// Lends this thread's scratch, which is allocated when it is first asked for.
    pub(crate) fn with<R>(f: impl FnOnce(&mut Scratch) -> R) -> R {
        const { assert!(B_BYTES + A_BYTES <= crate::scratch::COPIES) };
        crate::scratch::Scratch::for_copies(|room| f(&mut Scratch(room.start())))
    }

    /// Where a block of B goes, and where a band of A.
    fn rooms<T>(&mut self) -> (*mut T, *mut T) {
        (self.0.cast(), self.0.wrapping_add(B_BYTES).cast())
    }
}

/// A part of A or B by its address and strides in elements.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strided<T> {
    pub(super) start: *const T,
    pub(super) row: usize,
    pub(super) column: usize,
}

impl<T> Strided<T> {
    /// The part from element (`row`, `column`) on.
    ///
    /// # Safety
    ///
    /// The element exists.
    unsafe fn from(self, row: usize, column: usize) -> Self {
        // SAFETY: an existing element lies within the allocation.
        Strided { start: unsafe { self.start.add(row * self.row + column * self.column) }, ..self }
    }
}

/// C = A·B or C += A·B, by addresses. Whoever makes one vouches for them.
#[derive(Clone, Copy, Debug)]
pub struct Product<T> {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) depth: usize,
    pub(super) a: Strided<T>,
    pub(super) b: Strided<T>,
    pub(super) c: *mut T,
    pub(super) c_row: usize,
    pub(super) accumulate: bool,
}

// SAFETY: the addresses are of slices of T, A and B are only read, and threads that share a product write parts of C
// that do not meet (see `super::gemm`).
unsafe impl<T: Send + Sync> Sync for Product<T> {}

impl<T: Scalar> Product<T> {
    /// The part of the product that concerns `rows` rows and `columns` columns of C from (`row`, `column`) on.
    ///
    /// # Safety
    ///
    /// The part is not empty and lies within C.
    pub(super) unsafe fn part(
        self,
        row: usize,
        rows: usize,
        column: usize,
        columns: usize,
    ) -> Self {
        // SAFETY: the first elements of the part exist in A, B and C.
        unsafe {
            let c = self.c.add(row * self.c_row + column);
            Product { rows, columns, a: self.a.from(row, 0), b: self.b.from(0, column), c, ..self }
        }
    }

    /// The part of the product that concerns `depth` columns of A and rows of B from `p` on.
    ///
    /// # Safety
    ///
    /// The part is not empty and lies within A and B.
    unsafe fn layer(self, p: usize, depth: usize) -> Self {
        let accumulate = self.accumulate || p > 0;
        // SAFETY: the first elements of the part exist in A and B.
        unsafe { Product { depth, a: self.a.from(0, p), b: self.b.from(p, 0), accumulate, ..self } }
    }

    /// Computes the product, none of whose dimensions is 0.
    pub(crate) fn run(self, isa: Isa, scratch: &mut Scratch) {
        let size = TileSize::of::<T>(isa);
        let depth = even_part(self.depth, DEPTH);
        let most = B_BYTES / size_of::<T>() / depth / size.columns * size.columns;
        let width = even_part(self.columns, most).next_multiple_of(size.columns);
        for p in (0..self.depth).step_by(depth) {
            for column in (0..self.columns).step_by(width) {
                let columns = width.min(self.columns - column);
                // SAFETY: `column` and `p` are less than what they count.
                let block = unsafe {
                    self.part(0, self.rows, column, columns).layer(p, depth.min(self.depth - p))
                };
                block.run_block(isa, size, scratch);
            }
        }
    }

    /// Computes a product whose B fits the scratch.
    fn run_block(self, isa: Isa, size: TileSize, scratch: &mut Scratch) {
        let (room_b, room_a) = scratch.rooms();
        let b = self.panels_of_b(isa, size, room_b);
        let pack = self.columns.div_ceil(size.columns) >= MANY_TILES;
        let height = if pack { BAND * size.rows } else { self.rows };
        for row in (0..self.rows).step_by(height) {
            // SAFETY: `row` is a row of C.
            let band = unsafe { self.part(row, height.min(self.rows - row), 0, self.columns) };
            let a = if pack { band.pack_a(isa, size, room_a) } else { band.panels_of_a(size) };
            band.run_band(isa, size, a, b);
        }
    }

    /// Computes the tiles of a band: those along one panel of A, which stays in the first-level cache, then the next.
    fn run_band(self, isa: Isa, size: TileSize, a: Panels<T>, b: Panels<T>) {
        for (i, row) in (0..self.rows).step_by(size.rows).enumerate() {
            for (j, column) in (0..self.columns).step_by(size.columns).enumerate() {
                let tile = Tile {
                    a: a.panel(i),
                    b: b.panel(j).start,
                    b_row: b.first.row,
                    c: self.c.wrapping_add(row * self.c_row + column),
                    c_row: self.c_row,
                    rows: size.rows.min(self.rows - row),
                    columns: size.columns.min(self.columns - column),
                    depth: self.depth,
                    accumulate: self.accumulate,
                };
                // SAFETY: the tile lies within C, which `self` may write, and is not larger than `size`.
                unsafe { tile.run(isa) };
            }
        }
    }

    /// A in place.
    fn panels_of_a(self, size: TileSize) -> Panels<T> {
        Panels { first: self.a, step: size.rows * self.a.row }
    }

    /// Copies A, of at most a band's height, in panels of the height of a tile, each column by column.
    fn pack_a(self, isa: Isa, size: TileSize, to: *mut T) -> Panels<T> {
        let pack = Pack {
            from: self.a.start,
            depth_step: self.a.column,
            width_step: self.a.row,
            to,
            panel: size.rows,
            depth: self.depth,
            width: self.rows,
        };
        // SAFETY: A has at most DEPTH columns and BAND panels, for which `to` has room.
        unsafe { pack.run(isa) };
        let first = Strided { start: to.cast_const(), row: 1, column: size.rows };
        Panels { first, step: size.rows * self.depth }
    }

    /// B as panels of the width of a tile, in place or packed.
    fn panels_of_b(self, isa: Isa, size: TileSize, to: *mut T) -> Panels<T> {
        let bytes = self.depth * self.columns * size_of::<T>();
        let large = self.rows > FEW_PANELS * size.rows && bytes > IN_PLACE_BYTES;
        if self.b.column == 1 && !large {
            return Panels { first: self.b, step: size.columns };
        }
        let pack = Pack {
            from: self.b.start,
            depth_step: self.b.row,
            width_step: self.b.column,
            to,
            panel: size.columns,
            depth: self.depth,
            width: self.columns,
        };
        // SAFETY: the block lies within B, and its copy within the scratch, for which the width of B was chosen.
        unsafe { pack.run(isa) };
        let first = Strided { start: to.cast_const(), row: size.columns, column: 1 };
        Panels { first, step: size.columns * self.depth }
    }
}

/// A or B as panels of the size of a tile, each `step` elements after the one before.
#[derive(Clone, Copy)]
struct Panels<T> {
    first: Strided<T>,
    step: usize,
}

impl<T: Scalar> Panels<T> {
    fn panel(self, number: usize) -> Strided<T> {
        Strided { start: self.first.start.wrapping_add(number * self.step), ..self.first }
    }
}

/// The size of equal parts of `total`, as few as possible and none above `limit`.
fn even_part(total: usize, limit: usize) -> usize {
    total.div_ceil(total.div_ceil(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_even_and_within_the_limit() {
        assert_eq!(even_part(784, 256), 196);
        assert_eq!(even_part(257, 256), 129);
        assert_eq!(even_part(256, 256), 256);
        assert_eq!(even_part(1, 6), 1);
    }
}
