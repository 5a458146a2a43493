//! How a loop nest is cut: into blocks that stay in the first-level cache, and into pieces for threads.
//!
//! All cuts depend on the shape alone, so that reductions have the same tree on any number of threads.
//!
//! A block is some whole rows or, where columns are reduced and used, some whole columns: a *strip*.

use std::ops::Range;

use super::nest::{Nest, Strides};
use crate::elementwise::chain;

/// About how many elements a block has; twice as many where few operands need room.
///
/// A block of `f32` is then 4 kB for each operand, and ten fit a first-level cache.
pub(super) const BLOCK: usize = 1024;

/// How much of the first-level cache the operands of a larger block may take.
const CACHE: usize = 32 * 1024;

/// The vectorised kernels work on multiples of this many elements.
pub(super) const UNIT: usize = 64;

/// About how many elements a thread takes at a time.
const PIECE: usize = 4 * BLOCK;

/// About how many elements a piece has whose product of matrices is computed before its blocks: packing the second factor
/// anew for each piece must take less than multiplying by it.
const PRODUCT_PIECE: usize = 16 * BLOCK;

/// The widths of strips: a tile of a product or several, a cache line or several. Of two that cost alike, the one named first
/// is taken.
const WIDTHS: [usize; 7] = [64, 32, 16, 128, 256, 512, 1024];

/// Strips are also tried that are as many for each share, of like widths.
const MOST_EVEN: usize = 4;

/// The most columns of a strip that is more than one block.
const MOST_WIDE: usize = 64;

/// The fewest columns.
const NARROWEST: usize = 16;

/// A strip has at most so many elements, if it can: what is kept for all of it stays in the second-level cache, of `f32`
/// 128 kB a value, and without a product in the first. Of a product, each strip reads all of the first factor, and tiles of
/// one vector wait for what they read.
const STRIP: usize = 2 * BLOCK;
const PRODUCT_STRIP: usize = 32 * BLOCK;

/// Strips are dealt out evenly to so many threads. It is not the number that a machine has: blocks are lower in wider
/// strips, and sums down the columns are joined block by block.
const SHARES: usize = 2;

/// The most rows of strips that nothing asks for.
const MOST_ROWS: usize = 512;

/// Where there are more rows to a column, the first factor is the larger one, and each thread is to read its part of that.
const MOST_ROWS_TO_A_COLUMN: usize = 4;

/// The fewest rows that are reduced to one partial result, so that the partial results of wide rows stay few.
const REDUCED_ROWS: usize = 32;

/// The cuts of a nest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Blocks {
    /// Rows of a block.
    pub(super) rows: usize,
    /// Columns of a block: all, or with one row at a time a part.
    pub(super) columns: usize,
    /// How many rows are accumulated side by side, so that the kernels' vectors are full: a divisor of `rows`.
    pub(super) abreast: usize,
    /// Rows of a piece: whole blocks.
    pub(super) piece_rows: usize,
    /// Columns of a piece: whole blocks.
    pub(super) piece_columns: usize,
    /// How many strips the columns are cut into, each with all rows; 0 if rows are whole instead.
    pub(super) strips: usize,
}

/// A part of the nest whose results depend on no other part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) outer: usize,
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
}

/// How the steps of a block reach an operand's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// They lie side by side in their order, where any operation reads or writes them.
    Dense,
    /// Rows lie apart, each side by side: a chain goes through them.
    ByRows,
    /// Copies bring them into their order.
    Copied,
}

