//! A product on one thread: how it is cut so that each part stays in the cache that can feed the next.
//!
//! From outside in (K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34,
//! 2008): a block of B of at most [`Scratch`] size, for the second-level cache; a panel of A a tile high, for the
//! first-level cache; and along it the tiles of C.

use std::cell::RefCell;

use super::pack::Pack;
use super::tile::{Tile, TileSize};
use crate::isa::Isa;
use crate::scalar::Scalar;

/// The depth of a block: a panel of A (14 rows) and one of B (two vectors) fill most of a first-level cache.
const DEPTH: usize = 256;

/// Bytes of a packed block of B: half of a second-level cache of 2 MiB.
const B_BYTES: usize = 1 << 20;
const A_BYTES: usize = 1 << 19;

/// Room for a packed block of B, one for each thread and for both precisions.
#[derive(Debug)]
pub struct Scratch(Box<[Line]>);

/// A cache line, so that packed rows begin on one.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Line(#[expect(dead_code, reason = "only its address is used")] [u8; 64]);

impl Scratch {
    /// Lends this thread's scratch, which is allocated when it is first asked for.
    fn halves<T>(&mut self) -> (*mut T, *mut T) {
        let a = self.0.as_mut_ptr();
        (a.cast(), a.wrapping_add(A_BYTES / 64).cast())
    }

    pub(crate) fn with<R>(f: impl FnOnce(&mut Scratch) -> R) -> R {
        thread_local! {
            static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch(vec![Line([0; 64]); (A_BYTES + B_BYTES) / 64].into()));
        }
        SCRATCH.with_borrow_mut(f)
    }
}

/// C = A·B or C += A·B by addresses and strides in elements.
#[derive(Clone, Copy, Debug)]
pub struct Product<T> {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) depth: usize,
    pub(super) a: *const T,
    pub(super) a_row: usize,
    pub(super) a_column: usize,
    pub(super) b: *const T,
    pub(super) b_row: usize,
    pub(super) b_column: usize,
    pub(super) c: *mut T,
    pub(super) c_row: usize,
    pub(super) accumulate: bool,
}

// SAFETY: a product is lent to another thread only by `gemm`, whose parts write disjoint tiles of C.
unsafe impl<T: Sync> Sync for Product<T> {}

impl<T: Scalar> Product<T> {
    /// The product restricted to a rectangle of C.
    ///
    /// # Safety
    ///
    /// The rectangle lies within C.
    pub(super) unsafe fn part(
        self,
        row: usize,
        rows: usize,
        column: usize,
        columns: usize,
    ) -> Self {
        // SAFETY: the offsets are those of elements that exist.
        unsafe {
            Product {
                rows,
                columns,
                a: self.a.add(row * self.a_row),
                b: self.b.add(column * self.b_column),
                c: self.c.add(row * self.c_row + column),
                ..self
            }
        }
    }

    /// Computes the product. Depth, rows and columns must not be 0.
    ///
    /// That all addresses are valid, and that nobody else uses C, was vouched for where the product was made.
    pub(crate) fn run(self, isa: Isa, scratch: &mut Scratch) {
        let size = TileSize::of::<T>(isa);
        let depth = even(self.depth, DEPTH);
        let width = B_BYTES / size_of::<T>() / depth / size.columns * size.columns;
        let height = even(self.rows, A_BYTES / size_of::<T>() / depth / size.rows * size.rows);
        for column in (0..self.columns).step_by(width) {
            for p in (0..self.depth).step_by(depth) {
              for row in (0..self.rows).step_by(height) {
                let block = Product {
                    depth: depth.min(self.depth - p),
                    accumulate: self.accumulate || p > 0,
                    // SAFETY: row p of B, column p of A and `column` of C exist.
                    ..unsafe { self.part(row, height.min(self.rows - row), column, width.min(self.columns - column)).deeper(p) }
                };
                block.run_block(isa, size, scratch);
            }
            }
        }
    }

    /// # Safety
    ///
    /// The depth is greater than `p`.
    unsafe fn deeper(self, p: usize) -> Self {
        // SAFETY: by the above, the elements exist.
        unsafe {
            Product { a: self.a.add(p * self.a_column), b: self.b.add(p * self.b_row), ..self }
        }
    }

    /// A product whose A and B fit the scratch.
    fn run_block(self, isa: Isa, size: TileSize, scratch: &mut Scratch) {
        let panel = even(self.rows, size.rows);
        let (a, b) = scratch.halves();
        let a = if self.a_column != 1 { self.pack_a(isa, panel, a) } else { (self.a, self.a_row, self.a_column, panel * self.a_row) };
        let big = self.rows > 4 * size.rows && self.depth * self.columns * size_of::<T>() > 1 << 16;
        let b = if self.b_column != 1 || big { self.pack_b(isa, size, b) } else { (self.b, self.b_row, size.columns) };
            for (i, row) in (0..self.rows).step_by(panel).enumerate() {
        for (j, column) in (0..self.columns).step_by(size.columns).enumerate() {
                // SAFETY: addresses of elements that exist, in the matrices or in their packed copies.
                let (start, c) = unsafe { (a.0.add(i * a.3), self.c.add(row * self.c_row + column)) };
                let tile = Tile {
                    a: (start, start.wrapping_add(5 * a.1), start.wrapping_add(10 * a.1)),
                    a_row: a.1,
                    a_column: a.2,
                    b: unsafe { b.0.add(j * b.2) },
                    b_row: b.1,
                    c,
                    c_row: self.c_row,
                    columns: size.columns.min(self.columns - column),
                    depth: self.depth,
                    accumulate: self.accumulate,
                };
                // SAFETY: rows and columns are within the tile size and within the matrices.
                unsafe { tile.compute(isa, panel.min(self.rows - row)) };
            }
        }
    }

    fn pack_a(self, isa: Isa, panel: usize, to: *mut T) -> (*const T, usize, usize, usize) {
        for row in (0..self.rows).step_by(panel) {
            unsafe {
                let pack = Pack {
                    from: self.a.add(row * self.a_row),
                    depth_step: self.a_column,
                    width_step: self.a_row,
                    to: to.add(row * self.depth),
                    to_step: panel,
                    depth: self.depth,
                    width: panel.min(self.rows - row),
                };
                pack.run(isa);
            }
        }
        (to, 1, panel, panel * self.depth)
    }

    /// Packs B into panels a tile wide, each `depth` rows of `size.columns` elements.
    fn pack_b(self, isa: Isa, size: TileSize, to: *mut T) -> (*const T, usize, usize) {
        for column in (0..self.columns).step_by(size.columns) {
            // SAFETY: the panel lies within B and, by the choice of the block, within the scratch.
            unsafe {
                let pack = Pack {
                    from: self.b.add(column * self.b_column),
                    depth_step: self.b_row,
                    width_step: self.b_column,
                    to: to.add(column * self.depth),
                    to_step: size.columns,
                    depth: self.depth,
                    width: size.columns.min(self.columns - column),
                };
                pack.run(isa);
            }
        }
        (to, size.columns, size.columns * self.depth)
    }
}

/// The size of equal parts of `total`, as few as possible and none above `limit`.
fn even(total: usize, limit: usize) -> usize {
    total.div_ceil(total.div_ceil(limit))
}
