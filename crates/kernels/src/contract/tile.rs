//! The innermost loop: a tile of C held in registers while one operand's lanes and the other's vectors stream by.
//!
//! Each step of the depth loads the vectors of a tile and multiplies them by one number of each of its rows, so that
//! arithmetic is the bound: a tile of AVX-512 has 12 rows of 2 vectors, 24 multiply-adds for 14 loads; one of AVX2 6 rows of 2
//! or 4 of 3, 12 for 8 or 7. (Fewer than eight sums at a time would wait for each other.)
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
pub(super) const MAX_VECTORS: usize = 3;

/// The most numbers of a tile.
const MAX_TILE: usize = MAX_ROWS * 2 * crate::vector::MAX_LANES;

/// The largest tile of a kind, and how many numbers a vector has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TileShape {
    pub(super) rows: usize,
    pub(super) vectors: usize,
    pub(super) lanes: usize,
}

impl TileShape {
    /// The kinds of a level, first the one for most products.
    pub(super) fn all<T: Scalar>(isa: Isa) -> [TileShape; 3] {
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
    type Output = [TileShape; 3];

    #[inline(always)]
    fn run<S: Simd>(self) -> Self::Output {
        let shape = |rows, vectors| TileShape { rows, vectors, lanes: T::Vector::<S>::LANES };
        [shape(S::TILE_ROWS, 2), shape(S::TILE_ROWS * 2 / 3, 3), shape(MAX_ROWS, 1)]
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

/// The least height of a tile that there is code for, for so many rows.
pub(super) fn height(rows: usize) -> usize {
    match rows {
        0..=6 => rows,
        _ => rows.next_multiple_of(2),
    }
}

impl<T: Scalar> Strip<'_, T> {
    /// Computes the tiles.
    ///
    /// # Safety
    ///
    /// There is at least one row and at most [`MAX_ROWS`], and more than the level's only where no panel is wider than a
    /// vector. X, Y and the tables can be read wherever they are stepped to, and C be written at every row and column,
    /// which nobody else touches. Vectors of Y end with its columns if `masked`, and can be read whole if not. Steps are
    /// packed only for a [`height`] of rows.
    pub(super) unsafe fn run(&self, isa: Isa) {
        match self.steps {
            Steps::Packed => self.of_height::<PACKED>(isa),
            Steps::Strided => self.of_height::<STRIDED>(isa),
            Steps::Table => self.of_height::<TABLE>(isa),
            Steps::Tables => self.of_height::<TABLES>(isa),
        }
    }

    /// Picks the code for the height; rows that are missing to it repeat the last.
    fn of_height<const STEPS: u8>(&self, isa: Isa) {
        match self.rows {
            1 => isa.run(Tiles::<T, 1, STEPS>(self)),
            2 => isa.run(Tiles::<T, 2, STEPS>(self)),
            3 => isa.run(Tiles::<T, 3, STEPS>(self)),
            4 => isa.run(Tiles::<T, 4, STEPS>(self)),
            5 => isa.run(Tiles::<T, 5, STEPS>(self)),
            6 => isa.run(Tiles::<T, 6, STEPS>(self)),
            7..=8 => isa.run(Tiles::<T, 8, STEPS>(self)),
            9..=10 => isa.run(Tiles::<T, 10, STEPS>(self)),
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
        let lanes = T::Vector::<S>::LANES;
        for panel in self.0.panels {
            // SAFETY: the promises of `Strip::run`; this is the copy for level `S`.
            unsafe {
                if panel.columns <= lanes {
                    self.of_width::<S, 1>(panel);
                } else if R <= S::TILE_ROWS && panel.columns <= 2 * lanes {
                    self.of_width::<S, 2>(panel);
                } else if R * 3 <= S::TILE_ROWS * 2 {
                    self.of_width::<S, 3>(panel);
                }
            }
        }
    }
}

impl<T: Scalar, const R: usize, const STEPS: u8> Tiles<'_, T, R, STEPS> {
    /// Picks the loads of Y, and the way to C.
    ///
    /// # Safety
    ///
    /// As of `compute`.
    #[inline(always)]
    unsafe fn of_width<S: Simd, const V: usize>(&self, panel: &Panel<T>) {
        let strip = self.0;
        // SAFETY: as the caller vouches; the room for a scattered tile is as wide as its vectors.
        unsafe {
            if let Some(columns) = strip.scattered {
                let mut room = MaybeUninit::<[T; MAX_TILE]>::uninit();
                let room = room.as_mut_ptr().cast::<T>();
                let width = V * T::Vector::<S>::LANES;
                let rows = std::array::from_fn(|i| (i * width) as isize);
                self.masked::<S, V>(panel, room, &rows, false);
                scatter(strip, panel, room, width, columns);
            } else {
                let c = strip.c.wrapping_offset(panel.c);
                for i in 0..R.min(strip.rows) {
                    for v in 0..V {
                        // Writing to a line that is not in the first-level cache would stall; it is there by then.
                        let line = v * T::Vector::<S>::LANES;
                        prefetch(c.wrapping_offset(strip.c_rows[i]).wrapping_add(line));
                    }
                }
                self.masked::<S, V>(panel, c, &strip.c_rows, strip.accumulate);
            }
        }
    }

    /// # Safety
    ///
    /// As of `compute`.
    #[inline(always)]
    unsafe fn masked<S: Simd, const V: usize>(
        &self,
        panel: &Panel<T>,
        c: *mut T,
        rows: &[isize; MAX_ROWS],
        accumulate: bool,
    ) {
        // SAFETY: as the caller vouches.
        unsafe {
            let sums = if panel.masked {
                self.compute::<T::Vector<S>, V, true>(panel)
            } else {
                self.compute::<T::Vector<S>, V, false>(panel)
            };
            self.store::<T::Vector<S>, V>(&sums, panel.columns, c, rows, accumulate);
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
        rows: &[isize; MAX_ROWS],
        accumulate: bool,
    ) {
        let last = columns - (V - 1) * X::LANES;
        for i in 0..R {
            if i >= self.0.rows {
                break;
            }
            for v in 0..V {
                let to = c.wrapping_offset(rows[i]).wrapping_add(v * X::LANES);
                let part = v + 1 == V && last < X::LANES;
                // SAFETY: the row exists; of the last vector only the columns that there are are touched.
                unsafe {
                    let mut sum = sums[i][v];
                    if accumulate {
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
