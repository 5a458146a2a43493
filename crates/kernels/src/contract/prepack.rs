//! Copies of a whole B, made once and read by many contractions.
//!
//! Matrix after matrix of the batch, block after block of the depth, panel after panel of the columns, each as wide as the
//! tiles of most products, or as a B that is narrower takes in halves of vectors.

use super::block::AT_ONCE;
use super::pack::{Pack, Target};
use super::strip::{MAX_VECTORS, TileShape};
use super::work::Work;
use crate::isa::Isa;
use crate::pool::Pool;
use crate::scalar::Scalar;
use crate::vector::MAX_LANES;

/// The widest panel of any level, of which that of each is a part.
pub(super) const WIDEST: usize = MAX_VECTORS * MAX_LANES;

impl Work {
    /// How many numbers a copy has at most; `usize::MAX` where no slice is so long.
    pub(super) fn packed_b_len(&self) -> usize {
        let columns = self.c.columns.len();
        let padded = columns.checked_next_multiple_of(WIDEST).unwrap_or(usize::MAX);
        let of_batch = self.factors.as_ref().map_or(0, |_| self.c.batch.len());
        of_batch.saturating_mul(self.depth).saturating_mul(padded)
    }

    /// How many numbers lie between the copies of two matrices of the batch.
    pub(super) fn packed_b_step(&self, tile: TileShape) -> usize {
        let columns = self.c.columns.len();
        self.depth * columns.next_multiple_of(tile.copied(columns))
    }

    /// Copies B to `to`.
    ///
    /// # Safety
    ///
    /// `b` begins a slice that B lies in, and `to` one of the right length, which nobody else touches.
    pub(crate) unsafe fn pack_b<T: Scalar>(&self, isa: Isa, pool: &Pool, b: *const T, to: *mut T) {
        let Some([_, operand]) = &self.factors else { return };
        let (tile, columns) = (TileShape::all::<T>(isa)[0], operand.columns.len());
        let wide = tile.copied(columns);
        let (padded, blocks) =
            (columns.next_multiple_of(wide), self.depth.div_ceil(self.depth_block));
        let groups = (padded / wide).div_ceil(AT_ONCE);
        let addresses = Addresses { from: b.wrapping_add(operand.offset), to };
        let copy = |task: usize| {
            let addresses = &addresses;
            let (group, block, batch) =
                (task % groups, task / groups % blocks, task / groups / blocks);
            let first = block * self.depth_block;
            let depth = self.depth_block.min(self.depth - first);
            let start =
                addresses.to.wrapping_add(batch * self.packed_b_step(tile) + padded * first);
            let target = |i: usize| {
                let column = ((group * AT_ONCE + i) * wide).min(columns);
                let to = start.wrapping_add(column * depth);
                Target { first: column, count: wide.min(columns - column), width: wide, to }
            };
            let targets: [Target<T>; AT_ONCE] = std::array::from_fn(target);
            let count = targets.iter().filter(|target| target.count > 0).count();
            let pack = Pack {
                from: addresses.from.wrapping_offset(operand.batch.at(batch).0),
                lanes: &operand.columns,
                depth: &operand.rows,
                steps: (first, first + depth),
                targets: &targets[..count],
            };
            // SAFETY: panels of B within its copy, that no other task has.
            unsafe { pack.run(isa) };
        };
        let tasks = groups * blocks * operand.batch.len();
        if self.depth * columns * operand.batch.len() < super::share::WORTH_COPYING {
            (0..tasks).for_each(copy);
        } else {
            pool.run(tasks, &copy);
        }
    }
}

/// Addresses for all threads.
struct Addresses<T> {
    from: *const T,
    to: *mut T,
}

// SAFETY: what they lead to is read by all, and written by one task each.
unsafe impl<T: Send + Sync> Sync for Addresses<T> {}
