//! Copies of parts of A and B in the order in which the tiles read them.

use crate::isa::{Isa, Kernel, Simd};
use crate::scalar::Scalar;
use crate::vector::Vector;

/// A copy of `depth` by `width` elements: `to[p·width_stride + j]` = `from[p·depth_step + j·width_step]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pack<T> {
    pub(super) from: *const T,
    pub(super) depth_step: usize,
    pub(super) width_step: usize,
    pub(super) to: *mut T,
    pub(super) to_step: usize,
    pub(super) depth: usize,
    pub(super) width: usize,
}

/// The side of the squares in which a transposing copy goes.
const SIDE: usize = 8;

impl<T: Scalar> Pack<T> {
    /// Makes the copy.
    ///
    /// # Safety
    ///
    /// All elements can be read and written, nobody else touches the written ones, and the two do not overlap.
    pub(super) unsafe fn run(self, isa: Isa) {
        isa.run(self);
    }

    #[inline(always)]
    unsafe fn one(self, p: usize, j: usize) {
        // SAFETY: p < depth and j < width, as `run` was promised.
        unsafe {
            *self.to.add(p * self.to_step + j) =
                *self.from.add(p * self.depth_step + j * self.width_step)
        }
    }
}

impl<T: Scalar> Kernel for Pack<T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        // SAFETY: the promises of `Pack::run`; each branch stays within depth and width.
        unsafe {
            if self.width_step == 1 {
                for p in 0..self.depth {
                    self.row::<T::Vector<S>>(p);
                }
                return;
            }
            let squares = if self.depth_step == 1 {
                (self.depth / SIDE * SIDE, self.width / SIDE * SIDE)
            } else {
                (0, 0)
            };
            for j in (0..squares.1).step_by(SIDE) {
                for p in (0..squares.0).step_by(SIDE) {
                    self.square(p, j);
                }
            }
            for p in 0..self.depth {
                let start = if p < squares.0 { squares.1 } else { 0 };
                for j in start..self.width {
                    self.one(p, j);
                }
            }
        }
    }
}

impl<T: Scalar> Pack<T> {
    /// Copies row p, for `width_step` = 1. A row is so short that calling `memcpy` would take longer.
    #[inline(always)]
    unsafe fn row<X: Vector<T>>(self, p: usize) {
        // SAFETY: p < depth, and the vectors end with the row.
        unsafe {
            let (from, to) = (self.from.add(p * self.depth_step), self.to.add(p * self.to_step));
            let mut j = 0;
            while j + X::LANES <= self.width {
                X::load(from.add(j)).store(to.add(j));
                j += X::LANES;
            }
            if j < self.width {
                X::load_first(from.add(j), self.width - j).store_first(to.add(j), self.width - j);
            }
        }
    }

    /// Transposes the square from (p, j) on, for `depth_step` = 1: whole rows in, whole columns out.
    #[inline(always)]
    unsafe fn square(self, p: usize, j: usize) {
        let mut rows = [[T::zero(); SIDE]; SIDE];
        for (i, row) in rows.iter_mut().enumerate() {
            // SAFETY: p + SIDE ≤ depth and j + i < width.
            *row =
                unsafe { self.from.add(p + (j + i) * self.width_step).cast::<[T; SIDE]>().read() };
        }
        for q in 0..SIDE {
            let mut column = [T::zero(); SIDE];
            for (x, row) in column.iter_mut().zip(&rows) {
                *x = row[q];
            }
            // SAFETY: p + q < depth and j + SIDE ≤ width.
            unsafe { self.to.add((p + q) * self.to_step + j).cast::<[T; SIDE]>().write(column) }
        }
    }
}
