//! The innermost loop: a tile of C held in registers while one operand's lanes and the other's vectors stream by.
//!
//! Each step of the depth loads the vectors of a tile and multiplies them by one number of each of its rows, so that
//! arithmetic is the bound: a tile of AVX-512 has 12 rows of 2 vectors, 24 multiply-adds for 14 loads; one of AVX2 6 rows of
//! 2, or 8 of 1 where there are few columns. (Fewer than eight sums at a time would wait for each other.)
//!
//! Rows are found by offsets and steps of the depth by runs, so that windows of an image are read where they lie.

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
        [shape(S::TILE_ROWS, MAX_VECTORS), shape(S::TALL_ROWS, 1)]
    }
}

/// How the two operands of a tile are stepped through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Steps {
    /// The rows of X lie side by side, copied for this height of tile; Y has a stride.
    Packed,
    /// Both have a stride.
    Strided,
    /// Both have a stride along each of some runs.
    Runs,
}

const PACKED: u8 = Steps::Packed as u8;
const STRIDED: u8 = Steps::Strided as u8;
const RUNS: u8 = Steps::Runs as u8;

/// A part of the depth along which both operands have a stride.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepRun {
    /// The offset of the first step in X.
    pub(super) x: isize,
    /// The offset of the first step in Y, if that is read in place.
    pub(super) y: isize,
    /// The number of the first step, if Y is a copy, which has one stride.
    pub(super) first: isize,
    pub(super) len: usize,
}

