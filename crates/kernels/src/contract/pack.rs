//! Copies of parts of A and B in the order in which the tiles read them.

use std::ops::Range;

use super::group::Group;
use super::strip::{MAX_ROWS, MAX_VECTORS};
use crate::fused::copy_row;
use crate::isa::{Isa, Kernel, Simd};
use crate::scalar::Scalar;
use crate::transpose::{SIDE, transpose};
use crate::vector::{MAX_LANES, Vector};

/// Where some lanes go: `width` numbers for each step of the depth, those beyond `count` 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<T> {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) width: usize,
    pub(super) to: *mut T,
}

/// A copy of parts of an operand: the number of lane j at step p is `from[lanes(j) + depth(p)]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pack<'p, T> {
    pub(super) from: *const T,
    pub(super) lanes: &'p Group,
    pub(super) depth: &'p Group,
    pub(super) steps: (usize, usize),
    pub(super) targets: &'p [Target<T>],
}

/// The most lanes of a target.
const MAX_WIDTH: usize = max(MAX_ROWS, MAX_VECTORS * MAX_LANES);

/// Parts of rows that are copied from one row before the next.
const PIECES: usize = 64;

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// Lanes that lie side by side and go side by side.
#[derive(Clone, Copy)]
struct Piece<T> {
    from: isize,
    to: *mut T,
    width: usize,
    count: usize,
}

impl<T: Scalar> Pack<'_, T> {
    /// Makes the copy.
    ///
    /// # Safety
    ///
    /// All elements can be read; each target has room for its width at each step, which nobody else touches.
    pub(super) unsafe fn run(self, isa: Isa) {
        isa.run(self);
    }
}

impl<T: Scalar> Kernel for Pack<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let contiguous = |group: &Group| group.stride() == 1 && group.run_len() >= SIDE;
        // SAFETY: the promises of `Pack::run`.
        unsafe {
            if contiguous(self.lanes) {
                self.rows();
            } else if contiguous(self.depth) {
                self.transpose::<T::Vector<S>>();
            } else {
                self.gather();
            }
            self.pad();
        }
    }
}

impl<T: Scalar> Pack<'_, T> {
    fn range(&self) -> Range<usize> {
        self.steps.0..self.steps.1
    }

    /// Copies row after row, as they lie in memory: target after target would visit as many pages for each as this does
    /// for many.
    #[inline(always)]
    unsafe fn rows(&self) {
        let none = Piece { from: 0, to: std::ptr::null_mut(), width: 0, count: 0 };
        let (mut pieces, mut met) = ([none; PIECES], 0);
        for target in self.targets {
            self.lanes.for_runs(target.first..target.first + target.count, |j, from, count| {
                if met == PIECES {
                    // SAFETY: as the caller vouches.
                    unsafe { self.copy(&pieces) };
                    met = 0;
                }
                let to = target.to.wrapping_add(j - target.first);
                pieces[met] = Piece { from, to, width: target.width, count };
                met += 1;
            });
        }
        // SAFETY: as the caller vouches.
        unsafe { self.copy(&pieces[..met]) };
    }

    /// Copies pieces of every row.
    #[inline(always)]
    unsafe fn copy(&self, pieces: &[Piece<T>]) {
        self.depth.for_each(self.steps.0, self.steps.1 - self.steps.0, |p, offset| {
            let row = self.from.wrapping_offset(offset);
            for piece in pieces {
                let (from, to) =
                    (row.wrapping_offset(piece.from), piece.to.wrapping_add(p * piece.width));
                // SAFETY: a piece of a row, and its place in a target.
                unsafe { copy_row(from, to, piece.count) };
            }
        });
    }

    /// Copies rows of steps in and columns of lanes out, where steps lie side by side.
    #[inline(always)]
    unsafe fn transpose<X: Vector<T>>(&self) {
        let mut offsets = [0; MAX_WIDTH];
        for target in self.targets {
            self.lanes.for_each(target.first, target.count, |j, offset| offsets[j] = offset);
            self.depth.for_runs(self.range(), |p, offset, count| {
                let from = self.from.wrapping_offset(offset);
                let to = target.to.wrapping_add((p - self.steps.0) * target.width);
                // SAFETY: lanes of the target at steps of the range.
                unsafe {
                    transpose::<T, X>(from, &offsets[..target.count], to, target.width, count)
                };
            });
        }
    }

    /// Copies one element after the other.
    #[inline(always)]
    unsafe fn gather(&self) {
        let mut offsets = [0; MAX_WIDTH];
        for target in self.targets {
            self.lanes.for_each(target.first, target.count, |j, offset| offsets[j] = offset);
            self.depth.for_each(self.steps.0, self.steps.1 - self.steps.0, |p, offset| {
                let from = self.from.wrapping_offset(offset);
                let to = target.to.wrapping_add(p * target.width);
                for (j, &lane) in offsets[..target.count].iter().enumerate() {
                    // SAFETY: a lane of the target at a step of the range.
                    unsafe { *to.add(j) = *from.wrapping_offset(lane) }
                }
            });
        }
    }

    /// Zeros where there is no lane, as other numbers could be slow to multiply.
    #[inline(always)]
    unsafe fn pad(&self) {
        for target in self.targets.iter().filter(|target| target.count < target.width) {
            for p in 0..self.steps.1 - self.steps.0 {
                for j in target.count..target.width {
                    // SAFETY: within the target's room.
                    unsafe { *target.to.add(p * target.width + j) = T::zero() }
                }
            }
        }
    }
}
