//! A product on one thread: how it is cut so that each part stays in the cache that can feed the next.
//!
//! From outside in (after K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM
//! Transactions on Mathematical Software 34, 2008): a block of B for the second-level cache; a panel of A, one tile
//! high, for the first; and along the panel the tiles of C.

use std::cell::RefCell;

use super::pack::Pack;
use super::tile::{MAX_ROWS, Tile, TileSize};
use crate::isa::Isa;
use crate::scalar::Scalar;

/// The depth of a block: what a tile of C gathers before it is written.
const DEPTH: usize = 256;

/// Bytes of a packed block of B: half of a second-level cache of 2 MiB.
const SCRATCH_BYTES: usize = 1 << 20;

/// A block of B larger than this is packed although its rows are contiguous: read in place it would touch more memory
/// pages than the processor has at hand.
const IN_PLACE_BYTES: usize = 1 << 16;

/// Packing B in vain costs more than it gains when fewer panels of A than this read it.
const FEW_PANELS: usize = 4;

/// Room for a packed block of B: one for each thread, for both precisions, allocated once.
#[derive(Debug)]
pub struct Scratch(Box<[CacheLine]>);

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct CacheLine {
    _bytes: [u8; 64],
}

impl Scratch {
    /// Lends this thread's scratch, which is allocated when it is first asked for.
    pub(crate) fn with<R>(f: impl FnOnce(&mut Scratch) -> R) -> R {
        thread_local! {
            static SCRATCH: RefCell<Scratch> = {
                let line = CacheLine { _bytes: [0; 64] };
                RefCell::new(Scratch(vec![line; SCRATCH_BYTES / 64].into()))
            };
        }
        SCRATCH.with_borrow_mut(f)
    }
}

/// A part of A or B by its address and strides in elements.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand<T> {
    pub(super) start: *const T,
    pub(super) row: usize,
    pub(super) column: usize,
}

impl<T> Operand<T> {
    /// The part from element (`row`, `column`) on.
    ///
    /// # Safety
    ///
    /// The element exists.
    unsafe fn from(self, row: usize, column: usize) -> Self {
        // SAFETY: an existing element lies within the allocation.
        Operand { start: unsafe { self.start.add(row * self.row + column * self.column) }, ..self }
    }
}

/// C = A·B or C += A·B, by addresses. Whoever makes one vouches for them.
#[derive(Clone, Copy, Debug)]
pub struct Product<T> {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) depth: usize,
    pub(super) a: Operand<T>,
    pub(super) b: Operand<T>,
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
        let width = SCRATCH_BYTES / size_of::<T>() / depth / size.columns * size.columns;
        for column in (0..self.columns).step_by(width) {
            let columns = width.min(self.columns - column);
            for p in (0..self.depth).step_by(depth) {
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
        let panels = Panels::of(self, isa, size, scratch);
        let height = even_part(self.rows, size.rows);
        let mut packed = [T::zero(); MAX_ROWS * DEPTH];
        for row in (0..self.rows).step_by(height) {
            let rows = height.min(self.rows - row);
            // SAFETY: `row` is a row of C.
            let mut panel = unsafe { self.part(row, rows, 0, self.columns) };
            if self.a.column != 1 && self.columns > size.columns {
                panel.a = panel.pack_a(isa, &mut packed);
            }
            panel.run_panel(isa, size, panels);
        }
    }

    /// Computes the tiles along one panel of A.
    fn run_panel(self, isa: Isa, size: TileSize, b: Panels<T>) {
        for (j, column) in (0..self.columns).step_by(size.columns).enumerate() {
            // SAFETY: `column` is a column of B, where panel j begins, and of C.
            let (first, c) = unsafe { (b.first.add(j * b.step), self.c.add(column)) };
            let tile = Tile {
                a: self.a,
                b: first,
                b_row: b.row,
                c,
                c_row: self.c_row,
                rows: self.rows,
                columns: size.columns.min(self.columns - column),
                depth: self.depth,
                accumulate: self.accumulate,
            };
            // SAFETY: the tile lies within C, which `self` may write, and is not larger than `size`.
            unsafe { tile.run(isa) };
        }
    }

    /// Copies A, of the height of a tile, column by column.
    fn pack_a(self, isa: Isa, to: &mut [T; MAX_ROWS * DEPTH]) -> Operand<T> {
        let pack = Pack {
            from: self.a.start,
            depth_step: self.a.column,
            width_step: self.a.row,
            to: to.as_mut_ptr(),
            to_step: self.rows,
            depth: self.depth,
            width: self.rows,
        };
        // SAFETY: A has `rows` ≤ MAX_ROWS rows and `depth` ≤ DEPTH columns.
        unsafe { pack.run(isa) };
        Operand { start: to.as_ptr(), row: 1, column: self.rows }
    }
}

/// B as panels of the width of a tile: row p of panel j begins at `first[j·step + p·row]`.
#[derive(Clone, Copy)]
struct Panels<T> {
    first: *const T,
    step: usize,
    row: usize,
}

impl<T: Scalar> Panels<T> {
    /// B of the product, in place or packed into the scratch.
    fn of(product: Product<T>, isa: Isa, size: TileSize, scratch: &mut Scratch) -> Self {
        let Product { rows, columns, depth, b, .. } = product;
        let large =
            rows > FEW_PANELS * size.rows && depth * columns * size_of::<T>() > IN_PLACE_BYTES;
        if b.column == 1 && !large {
            return Panels { first: b.start, step: size.columns, row: b.row };
        }
        let to = scratch.0.as_mut_ptr().cast::<T>();
        let step = size.columns * depth;
        for (j, column) in (0..columns).step_by(size.columns).enumerate() {
            // SAFETY: the panel lies within B, and its copy within the scratch, for which the width of B was chosen.
            unsafe {
                let pack = Pack {
                    from: b.from(0, column).start,
                    depth_step: b.row,
                    width_step: b.column,
                    to: to.add(j * step),
                    to_step: size.columns,
                    depth,
                    width: size.columns.min(columns - column),
                };
                pack.run(isa);
            }
        }
        Panels { first: to, step, row: size.columns }
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