/// The columns of one tile: where they are read, and where written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel<T> {
    pub(super) y: *const T,
    pub(super) y_step: isize,
    pub(super) columns: usize,
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
    /// The runs of the depth, if steps go by them, and one more that is not used.
    pub(super) runs: *const StepRun,
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
    /// vector and rows are not packed. X and Y can be read wherever they are stepped to, and C be written at
    /// every row and column, which nobody else touches. Packed rows are as many as their [`packed_height`].
    pub(super) unsafe fn run(&self, isa: Isa) {
        match self.steps {
            Steps::Packed => self.packed(isa),
            Steps::Strided => self.strided(isa),
            Steps::Runs => self.in_runs(isa),
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

    /// Likewise.
    fn in_runs(&self, isa: Isa) {
        match self.rows {
            1..=2 => isa.run(Tiles::<T, 2, RUNS>(self)),
            3..=4 => isa.run(Tiles::<T, 4, RUNS>(self)),
            5 => isa.run(Tiles::<T, 5, RUNS>(self)),
            6 => isa.run(Tiles::<T, 6, RUNS>(self)),
            7..=8 => isa.run(Tiles::<T, 8, RUNS>(self)),
            9..=10 => isa.run(Tiles::<T, 10, RUNS>(self)),
            _ => isa.run(Tiles::<T, 12, RUNS>(self)),
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
        if R > S::TALL_ROWS || R > S::TILE_ROWS && STEPS == PACKED {
            return;
        }
        for panel in self.0.panels {
            // SAFETY: the promises of `Strip::run`; this is the copy for level `S`.
            unsafe {
                if panel.columns <= T::Vector::<S>::LANES {
                    self.tile::<T::Vector<S>, 1>(panel);
                } else if R <= S::TILE_ROWS {
                    self.tile::<T::Vector<S>, 2>(panel);
                }
            }
        }
    }
}

impl<T: Scalar, const R: usize, const STEPS: u8> Tiles<'_, T, R, STEPS> {
    /// A tile, into C or, where its columns do not lie side by side there, by way of a room of its own.
    ///
    /// Of two vectors the second ends with the columns and overlaps the first where they do not fill both: the same sums
    /// are computed and written twice, which takes less than masks.
    ///
    /// # Safety
    ///
    /// As for `Strip::run`.
    #[inline(always)]
    unsafe fn tile<X: Vector<T>, const V: usize>(&self, panel: &Panel<T>) {
        let (strip, columns) = (self.0, panel.columns);
        let c = strip.c.wrapping_offset(panel.c);
        if strip.scattered.is_none() {
            for i in 0..R.min(strip.rows) {
                // Writing to a line that is not in the first-level cache would stall; it is there by then.
                let row = c.wrapping_offset(strip.c_rows[i]);
                prefetch(row);
                prefetch(row.wrapping_add(columns - 1));
            }
        }
        // SAFETY: as the caller vouches; the room is as large as the tile.
        unsafe {
            let sums = self.compute::<X, V>(panel);
            if let Some(places) = strip.scattered {
                let mut room = MaybeUninit::<[[X; V]; R]>::uninit();
                let start = room.as_mut_ptr().cast::<T>();
                let width = V * X::LANES;
                let rows = std::array::from_fn(|i| (i * width) as isize);
                self.store(&sums, columns, false, start, &rows);
                scatter(strip, panel, start, width, places);
            } else {
                self.store(&sums, columns, strip.accumulate, c, &strip.c_rows);
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
    unsafe fn compute<X: Vector<T>, const V: usize>(&self, panel: &Panel<T>) -> [[X; V]; R] {
        let strip = self.0;
        // SAFETY: every address is one that the caller vouches for, as is the instruction set of the vectors, which end
        // with the columns.
        unsafe {
            let second = panel.columns.wrapping_sub(X::LANES);
            let mut offsets = [0; R];
            for i in 0..R {
                offsets[i] = if STEPS == PACKED { i as isize } else { strip.x_rows[i] };
            }
            let zero = X::splat(T::zero());
            let mut sums = [[zero; V]; R];
            let (mut x, mut y, mut run, mut left) = (strip.x, panel.y, strip.runs, 0);
            if STEPS == RUNS {
                (x, y, left) = self.begin(panel, run);
            }
            for _ in 0..strip.depth {
                let mut row = [zero; V];
                if V == 1 {
                    row[0] = X::load_first(y, panel.columns);
                } else {
                    row[0] = X::load(y);
                    row[V - 1] = X::load(y.wrapping_add(second));
                }
                for i in 0..R {
                    let x = X::splat(*x.wrapping_offset(offsets[i]));
                    for v in 0..V {
                        sums[i][v] = x.mul_add(row[v], sums[i][v]);
                    }
                }
                let step = if STEPS == PACKED { R as isize } else { strip.x_step };
                x = x.wrapping_offset(step);
                y = y.wrapping_offset(panel.y_step);
                // In a loop within the loop, sums would not stay in registers.
                if STEPS == RUNS {
                    left -= 1;
                    if left == 0 {
                        run = run.add(1);
                        (x, y, left) = self.begin(panel, run);
                    }
                }
            }
            sums
        }
    }

    /// Where a run of the depth begins in X and in Y, and its length.
    ///
    /// # Safety
    ///
    /// There is such a run.
    #[inline(always)]
    unsafe fn begin(&self, panel: &Panel<T>, run: *const StepRun) -> (*const T, *const T, usize) {
        // SAFETY: as the caller vouches.
        let run = unsafe { &*run };
        let y = run.y + run.first * panel.y_step;
        (self.0.x.wrapping_offset(run.x), panel.y.wrapping_offset(y), run.len)
    }

    /// Writes the sums of the rows that there are, or adds them to what is there.
    ///
    /// # Safety
    ///
    /// As for `Strip::run`; so many columns can be written from `c[rows[i]]` on.
    #[inline(always)]
    #[expect(
        clippy::needless_range_loop,
        reason = "counted loops over arrays unroll into registers"
    )]
    unsafe fn store<X: Vector<T>, const V: usize>(
        &self,
        sums: &[[X; V]; R],
        columns: usize,
        accumulate: bool,
        c: *mut T,
        rows: &[isize; MAX_ROWS],
    ) {
        for i in 0..R {
            if i >= self.0.rows {
                break;
            }
            let to = c.wrapping_offset(rows[i]);
            let mut sums = sums[i];
            // SAFETY: the row exists, and the vectors end with its columns.
            unsafe {
                if V == 1 {
                    if accumulate {
                        sums[0] = sums[0].add(X::load_first(to, columns));
                    }
                    sums[0].store_first(to, columns);
                } else {
                    let end = to.wrapping_add(columns.wrapping_sub(X::LANES));
                    if accumulate {
                        let old = (X::load(to), X::load(end));
                        sums[0] = sums[0].add(old.0);
                        sums[V - 1] = sums[V - 1].add(old.1);
                    }
                    sums[0].store(to);
                    sums[V - 1].store(end);
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
