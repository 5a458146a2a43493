//! Copies of parts of A and B in the order in which the tiles read them.

use std::ops::Range;

use super::group::Group;
use super::strip::{MAX_ROWS, MAX_VECTORS};
use crate::fused::copy_row;
use crate::isa::{Isa, Kernel, Simd};
use crate::scalar::Scalar;
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

/// Lanes or steps that lie side by side are copied together if they are at least so many.
const SIDE: usize = 4;

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

    /// Copies squares and narrower strips, rows of steps in and columns of lanes out, where steps lie side by side.
    #[inline(always)]
    unsafe fn transpose<X: Vector<T>>(&self) {
        let mut offsets = [0; MAX_WIDTH];
        for target in self.targets {
            self.lanes.for_each(target.first, target.count, |j, offset| offsets[j] = offset);
            self.depth.for_runs(self.range(), |p, offset, count| {
                let from = self.from.wrapping_offset(offset);
                let to = target.to.wrapping_add((p - self.steps.0) * target.width);
                let mut j = 0;
                // SAFETY: lanes of the target at steps of the range.
                unsafe {
                    while j + X::LANES <= target.count {
                        squares::<T, X>(from, &offsets[j..], to.add(j), target.width, count);
                        j += X::LANES;
                    }
                    while j + SIDE <= target.count {
                        strip::<T, SIDE>(from, &offsets[j..], to.add(j), target.width, count);
                        j += SIDE;
                    }
                    if j + 2 <= target.count {
                        strip::<T, 2>(from, &offsets[j..], to.add(j), target.width, count);
                        j += 2;
                    }
                    if j < target.count {
                        strip::<T, 1>(from, &offsets[j..], to.add(j), target.width, count);
                    }
                }
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

/// Transposes as many rows as a vector has lanes, of `count` numbers that lie side by side, to columns `width` apart.
///
/// # Safety
///
/// All of them can be read and written, by the vectors of the level.
#[inline(always)]
unsafe fn squares<T: Scalar, X: Vector<T>>(
    from: *const T,
    lanes: &[isize],
    to: *mut T,
    width: usize,
    count: usize,
) {
    let row = |j: usize| from.wrapping_offset(lanes[j.min(X::LANES - 1)]);
    let mut rows: [*const T; MAX_LANES] = std::array::from_fn(row);
    let mut p = 0;
    // SAFETY: p + LANES ≤ count, then p < count.
    unsafe {
        while p + X::LANES <= count {
            for (q, column) in X::columns_of(&rows).as_ref().iter().enumerate() {
                column.store(to.add((p + q) * width));
            }
            rows = rows.map(|row| row.wrapping_add(X::LANES));
            p += X::LANES;
        }
        for p in p..count {
            for (j, row) in rows[..X::LANES].iter_mut().enumerate() {
                *to.add(p * width + j) = **row;
                *row = row.wrapping_add(1);
            }
        }
    }
}

/// Transposes `L` rows of `count` numbers, that lie side by side, to columns `width` apart.
///
/// # Safety
///
/// All of them can be read and written.
#[inline(always)]
unsafe fn strip<T: Scalar, const L: usize>(
    from: *const T,
    lanes: &[isize],
    to: *mut T,
    width: usize,
    count: usize,
) {
    let rows: [*const T; L] = std::array::from_fn(|i| from.wrapping_offset(lanes[i]));
    let mut p = 0;
    // SAFETY: p + SIDE ≤ count, then p < count.
    unsafe {
        while p + SIDE <= count {
            let square = rows.map(|row| row.add(p).cast::<[T; SIDE]>().read());
            for q in 0..SIDE {
                to.add((p + q) * width).cast::<[T; L]>().write(square.map(|row| row[q]));
            }
            p += SIDE;
        }
        while p < count {
            to.add(p * width).cast::<[T; L]>().write(rows.map(|row| *row.add(p)));
            p += 1;
        }
    }
}
