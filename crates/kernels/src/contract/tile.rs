//! The innermost loop: a tile of C held in registers while one operand's lanes and the other's vectors stream by.
//!
//! Each step of the depth loads the vectors of a tile and multiplies them by one number of each of its rows, so that
//! arithmetic is the bound: a tile of AVX-512 has 12 rows of 2 vectors, 24 multiply-adds for 14 loads; one of AVX2 6 rows of
//! 2, or 12 of 1 where there are few columns. (Fewer than eight sums at a time would wait for each other.)
//!
//! Rows and steps of the depth are found by strides or by tables of offsets, so that windows of an image are read where
//! they lie.

use std::marker::PhantomData;
use std::mem::MaybeUninit;

use super::Group;
use super::store::scatter;
use crate::isa::{Isa, Kernel, Simd};
use crate::scalar::Scalar;
use crate::vector::Vector;

/// The most rows of a tile on any level.
pub(super) const MAX_ROWS: usize = 12;

/// The most vectors side by side in a tile.
pub(super) const MAX_VECTORS: usize = 2;

/// The largest tile of a kind, and how many numbers a vector has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TileShape {
    pub(super) rows: usize,
    pub(super) vectors: usize,
    pub(super) lanes: usize,
}

impl TileShape {
    /// The kinds of a level, first the one for most products.
    pub(super) fn all<T: Scalar>(isa: Isa) -> [TileShape; 2] {
        isa.run(Ask::<T>(PhantomData))
    }

    /// The most columns.
    pub(super) fn columns(self) -> usize {
        self.vectors * self.lanes
    }
}

/// Asks a level for its tiles.
struct Ask<T>(PhantomData<T>);

impl<T: Scalar> Kernel for Ask<T> {
    type Output = [TileShape; 2];

    #[inline(always)]
    fn run<S: Simd>(self) -> Self::Output {
        let shape = |rows, vectors| TileShape { rows, vectors, lanes: T::Vector::<S>::LANES };
        let tall = if S::TALL { MAX_ROWS } else { S::TILE_ROWS };
        [shape(S::TILE_ROWS, MAX_VECTORS), shape(tall, 1)]
    }
}

/// How the two operands of a tile are stepped through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Steps {
    /// The rows of X lie side by side, copied for this height of tile; Y has a stride.
    Packed,
    /// Both have a stride.
    Strided,
    /// X has a table of offsets, Y a stride.
    Table,
    /// Both have tables of offsets.
    Tables,
}

const PACKED: u8 = Steps::Packed as u8;
const STRIDED: u8 = Steps::Strided as u8;
const TABLE: u8 = Steps::Table as u8;
const TABLES: u8 = Steps::Tables as u8;

/// The columns of one tile: where they are read, and where written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel<T> {
    pub(super) y: *const T,
    pub(super) y_step: isize,
    pub(super) columns: usize,
    /// The vectors end beyond what may be read of Y.
    pub(super) masked: bool,
    /// The first column.
    pub(super) first: usize,
    /// The offset of the first column in C.
    pub(super) c: isize,
}

/// The rows of some tiles side by side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strip<'p, T> {
    pub(super) steps: Steps,
    pub(super) rows: usize,
    pub(super) depth: usize,
    pub(super) x: *const T,
    /// The offset of each row in X, and that of the last row again to the end.
    pub(super) x_rows: [isize; MAX_ROWS],
    pub(super) x_step: isize,
    /// The offset of each step of the depth, in X and in Y.
    pub(super) tables: [*const isize; 2],
    pub(super) c: *mut T,
    pub(super) c_rows: [isize; MAX_ROWS],
    /// The columns of C, unless those of each tile lie side by side.
    pub(super) scattered: Option<&'p Group>,
    pub(super) accumulate: bool,
    pub(super) panels: &'p [Panel<T>],
}

/// The height of the tiles of packed rows: the least that there is code for.
pub(super) fn packed_height(rows: usize) -> usize {
    match rows {
        0..=2 => 2,
        3..=4 => 4,
        5..=6 => rows,
        _ => rows.next_multiple_of(2),
    }
}

