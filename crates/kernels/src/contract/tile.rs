//! The innermost loop: a tile of C held in registers while one operand's lanes and the other's vectors stream by.
//!
//! Each step of the depth loads the vectors of a tile, or has them from a square that it turned, and multiplies them by one
//! number of each of its rows, so that arithmetic is the bound: a tile of AVX-512 has 12 rows of 2 vectors, 24 multiply-adds
//! for 14 loads; one of AVX2 6 rows of 2, or 8 of 1 where there are few columns. (Fewer than eight sums at a time would wait
//! for each other.) One or two rows have 4 vectors, columns that half a vector holds are taken by halves, and tiles of one
//! vector take four steps at a time: reading bounds all three. Where half a vector takes half of the time (`halves.rs`),
//! columns that three halves hold take these: a row of 56 positions is two vectors and three halves.
//!
//! Rows are found by offsets and steps of the depth in a list, so that windows of an image are read where they lie: two
//! loads for a step, which its arithmetic hides. (A branch at the end of each run of steps took a quarter of the time
//! where runs are short, as those of a window are.)

use std::mem::MaybeUninit;
use std::ops::Range;

use super::store::scatter;
use super::strip::{
    FLAT_ROWS, FLAT_VECTORS, FOUR, LISTED, MAX_ROWS, MAX_VECTORS, PACKED, Panel, SQUARE_ROWS,
    SQUARES, STRIDED, Step, Strip,
};
use crate::elementary::Lane;
use crate::isa::{Kernel, Simd};
use crate::scalar::Scalar;
use crate::vector::{MAX_LANES, Vector};

/// What is read where it lies is asked for so many steps ahead: each step may be in another page of memory, and the
/// processor, which foresees what lies side by side, would wait for every one of them.
const AHEAD: isize = 8;

/// Where the rows of a scattered tile begin in its room.
const fn rows_of_room(width: usize) -> [isize; MAX_ROWS] {
    let (mut rows, mut i) = ([0; MAX_ROWS], 0);
    while i < MAX_ROWS {
        rows[i] = (i * width) as isize;
        i += 1;
    }
    rows
}

/// The tiles of a strip, in code for their height.
pub(super) struct Tiles<'s, T, const R: usize, const STEPS: u8>(pub(super) &'s Strip<'s, T>);

/// The offsets of rows of X, where columns of Y begin, and beyond both a run of the depth.
type Starts<'s, T, const R: usize, const V: usize> =
    (&'s [isize; R], &'s [[*const T; MAX_LANES]; V], &'s Step);

/// Half of the widest vector of a level.
pub(super) type Half<T, S> = <<T as Lane>::Vector<S> as Vector<T>>::Half;

/// Whether few columns are taken by half a vector: where there is one, and rows enough that they need not wait for each
/// other. (AMD's Zen 4 multiplies and adds two halves in the time of a whole; where it is not so, nothing is lost.)
const fn is_halved<T: Scalar, S: Simd>(rows: usize, steps: u8) -> bool {
    Half::<T, S>::LANES < T::Vector::<S>::LANES
        && rows >= 8
        && (steps == STRIDED || steps == LISTED)
}

/// Where vector number `v` begins of those that `columns` numbers take, more than one: the last end with the columns, and overlap
/// those before where they do not fill all.
#[inline(always)]
fn start<X: Vector<T>, T>(v: usize, columns: usize) -> usize {
    (v * X::LANES).min(columns.wrapping_sub(X::LANES))
}

impl<T: Scalar, const R: usize, const STEPS: u8> Kernel for Tiles<'_, T, R, STEPS> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        // What no plan asks for is not compiled. (A condition that is a constant block is decided before LLVM sees either way.)
        if const { R > S::TALL_ROWS || R > S::TILE_ROWS && STEPS == PACKED } {
            return;
        }
        for panel in self.0.panels {
            // SAFETY: the promises of `Strip::run`; this is the copy for level `S`.
            unsafe {
                let columns = panel.columns;
                if const { is_halved::<T, S>(R, STEPS) } && columns <= Half::<T, S>::LANES {
                    self.tile::<Half<T, S>, 1>(panel);
                } else if columns <= T::Vector::<S>::LANES {
                    self.tile::<T::Vector<S>, 1>(panel);
                } else if const { is_halved::<T, S>(R, STEPS) } && self.0.is_by_threes(columns) {
                    // See `Threes`.
                } else if columns <= 2 * T::Vector::<S>::LANES {
                    if const { R <= S::TILE_ROWS && (STEPS != SQUARES || R <= SQUARE_ROWS[1]) } {
                        self.tile::<T::Vector<S>, 2>(panel);
                    }
                } else if const { R <= FLAT_ROWS && STEPS == STRIDED } {
                    self.tile::<T::Vector<S>, FLAT_VECTORS>(panel);
                }
            }
        }
    }
}

