//! Tiles side by side: what they read and write, and the code for their height.

use std::marker::PhantomData;

use super::group::Group;
use super::halves;
use super::prepack::WIDEST;
use super::tile::{Half, Threes, Tiles};
use crate::isa::{Isa, Kernel, Simd};
use crate::scalar::Scalar;
use crate::vector::Vector;

/// The most rows of a tile on any level.
pub(super) const MAX_ROWS: usize = 12;

/// The most vectors side by side in a tile whose operands are copied or turned.
pub(super) const MAX_VECTORS: usize = 2;

/// A flat tile has at most so many rows, and up to so many vectors: it does little with each number of Y, and reads Y where it
/// lies, in runs that are long enough for a processor to foresee. (1 × 512 over 128 takes 2.5 µs so, and 5.2 by two vectors.)
pub(super) const FLAT_ROWS: usize = 2;
pub(super) const FLAT_VECTORS: usize = 4;

/// The largest tile of a kind, and how many numbers a vector has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TileShape {
    pub(super) rows: usize,
    pub(super) vectors: usize,
    pub(super) lanes: usize,
    /// The bytes of a number.
    pub(super) bytes: usize,
    /// Half a vector takes half of the time of a whole one.
    pub(super) halves: bool,
}

/// What is read from places so many bytes apart, or a multiple of them, contends for few places in a first-level cache: 8 or
/// 12 ways of 64 lines, as most processors have.
const CONTENDING: usize = 1 << 12;

/// The most rows that contend and stay in the cache, beside what else is read.
const FEW_ROWS: usize = 6;

impl TileShape {
    /// The kinds of a level, first the one for most products, and last the one for few rows.
    pub(super) fn all<T: Scalar>(isa: Isa) -> [TileShape; 3] {
        isa.run(Ask::<T>(PhantomData))
    }

    /// Whether it is the kind for few rows, which reads Y where it lies.
    pub(super) fn is_flat(self) -> bool {
        self.vectors > MAX_VECTORS
    }

    /// Whether three half vectors are taken in place of two whole ones in tiles of so many rows: by half of them at a time, which
    /// must be enough that no sum waits for another.
    pub(super) fn is_by_halves(self, rows: usize) -> bool {
        self.halves && rows > MAX_ROWS / 2
    }

    /// The same kind for turned columns.
    pub(super) fn of_squares(self) -> Self {
        Self { rows: SQUARE_ROWS[self.vectors - 1].min(self.rows), ..self }
    }

    /// The same kind for rows that are read where they lie, so far apart.
    pub(super) fn apart(self, stride: isize) -> Self {
        let contend =
            stride != 0 && (stride.unsigned_abs() * self.bytes).is_multiple_of(CONTENDING);
        Self { rows: if contend { self.rows.min(FEW_ROWS) } else { self.rows }, ..self }
    }

    /// The most columns.
    pub(super) fn columns(self) -> usize {
        self.vectors * self.lanes
    }

    /// How wide the panels of a copy are of so many columns: in whole halves of vectors, so that a narrow one takes little of
    /// the first-level cache.
    pub(super) fn copied(self, columns: usize) -> usize {
        columns.next_multiple_of(self.lanes / 2).min(self.columns())
    }
}

/// Asks a level for its tiles.
struct Ask<T>(PhantomData<T>);

impl<T: Scalar> Kernel for Ask<T> {
    type Output = [TileShape; 3];

    #[inline(always)]
    fn run<S: Simd>(self) -> Self::Output {
        // Looked at when a level is compiled, also one that the machine does not have.
        const { assert!(WIDEST.is_multiple_of(MAX_VECTORS * T::Vector::<S>::LANES)) };
        let (lanes, bytes) = (T::Vector::<S>::LANES, size_of::<T>());
        let halves = Half::<T, S>::LANES < lanes && halves::are_cheap();
        let shape = |rows, vectors| TileShape { rows, vectors, lanes, bytes, halves };
        [shape(S::TILE_ROWS, MAX_VECTORS), shape(S::TALL_ROWS, 1), shape(FLAT_ROWS, FLAT_VECTORS)]
    }
}

/// How the two operands of a tile are stepped through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Steps {
    /// The rows of X lie side by side, copied for this height of tile; Y has a stride.
    Packed,
    /// Both have a stride.
    Strided,
    /// Where each step is, is written in a list.
    Listed,
    /// Columns of Y are read along the depth, in runs in which X has a stride, too; where they begin is written in a list.
    Squares,
}

pub(super) const PACKED: u8 = Steps::Packed as u8;
pub(super) const STRIDED: u8 = Steps::Strided as u8;
pub(super) const LISTED: u8 = Steps::Listed as u8;
pub(super) const SQUARES: u8 = Steps::Squares as u8;