impl Blocks {
    /// Cuts `nest`.
    ///
    /// A block must hold `whole_rows` where a value of the row is needed along it; a piece must where a row or the rows
    /// have a result, `reduces`. `operands` is how many bytes there are to a position, and `product` says that a product of
    /// matrices is among them. A loop that `streams` is one chain, of which nothing need stay in the cache. Threads are to
    /// find pieces in each of the `laps`.
    pub(super) fn new(
        nest: &Nest,
        laps: usize,
        whole_rows: bool,
        reduces: bool,
        operands: usize,
        product: bool,
        streams: bool,
    ) -> Blocks {
        let most = if 2 * BLOCK * operands <= CACHE { 2 * BLOCK } else { BLOCK };
        let columns = match nest.columns {
            whole if whole_rows => whole,
            many if streams && nest.rows == 1 && many > 2 * PIECE => PIECE,
            some => evenly_cut(some),
        };
        let cut = columns < nest.columns;
        let rows = if cut { 1 } else { block_rows(columns, most).min(nest.rows.max(1)) };
        let abreast = if rows.is_multiple_of(unpadded(columns)) { unpadded(columns) } else { 1 };
        let least = if reduces { REDUCED_ROWS } else { 1 };
        // Pieces are even in number and nearly so in size, so that two threads are done at one time. Rounds are laps already.
        let laps = if nest.outer.is_empty() { laps } else { 1 };
        let piece = if product { PRODUCT_PIECE } else { PIECE };
        let pieces = (nest.rows * nest.columns).div_ceil(piece).max(1).next_multiple_of(2 * laps);
        let piece_rows = nest.rows.div_ceil(pieces).max(least).next_multiple_of(rows.max(1));
        let split = !reduces && cut;
        let piece_columns =
            if split { (PIECE / columns * columns).min(nest.columns) } else { nest.columns };
        Blocks { rows, columns, abreast, piece_rows, piece_columns, strips: 0 }
    }

    /// Cuts `nest` into strips, of which `product` says that they compute a product of matrices: into the widest that can
    /// be shared evenly.
    pub(super) fn in_strips(nest: &Nest, product: bool) -> Blocks {
        let rows = nest.rows.max(1);
        let most = if product { PRODUCT_STRIP } else { STRIP };
        let fits = |&width: &usize| {
            let len = rows.saturating_mul(width);
            len <= most && (width <= MOST_WIDE || len <= BLOCK)
        };
        // Each row of a strip costs as much as some columns more: of a product, to read its numbers of the first factor.
        let more = if product { 8 } else { 4 };
        let cost = |width: usize| largest_share(nest.columns, width) * (width + more) / width;
        let even = (1..=MOST_EVEN).map(|n| nest.columns.div_ceil(n * SHARES).next_multiple_of(4));
        let even = even.filter(|width| (NARROWEST..MOST_WIDE).contains(width));
        let widths = WIDTHS.into_iter().chain(even).filter(fits);
        let width = widths.min_by_key(|&width| cost(width)).unwrap_or(NARROWEST);
        let columns = width.min(nest.columns.max(1));
        let strips = nest.columns.div_ceil(columns).max(1);
        let high = block_rows(columns, BLOCK).min(rows);
        let abreast = if high.is_multiple_of(unpadded(columns)) { unpadded(columns) } else { 1 };
        Blocks { rows: high, columns, abreast, piece_rows: rows, piece_columns: columns, strips }
    }

    /// Whether strips are the better cut for a nest with products, of which nothing asks for whole rows or columns: each
    /// reads its part of the second factor alone. A single row is cut if that is `worth_a_thread` more.
    pub(super) fn strips_pay(nest: &Nest, worth_a_thread: bool) -> bool {
        let columns =
            nest.columns >= 2 * NARROWEST && nest.rows <= MOST_ROWS_TO_A_COLUMN * nest.columns;
        let rows = (1..=MOST_ROWS).contains(&nest.rows) && (nest.rows > 1 || worth_a_thread);
        nest.outer_count() == 1 && rows && columns
    }

    /// Elements of a whole block.
    pub(super) fn len(&self) -> usize {
        self.rows * self.columns
    }

    /// The most elements of a piece.
    pub(super) fn piece_len(&self, nest: &Nest) -> usize {
        self.piece_rows.min(nest.rows).saturating_mul(self.piece_columns.min(nest.columns))
    }