impl<T: Scalar> Strip<'_, T> {
    /// Computes the tiles.
    ///
    /// # Safety
    ///
    /// There is at least one row and at most [`MAX_ROWS`], and more than the level's only where no panel is wider than a
    /// vector and rows are not packed. X, Y and the tables can be read wherever they are stepped to, and C be written at
    /// every row and column, which nobody else touches. Packed rows are as many as their [`packed_height`]. Where Y is read
    /// by strides or tables its vectors end with the columns of a panel, if it is `masked`; all others can be read whole.
    pub(super) unsafe fn run(&self, isa: Isa) {
        match self.steps {
            Steps::Packed => self.packed(isa),
            Steps::Strided => self.strided(isa),
            Steps::Table => self.tabled::<TABLE>(isa),
            Steps::Tables => self.tabled::<TABLES>(isa),
        }
    }

    fn packed(&self, isa: Isa) {
        match packed_height(self.rows) {
            2 => isa.run(Tiles::<T, 2, PACKED>(self)),
            4 => isa.run(Tiles::<T, 4, PACKED>(self)),
            5 => isa.run(Tiles::<T, 5, PACKED>(self)),
            6 => isa.run(Tiles::<T, 6, PACKED>(self)),
            8 => isa.run(Tiles::<T, 8, PACKED>(self)),
            10 => isa.run(Tiles::<T, 10, PACKED>(self)),
            _ => isa.run(Tiles::<T, 12, PACKED>(self)),
        }
    }

    /// Rows that are missing to the height of the code repeat the last.
    fn strided(&self, isa: Isa) {
        match self.rows {
            1 => isa.run(Tiles::<T, 1, STRIDED>(self)),
            2 => isa.run(Tiles::<T, 2, STRIDED>(self)),
            3 => isa.run(Tiles::<T, 3, STRIDED>(self)),
            4 => isa.run(Tiles::<T, 4, STRIDED>(self)),
            5 => isa.run(Tiles::<T, 5, STRIDED>(self)),
            6 => isa.run(Tiles::<T, 6, STRIDED>(self)),
            7..=8 => isa.run(Tiles::<T, 8, STRIDED>(self)),
            9..=10 => isa.run(Tiles::<T, 10, STRIDED>(self)),
            _ => isa.run(Tiles::<T, 12, STRIDED>(self)),
        }
    }

    /// Likewise; the tables leave little to gain from more heights.
    fn tabled<const STEPS: u8>(&self, isa: Isa) {
        match self.rows {
            1..=2 => isa.run(Tiles::<T, 2, STEPS>(self)),
            3..=4 => isa.run(Tiles::<T, 4, STEPS>(self)),
            5..=6 => isa.run(Tiles::<T, 6, STEPS>(self)),
            7..=8 => isa.run(Tiles::<T, 8, STEPS>(self)),
            _ => isa.run(Tiles::<T, 12, STEPS>(self)),
        }
    }
}

/// The tiles of a strip, in code for their height.
struct Tiles<'s, T, const R: usize, const STEPS: u8>(&'s Strip<'s, T>);

impl<T: Scalar, const R: usize, const STEPS: u8> Kernel for Tiles<'_, T, R, STEPS> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        // What no plan asks for is not compiled.
        if R > S::TILE_ROWS && (STEPS == PACKED || !S::TALL) {
            return;
        }
        for panel in self.0.panels {
            // SAFETY: the promises of `Strip::run`; this is the copy for level `S`.
            unsafe {
                let in_place = STEPS == STRIDED || STEPS == TABLES;
                if panel.columns <= T::Vector::<S>::LANES {
                    if in_place {
                        self.tile::<T::Vector<S>, 1, true>(panel);
                    } else {
                        self.tile::<T::Vector<S>, 1, false>(panel);
                    }
                } else if R <= S::TILE_ROWS {
                    if in_place && (S::FREE_MASKS || panel.masked) {
                        self.tile::<T::Vector<S>, 2, true>(panel);
                    } else {
                        self.tile::<T::Vector<S>, 2, false>(panel);
                    }
                }
            }
        }
    }
}