/// The tiles of a strip that are three half vectors wide, in code for their height: not beside those of two whole vectors, by which
/// the compiler made these slower (a step of LeNet by a twentieth).
pub(super) struct Threes<'s, T, const R: usize, const STEPS: u8>(pub(super) &'s Strip<'s, T>);

impl<T: Scalar, const R: usize, const STEPS: u8> Kernel for Threes<'_, T, R, STEPS> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        if const { Half::<T, S>::LANES == T::Vector::<S>::LANES } {
            return;
        }
        for panel in self.0.panels {
            if self.0.is_by_threes(panel.columns) {
                // SAFETY: the promises of `Strip::run`; this is the copy for level `S`.
                unsafe { Tiles::<T, R, STEPS>(self.0).tile::<Half<T, S>, 3>(panel) };
            }
        }
    }
}

impl<T: Scalar, const R: usize, const STEPS: u8> Tiles<'_, T, R, STEPS> {
    /// A tile, into C or, where its columns do not lie side by side there, by way of a room of its own.
    ///
    /// Of several vectors the last ends with the columns and overlaps the one before where they do not fill all: the same sums
    /// are computed and written twice, which takes less than masks.
    ///
    /// # Safety
    ///
    /// As for `Strip::run`.
    #[inline(always)]
    unsafe fn tile<X: Vector<T>, const V: usize>(&self, panel: &Panel<T>) {
        let (strip, columns) = (self.0, panel.columns);
        let width = V * X::LANES;
        let mut room = MaybeUninit::<[[X; V]; R]>::uninit();
        let direct = strip.scattered.is_none();
        let (c, rows) = if direct {
            (strip.c.wrapping_offset(panel.c), &strip.c_rows)
        } else {
            (room.as_mut_ptr().cast::<T>(), const { &rows_of_room(V * X::LANES) })
        };
        if direct {
            for row in &rows[..R] {
                // Writing to a line that is not in the first-level cache would stall; it is there by then.
                let row = c.wrapping_offset(*row);
                prefetch(row);
                prefetch(row.wrapping_add(columns - 1));
            }
        }
        // SAFETY: as the caller vouches; the room is as large as the tile.
        unsafe {
            let sums: [[X; V]; R] = if const { STEPS == SQUARES } {
                self.by_squares(panel)
            } else {
                self.compute(panel)
            };
            self.store(&sums, columns, direct && strip.accumulate, c, rows);
            if let Some(places) = strip.scattered {
                scatter(strip, panel, c, width, places);
            }
        }
    }

    /// The sums of a tile of `R` rows, some of them perhaps repeated, and `V` vectors.
    ///
    /// # Safety
    ///
    /// As for `Strip::run`.
    #[inline(always)]
    unsafe fn compute<X: Vector<T>, const V: usize>(&self, panel: &Panel<T>) -> [[X; V]; R] {
        let offset = |i| if STEPS == PACKED { i as isize } else { self.0.x_rows[i] };
        let offsets: [isize; R] = std::array::from_fn(offset);
        // SAFETY: as the caller vouches.
        unsafe {
            if const { V == 1 && STEPS != PACKED } {
                self.by_fours::<X>(panel, &offsets).map(|sum| [sum; V])
            } else {
                self.by_ones(panel, &offsets)
            }
        }
    }

    /// Step after step.
    ///
    /// # Safety
    ///
    /// As for `Strip::run`.
    #[inline(always)]
    unsafe fn by_ones<X: Vector<T>, const V: usize>(
        &self,
        panel: &Panel<T>,
        offsets: &[isize; R],
    ) -> [[X; V]; R] {
        let strip = self.0;
        // SAFETY: every address is one that the caller vouches for, as is the instruction set of the vectors, which end
        // with the columns.
        unsafe {
            let starts: [usize; V] = std::array::from_fn(|v| start::<X, T>(v, panel.columns));
            let zero = X::splat(T::zero());
            let mut sums = [[zero; V]; R];
            let (mut x, mut y, mut y_start, mut list) = (strip.x, panel.y, panel.y, strip.list);
            if STEPS == LISTED {
                (x, y) = (x.wrapping_offset((*list).x), y.wrapping_offset((*list).y));
            }
            for _ in 0..strip.depth {
                let mut row = [zero; V];
                if V == 1 {
                    row[0] = X::load_first(y, panel.columns);
                } else {
                    row = starts.map(|start| X::load(y.wrapping_add(start)));
                }
                for i in 0..R {
                    let x = X::splat(*x.wrapping_offset(offsets[i]));
                    for v in 0..V {
                        sums[i][v] = x.mul_add(row[v], sums[i][v]);
                    }
                }
                if STEPS == LISTED {
                    list = list.add(1);
                    y_start = y_start.wrapping_offset(panel.y_step);
                    // Read a step ahead, or the compiler reads all of X before Y and has too few registers.
                    x = strip.x.wrapping_offset((*list).x);
                    y = y_start.wrapping_offset((*list).y);
                } else {
                    // Runs of more vectors are foreseen.
                    if STEPS == STRIDED && V == 2 {
                        prefetch(x.wrapping_offset(AHEAD * strip.x_step));
                        let y = y.wrapping_offset(AHEAD * panel.y_step);
                        starts.iter().for_each(|&start| prefetch(y.wrapping_add(start)));
                    }
                    let step = if STEPS == PACKED { R as isize } else { strip.x_step };
                    x = x.wrapping_offset(step);
                    y = y.wrapping_offset(panel.y_step);
                }
            }
            sums
        }
    }

    /// Four steps at a time, of one vector: what is read bounds it, and the offsets of rows, for which there are not enough
    /// registers, are read once for all four.
    ///
    /// # Safety
    ///
    /// As for `Strip::run`.
    #[inline(always)]
    unsafe fn by_fours<X: Vector<T>>(&self, panel: &Panel<T>, offsets: &[isize; R]) -> [X; R] {
        let depth = self.0.depth;
        // SAFETY: as the caller vouches.
        unsafe {
            let mut sums = [X::splat(T::zero()); R];
            for first in 0..depth / FOUR {
                self.add_steps::<X, FOUR>(panel, offsets, first * FOUR, &mut sums);
            }
            for step in depth / FOUR * FOUR..depth {
                self.add_steps::<X, 1>(panel, offsets, step, &mut sums);
            }
            sums
        }
    }

    /// Adds `Q` steps from one on.
    ///
    /// # Safety
    ///
    /// As for `Strip::run`; there are so many.
    #[inline(always)]
    unsafe fn add_steps<X: Vector<T>, const Q: usize>(
        &self,
        panel: &Panel<T>,
        offsets: &[isize; R],
        first: usize,
        sums: &mut [X; R],
    ) {
        let strip = self.0;
        // SAFETY: as in `by_ones`.
        unsafe {
            let (mut x, mut row) = ([strip.x; Q], [X::splat(T::zero()); Q]);
            for q in 0..Q {
                let step = (first + q) as isize;
                let mut y = panel.y.wrapping_offset(step * panel.y_step);
                if STEPS == LISTED {
                    let step = &*strip.list.add(first + q);
                    x[q] = strip.x.wrapping_offset(step.x);
                    y = y.wrapping_offset(step.y);
                } else {
                    x[q] = strip.x.wrapping_offset(step * strip.x_step);
                }
                row[q] = X::load_first(y, panel.columns);
            }
            for i in 0..R {
                for q in 0..Q {
                    let x = X::splat(*x[q].wrapping_offset(offsets[i]));
                    sums[i] = x.mul_add(row[q], sums[i]);
                }
            }
        }
    }

    /// The same sums in the same order, of columns that are read along the depth and turned, square by square.
    ///
    /// # Safety
    ///
    /// As for `Strip::run`.
    #[inline(always)]
    unsafe fn by_squares<X: Vector<T>, const V: usize>(&self, panel: &Panel<T>) -> [[X; V]; R] {
        let strip = self.0;
        let columns = self.columns::<X, V>(panel);
        let rows: [isize; R] = std::array::from_fn(|i| strip.x_rows[i]);
        // SAFETY: as in `compute`; squares are of a run.
        unsafe {
            let mut sums = [[X::splat(T::zero()); V]; R];
            let (mut list, mut at, mut left) = (strip.list, strip.within, strip.depth);
            while left > 0 {
                let end = strip.run.min(at + left);
                left -= end - at;
                let starts = (&rows, &columns, &*list);
                while at + X::LANES <= end {
                    self.add_square(starts, at, 0..X::LANES, &mut sums);
                    at += X::LANES;
                }
                if at < end && strip.run >= X::LANES {
                    // The last square overlaps those before, or what follows, and is used in part.
                    let start = at.min(strip.run - X::LANES);
                    self.add_square(starts, start, at - start..end - start, &mut sums);
                } else {
                    (at..end).for_each(|at| self.add_column(starts, at, &mut sums));
                }
                (list, at) = (list.add(1), 0);
            }
            sums
        }
    }

    /// Adds some steps of the square that begins at a step of a run.
    ///
    /// # Safety
    ///
    /// As for `Strip::run`; the run has so many steps.
    #[inline(always)]
    unsafe fn add_square<X: Vector<T>, const V: usize>(
        &self,
        (rows, columns, run): Starts<'_, T, R, V>,
        at: usize,
        steps: Range<usize>,
        sums: &mut [[X; V]; R],
    ) {
        let x_step = self.0.x_step;
        let first = (at + steps.start) as isize;
        for v in 0..V {
            let along = run.y + at as isize;
            let mut x = self.0.x.wrapping_offset(run.x + first * x_step);
            // SAFETY: as the caller vouches.
            unsafe {
                let square = X::columns_of(&columns[v].map(|column| column.wrapping_offset(along)));
                for (step, &y) in square.as_ref().iter().enumerate() {
                    if steps.contains(&step) {
                        for i in 0..R {
                            let x = X::splat(*x.wrapping_offset(rows[i]));
                            sums[i][v] = x.mul_add(y, sums[i][v]);
                        }
                        x = x.wrapping_offset(x_step);
                    }
                }
            }
        }
    }

    /// Adds a step of a run that is shorter than a square.
    ///
    /// # Safety
    ///
    /// As for `Strip::run`; the run has the step.
    #[inline(always)]
    unsafe fn add_column<X: Vector<T>, const V: usize>(
        &self,
        (rows, columns, run): Starts<'_, T, R, V>,
        at: usize,
        sums: &mut [[X; V]; R],
    ) {
        let at = at as isize;
        for v in 0..V {
            // SAFETY: as the caller vouches.
            unsafe {
                let lane = |j: usize| *columns[v][j].wrapping_offset(run.y + at);
                let y = X::load(std::array::from_fn::<T, MAX_LANES, _>(lane).as_ptr());
                let x = self.0.x.wrapping_offset(run.x + at * self.0.x_step);
                for i in 0..R {
                    let x = X::splat(*x.wrapping_offset(rows[i]));
                    sums[i][v] = x.mul_add(y, sums[i][v]);
                }
            }
        }
    }

    /// Where the columns of each vector begin; those that are missing repeat the first.
    #[inline(always)]
    fn columns<X: Vector<T>, const V: usize>(
        &self,
        panel: &Panel<T>,
    ) -> [[*const T; MAX_LANES]; V] {
        let mut offsets = [0; MAX_VECTORS * MAX_LANES];
        self.0.y_columns.for_each(panel.first, panel.columns, |j, offset| offsets[j] = offset);
        std::array::from_fn(|v| {
            let first = if V == 1 { 0 } else { start::<X, T>(v, panel.columns) };
            std::array::from_fn(|j| {
                let j = if j < X::LANES && first + j < panel.columns { first + j } else { 0 };
                panel.y.wrapping_offset(offsets[j])
            })
        })
    }

    /// Writes the sums of the rows that there are, or adds them to what is there.
    ///
    /// # Safety
    ///
    /// As for `Strip::run`; so many columns can be written from `c[rows[i]]` on.
    #[inline(always)]
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
                    let place = |v| to.wrapping_add(start::<X, T>(v, columns));
                    if accumulate {
                        // All before any is written: they may overlap.
                        let old: [X; V] = std::array::from_fn(|v| X::load(place(v)));
                        for v in 0..V {
                            sums[v] = sums[v].add(old[v]);
                        }
                    }
                    for (v, sum) in sums.into_iter().enumerate() {
                        sum.store(place(v));
                    }
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