    /// Whether an operand's numbers of a block lie side by side in their order.
    pub(super) fn holds_dense(&self, strides: &Strides) -> bool {
        let along_row = self.columns == 1 || strides.column == 1;
        // The first of several strips may be narrower.
        along_row
            && self.strips <= 1
            && (self.rows == 1 || strides.runs.is_empty() && strides.row == self.columns as isize)
    }

    /// Whether rows of a block can be gone through where they lie.
    pub(super) fn by_rows(&self) -> bool {
        goes_by_rows((self.rows, self.columns))
    }

    /// How the steps of a block of full size reach an operand.
    pub(super) fn access(&self, strides: &Strides) -> Access {
        if self.holds_dense(strides) {
            Access::Dense
        } else if self.by_rows() && strides.column == 1 && strides.runs.is_empty() {
            Access::ByRows
        } else {
            Access::Copied
        }
    }

    /// Blocks along a row.
    pub(super) fn chunks(&self, nest: &Nest) -> usize {
        nest.columns.div_ceil(self.columns.max(1))
    }

    /// Pieces of one round over the rows.
    pub(super) fn pieces_per_round(&self, nest: &Nest) -> usize {
        match self.strips {
            0 => nest.rows.div_ceil(self.piece_rows) * self.pieces_per_row(nest),
            strips => strips,
        }
    }

    fn pieces_per_row(&self, nest: &Nest) -> usize {
        nest.columns.div_ceil(self.piece_columns.max(1)).max(1)
    }

    /// Piece number `piece` of all rounds, each of `per_round` pieces.
    pub(super) fn piece(&self, nest: &Nest, piece: usize, per_round: usize) -> Piece {
        let (outer, piece) =
            if per_round == 1 { (piece, 0) } else { (piece / per_round, piece % per_round) };
        if piece == 0 && self.piece_columns >= nest.columns {
            // The only piece of most nests, without a division.
            return Piece {
                outer,
                rows: 0..nest.rows.min(self.piece_rows),
                columns: 0..nest.columns,
            };
        }
        if self.strips > 0 {
            // The narrow strip comes first: the first half of an odd number has one more.
            let end = nest.columns - (self.strips - 1 - piece) * self.columns;
            let columns = end.saturating_sub(self.columns)..end;
            return Piece { outer, rows: 0..nest.rows, columns };
        }
        let per_row = self.pieces_per_row(nest);
        let (row, column) =
            (piece / per_row * self.piece_rows, piece % per_row * self.piece_columns);
        let rows = row..nest.rows.min(row + self.piece_rows);
        Piece { outer, rows, columns: column..nest.columns.min(column + self.piece_columns) }
    }
}

/// Whether a block of so many rows and columns can be gone through by rows that lie apart.
pub(super) fn goes_by_rows((rows, columns): (usize, usize)) -> bool {
    rows.is_multiple_of(chain::ABREAST) && columns.is_multiple_of(chain::LINE)
}

/// The columns of the thread with most of them, if strips of a width are dealt out in order, the narrow one first.
fn largest_share(columns: usize, width: usize) -> usize {
    let strips = columns.div_ceil(width).max(1);
    let rest = strips / SHARES * width;
    if strips.is_multiple_of(SHARES) { rest } else { columns - rest }
}

/// Rows of at most `most` elements, if possible a number of elements that the kernels need not pad.
fn block_rows(columns: usize, most: usize) -> usize {
    let columns = columns.max(1);
    let (unpadded, most) = (unpadded(columns), most / columns);
    match most / unpadded * unpadded {
        0 if unpadded * columns <= 2 * BLOCK => unpadded,
        0 => most.max(1),
        rows => rows,
    }
}

/// The fewest rows that have a number of elements that the kernels need not pad.
fn unpadded(columns: usize) -> usize {
    UNIT >> columns.max(1).trailing_zeros().min(UNIT.trailing_zeros())
}

