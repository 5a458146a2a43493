//! Which thread works on what, where the first axis is short.
//!
//! Threads take neighbouring pieces: of an array `[256, 32]` each has half of the rows, and finds in its cache what it left
//! there. Of `[2, 256, 32]`, the derivatives of these in two directions, half would be a direction, and of all that a thread
//! reads, every second number would come from the cache of another. So a short first axis is taken for *laps* over the
//! axes behind it, and pieces are dealt out by their place in a lap.

use super::blocks::Blocks;
use super::nest::Nest;

/// A longer first axis is one to share by.
const MOST: usize = 4;

/// How often a nest over `extents` goes through what follows the first axis, if that is to be shared.
pub(super) fn laps(extents: &[usize]) -> usize {
    match extents {
        [first @ 2..=MOST, _, ..] => *first,
        _ => 1,
    }
}

/// The order in which pieces are dealt out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    laps: usize,
    pieces_of_lap: usize,
}

impl Order {
    /// The order of `pieces` in all, `per_round` in a round over the rows: by their place in a lap if laps end with pieces.
    pub(super) fn new(
        nest: &Nest,
        blocks: &Blocks,
        laps: usize,
        (per_round, pieces): (usize, usize),
    ) -> Order {
        let of_lap = pieces / laps;
        match of_lap > 1 && blocks.strips == 0 && pieces.is_multiple_of(laps) {
            true if end_with_pieces(nest, blocks, (laps, of_lap), per_round) => {
                Order { laps, pieces_of_lap: of_lap }
            }
            _ => Order { laps: 1, pieces_of_lap: pieces },
        }
    }

    /// The number of the piece that is dealt out as number `place`.
    pub(super) fn piece(&self, place: usize) -> usize {
        match self.laps {
            1 => place,
            laps => place % laps * self.pieces_of_lap + place / laps,
        }
    }
}

/// Whether laps of so many pieces go through the same positions.
fn end_with_pieces(
    nest: &Nest,
    blocks: &Blocks,
    (laps, of_lap): (usize, usize),
    per_round: usize,
) -> bool {
    let positions = nest.outer_count() * nest.rows * nest.columns;
    let begins = |number: usize| {
        let piece = blocks.piece(nest, number, per_round);
        (piece.outer * nest.rows + piece.rows.start) * nest.columns + piece.columns.start
    };
    positions.is_multiple_of(laps)
        && (1..laps).all(|lap| begins(lap * of_lap) == lap * (positions / laps))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first positions of the pieces, in the order in which they are dealt out.
    fn dealt(extents: &[usize], nest: &Nest, product: bool) -> Vec<usize> {
        let laps = laps(extents);
        let blocks = Blocks::new(nest, laps, false, false, 20, product, false);
        let per_round = blocks.pieces_per_round(nest);
        let pieces = (per_round, per_round * nest.outer_count());
        let order = Order::new(nest, &blocks, laps, pieces);
        let begins = |place| {
            let piece = blocks.piece(nest, order.piece(place), per_round);
            (piece.outer * nest.rows + piece.rows.start) * nest.columns + piece.columns.start
        };
        (0..pieces.1).map(begins).collect()
    }

    #[test]
    fn of_two_directions_a_thread_has_the_same_half_of_both() {
        let rows = Nest { outer: vec![], rows: 512, columns: 32 };
        assert_eq!(dealt(&[2, 256, 32], &rows, true), [0, 8192, 4096, 12288]);
        let line = Nest { outer: vec![], rows: 1, columns: 16384 };
        assert_eq!(dealt(&[2, 256, 32], &line, false), [0, 8192, 4096, 12288]);
        let rounds = Nest { outer: vec![2], rows: 256, columns: 32 };
        assert_eq!(dealt(&[2, 256, 32], &rounds, false), [0, 8192, 4096, 12288]);
    }

    #[test]
    fn what_does_not_end_with_a_piece_is_dealt_out_in_its_order() {
        let rows = Nest { outer: vec![], rows: 3 * 341, columns: 32 };
        let begins = dealt(&[3, 341, 32], &rows, false);
        assert!(begins.is_sorted() && begins.len() > 1);
        let matrix = Nest { outer: vec![], rows: 512, columns: 32 };
        assert_eq!(dealt(&[512, 32], &matrix, true), [0, 8192]);
    }
}