impl<T: Scalar, const R: usize, const STEPS: u8> Tiles<'_, T, R, STEPS> {
    /// A tile, into C or, where its columns do not lie side by side there, by way of a room of its own.
    ///
    /// # Safety
    ///
    /// As for `Strip::run`.
    #[inline(always)]
    unsafe fn tile<X: Vector<T>, const V: usize, const MASKED: bool>(&self, panel: &Panel<T>) {
        let strip = self.0;
        // SAFETY: as the caller vouches; the room is as large as the tile.
        unsafe {
            if strip.scattered.is_none() {
                let c = strip.c.wrapping_offset(panel.c);
                for i in 0..R.min(strip.rows) {
                    for v in 0..V {
                        // Writing to a line that is not in the first-level cache would stall; it is there by then.
                        let row = c.wrapping_offset(strip.c_rows[i]);
                        prefetch(row.wrapping_add(v * X::LANES));
                    }
                }
            }
            let sums = self.compute::<X, V, MASKED>(panel);
            if let Some(columns) = strip.scattered {
                let mut room = MaybeUninit::<[[X; V]; R]>::uninit();
                room.write(sums);
                scatter(strip, panel, room.as_ptr().cast(), V * X::LANES, columns);
            } else {
                self.store(&sums, panel.columns, strip.c.wrapping_offset(panel.c));
            }
        }
    }

    /// The sums of a tile of `R` rows, some of them perhaps repeated, and `V` vectors.
    ///
    /// # Safety
    ///
    /// As for `Strip::run`.
    #[inline(always)]
    #[expect(
        clippy::needless_range_loop,
        reason = "counted loops over arrays unroll into registers"
    )]
    unsafe fn compute<X: Vector<T>, const V: usize, const MASKED: bool>(
        &self,
        panel: &Panel<T>,
    ) -> [[X; V]; R] {
        let strip = self.0;
        // SAFETY: every address is one that the caller vouches for, as is the instruction set of the vectors; of the
        // last vector only the first `last` lanes are touched if `MASKED`.
        unsafe {
            let last = panel.columns.wrapping_sub((V - 1) * X::LANES);
            let mut offsets = [0; R];
            for i in 0..R {
                offsets[i] = if STEPS == PACKED { i as isize } else { strip.x_rows[i] };
            }
            let zero = X::splat(T::zero());
            let mut sums = [[zero; V]; R];
            let (mut x, mut y) = (strip.x, panel.y);
            for p in 0..strip.depth {
                if STEPS == TABLE || STEPS == TABLES {
                    x = strip.x.wrapping_offset(*strip.tables[0].add(p));
                }
                if STEPS == TABLES {
                    y = panel.y.wrapping_offset(*strip.tables[1].add(p));
                }
                let mut row = [zero; V];
                for v in 0..V {
                    let from = y.wrapping_add(v * X::LANES);
                    row[v] = if MASKED && v + 1 == V {
                        X::load_first(from, last)
                    } else {
                        X::load(from)
                    };
                }
                for i in 0..R {
                    let x = X::splat(*x.wrapping_offset(offsets[i]));
                    for v in 0..V {
                        sums[i][v] = x.mul_add(row[v], sums[i][v]);
                    }
                }
                if STEPS == PACKED {
                    x = x.wrapping_add(R);
                } else if STEPS == STRIDED {
                    x = x.wrapping_offset(strip.x_step);
                }
                if STEPS != TABLES {
                    y = y.wrapping_offset(panel.y_step);
                }
            }
            sums
        }
    }

    /// Writes the sums of the rows that there are.
    ///
    /// # Safety
    ///
    /// As for `Strip::run`.
    #[inline(always)]
    #[expect(
        clippy::needless_range_loop,
        reason = "counted loops over arrays unroll into registers"
    )]
    unsafe fn store<X: Vector<T>, const V: usize>(
        &self,
        sums: &[[X; V]; R],
        columns: usize,
        c: *mut T,
    ) {
        let last = columns - (V - 1) * X::LANES;
        for i in 0..R {
            if i >= self.0.rows {
                break;
            }
            for v in 0..V {
                let to = c.wrapping_offset(self.0.c_rows[i]).wrapping_add(v * X::LANES);
                let part = v + 1 == V && last < X::LANES;
                // SAFETY: the row exists; of the last vector only the columns that there are are touched.
                unsafe {
                    let mut sum = sums[i][v];
                    if self.0.accumulate {
                        let old = if part { X::load_first(to, last) } else { X::load(to) };
                        sum = sum.add(old);
                    }
                    if part { sum.store_first(to, last) } else { sum.store(to) }
                }
            }
        }
    }
}

/// Asks for the cache line at an address, which need not be valid.
#[inline(always)]
fn prefetch<T>(address: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE, which every x86-64 processor has; a prefetch never faults.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