/// The columns of a block of one row, when a row is more than two blocks: about a block, all nearly the same.
fn evenly_cut(columns: usize) -> usize {
    if columns <= 2 * BLOCK {
        return columns;
    }
    columns.div_ceil(columns.div_ceil(BLOCK)).next_multiple_of(UNIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(rows: usize, columns: usize) -> (usize, usize) {
        let nest = Nest { outer: vec![], rows, columns };
        let blocks = Blocks::new(&nest, 1, false, false, 20, false, false);
        (blocks.rows, blocks.columns)
    }

    #[test]
    fn blocks_need_no_padding_where_that_is_possible() {
        assert_eq!(cut(64, 128), (8, 128));
        assert_eq!(cut(128, 10), (96, 10));
        assert_eq!(cut(128, 100), (16, 100));
        assert_eq!(cut(1000, 129), (7, 129));
        assert_eq!(cut(3, 10), (3, 10));
        assert_eq!(cut(512, 2048), (1, 2048));
        assert_eq!(cut(1, 1 << 20), (1, 1024));
        assert_eq!(cut(9, 2100), (1, 704));
        assert_eq!(cut(5, 0), (5, 0));
    }

    #[test]
    fn pieces_cover_the_nest_once() {
        for (rows, columns) in [(1, 50_000), (513, 2100), (700, 100), (40, 1), (3, 0), (0, 3)] {
            let nest = Nest { outer: vec![2, 2], rows, columns };
            for blocks in [
                Blocks::new(&nest, 1, false, false, 8, false, false),
                Blocks::new(&nest, 1, false, true, 8, true, false),
                Blocks::in_strips(&nest, true),
            ] {
                let mut covered = 0;
                let per_round = blocks.pieces_per_round(&nest);
                for i in 0..nest.outer_count() * per_round {
                    let piece = blocks.piece(&nest, i, per_round);
                    assert!(piece.outer < 4 && (!piece.rows.is_empty() || blocks.strips > 0));
                    covered += piece.rows.len() * piece.columns.len();
                }
                assert_eq!(covered, 4 * rows * columns, "{rows}×{columns}");
            }
        }
    }

    #[test]
    fn strips_pay_where_the_second_factor_is_not_the_small_one() {
        let pay = |rows, columns| Blocks::strips_pay(&Nest { outer: vec![], rows, columns }, false);
        assert!(pay(64, 128) && pay(128, 100) && pay(512, 256));
        assert!(!pay(512, 32) && !pay(1024, 1024) && !pay(64, 10) && !pay(1, 512));
        assert!(Blocks::strips_pay(&Nest { outer: vec![], rows: 1, columns: 512 }, true));
    }

    #[test]
    fn strips_are_tiles_wide_and_fit_a_cache_if_they_can() {
        let cut = |rows, columns| {
            let nest = Nest { outer: vec![], rows, columns };
            [true, false].map(|product| {
                let blocks = Blocks::in_strips(&nest, product);
                (blocks.columns, blocks.strips)
            })
        };
        assert_eq!(cut(32, 256), [(64, 4), (64, 4)]);
        assert_eq!(cut(32, 128), [(64, 2), (64, 2)]);
        assert_eq!(cut(128, 100), [(52, 2), (16, 7)]);
        assert_eq!(cut(128, 300), [(52, 6), (16, 19)]);
        assert_eq!(cut(128, 512), [(64, 8), (16, 32)]);
        assert_eq!(cut(512, 2048), [(64, 32), (16, 128)]);
        assert_eq!(cut(1000, 512), [(32, 16), (16, 32)]);
        assert_eq!(cut(4000, 512), [(16, 32), (16, 32)]);
        assert_eq!(cut(2, 10), [(10, 1), (10, 1)]);
        assert_eq!(cut(1, 512), [(256, 2), (256, 2)]);
        assert_eq!(cut(0, 0), [(1, 1), (1, 1)]);
        let nest = Nest { outer: vec![], rows: 128, columns: 100 };
        let blocks = Blocks::in_strips(&nest, true);
        assert_eq!([0, 1].map(|i| blocks.piece(&nest, i, 2).columns), [0..48, 48..100]);
    }
}