/// How many steps of the depth a tile of one vector takes at a time.
pub(super) const FOUR: usize = 4;

/// The most rows of a tile of turned columns, of one vector and of two: there are registers for so many beside a square.
pub(super) const SQUARE_ROWS: [usize; MAX_VECTORS] = [6, 2];

/// Where a step of the depth is in X, and in Y beside its stride there; of turned columns, the first of a run, in both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) x: isize,
    pub(super) y: isize,
}

/// The columns of one tile: where they are read, and where written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel<T> {
    /// The first step of the first column; of turned columns, where offsets of columns and of runs begin.
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
    /// One for each step of the depth, if they are listed, and one more, which is read and not stepped to; of turned columns,
    /// one for each run.
    pub(super) list: *const Step,
    /// How long the runs are of turned columns, and the place of the first step in its own.
    pub(super) run: usize,
    pub(super) within: usize,
    pub(super) c: *mut T,
    pub(super) c_rows: [isize; MAX_ROWS],
    /// The columns of Y.
    pub(super) y_columns: &'p Group,
    /// The numbers of half a vector, where three halves are taken in place of two whole ones, and 0 otherwise.
    pub(super) half: usize,
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
    /// vector and rows are not packed; of turned columns at most [`SQUARE_ROWS`], and their steps lie side by side. X and Y can
    /// be read wherever they are stepped to, and C be written at every row and column, which nobody else touches. Packed rows
    /// are as many as their [`packed_height`].
    pub(super) unsafe fn run(&self, isa: Isa) {
        match self.steps {
            Steps::Packed => self.packed(isa),
            Steps::Strided => self.strided(isa),
            Steps::Listed => self.listed(isa),
            Steps::Squares => self.by_squares(isa),
        }
        if self.panels.iter().any(|panel| self.is_by_threes(panel.columns)) {
            let high = self.rows.div_ceil(2);
            self.part(0, high).threes(isa);
            self.part(high, self.rows - high).threes(isa);
        }
    }

    /// Whether so many columns are taken by three half vectors, where that is less than two whole ones, and half of the rows at a
    /// time, as there are registers for so many sums.
    #[inline(always)]
    pub(super) fn is_by_threes(&self, columns: usize) -> bool {
        self.half != 0 && 2 * self.half < columns && columns <= 3 * self.half
    }

    /// So many rows from `first` on.
    fn part(&self, first: usize, rows: usize) -> Self {
        let place = |i| first + usize::min(i, rows - 1);
        let x_rows = std::array::from_fn(|i| self.x_rows[place(i)]);
        let c_rows = std::array::from_fn(|i| self.c_rows[place(i)]);
        Strip { rows, x_rows, c_rows, ..*self }
    }

    fn threes(&self, isa: Isa) {
        match (self.rows, self.steps == Steps::Listed) {
            (..=4, false) => isa.run(Threes::<T, 4, STRIDED>(self)),
            (5, false) => isa.run(Threes::<T, 5, STRIDED>(self)),
            (_, false) => isa.run(Threes::<T, 6, STRIDED>(self)),
            (..=4, true) => isa.run(Threes::<T, 4, LISTED>(self)),
            (5, true) => isa.run(Threes::<T, 5, LISTED>(self)),
            (_, true) => isa.run(Threes::<T, 6, LISTED>(self)),
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
    fn by_squares(&self, isa: Isa) {
        match self.rows {
            1 => isa.run(Tiles::<T, 1, SQUARES>(self)),
            2 => isa.run(Tiles::<T, 2, SQUARES>(self)),
            3..=4 => isa.run(Tiles::<T, 4, SQUARES>(self)),
            _ => isa.run(Tiles::<T, 6, SQUARES>(self)),
        }
    }

    /// Likewise.
    fn listed(&self, isa: Isa) {
        match self.rows {
            1..=2 => isa.run(Tiles::<T, 2, LISTED>(self)),
            3..=4 => isa.run(Tiles::<T, 4, LISTED>(self)),
            5 => isa.run(Tiles::<T, 5, LISTED>(self)),
            6 => isa.run(Tiles::<T, 6, LISTED>(self)),
            7..=8 => isa.run(Tiles::<T, 8, LISTED>(self)),
            9..=10 => isa.run(Tiles::<T, 10, LISTED>(self)),
            _ => isa.run(Tiles::<T, 12, LISTED>(self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_contend_for_a_cache_are_few() {
        let tile = TileShape { rows: 12, vectors: 2, lanes: 16, bytes: 4, halves: false };
        let high = |stride| tile.apart(stride).rows;
        assert_eq!(
            [0, 1, 512, 1000, 1024, -1024, 1536, 2048].map(high),
            [12, 12, 12, 12, 6, 6, 12, 6]
        );
        assert_eq!(TileShape { bytes: 8, ..tile }.apart(512).rows, 6);
    }
}
