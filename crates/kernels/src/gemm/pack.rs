//! Copies of parts of A and B in the order in which the tiles read them.

use std::ops::Range;

use crate::isa::{Isa, Kernel, Simd};
use crate::scalar::Scalar;
use crate::vector::Vector;

/// A copy of `depth` by `width` elements in panels of a tile's width, one after the other: element (p, j), which is
/// `from[p·depth_step + j·width_step]`, goes to row p of panel ⌊j/panel⌋.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pack<T> {
    pub(super) from: *const T,
    pub(super) depth_step: usize,
    pub(super) width_step: usize,
    pub(super) to: *mut T,
    pub(super) panel: usize,
    pub(super) depth: usize,
    pub(super) width: usize,
}

/// The side of the squares in which a transposing copy goes.
const SIDE: usize = 4;

impl<T: Scalar> Pack<T> {
    /// Makes the copy.
    ///
    /// # Safety
    ///
    /// All elements can be read; `to` has room for whole panels, which nobody else touches and do not overlap the rest.
    pub(super) unsafe fn run(self, isa: Isa) {
        isa.run(self);
    }
}

impl<T: Scalar> Kernel for Pack<T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        // SAFETY: the promises of `Pack::run`; each branch stays within depth and width.
        unsafe {
            match (self.depth_step, self.width_step) {
                (_, 1) => self.rows::<T::Vector<S>>(),
                (1, _) => self.transpose(),
                _ => self.gather(0..self.depth, 0..self.width),
            }
        }
    }
}

impl<T: Scalar> Pack<T> {
    /// Where element (p, j) goes.
    #[inline(always)]
    fn target(self, p: usize, j: usize) -> *mut T {
        let panel = j / self.panel;
        self.to.wrapping_add((panel * self.depth + p) * self.panel + j % self.panel)
    }

    /// Copies row after row, as they lie in memory: panel after panel would visit as many pages for each panel as this
    /// does in all. A row of a panel is so short that calling `memcpy` would take longer.
    #[inline(always)]
    unsafe fn rows<X: Vector<T>>(self) {
        for p in 0..self.depth {
            for start in (0..self.width).step_by(self.panel) {
                let width = self.panel.min(self.width - start);
                // SAFETY: p < depth, and the vectors end with the row.
                unsafe {
                    let from = self.from.add(p * self.depth_step + start);
                    let to = self.target(p, start);
                    let mut j = 0;
                    while j + X::LANES <= width {
                        X::load(from.add(j)).store(to.add(j));
                        j += X::LANES;
                    }
                    if j < width {
                        X::load_first(from.add(j), width - j).store_first(to.add(j), width - j);
                    }
                }
            }
        }
    }

    /// Copies squares within each panel and the rest one by one, for `depth_step` = 1.
    #[inline(always)]
    unsafe fn transpose(self) {
        let depth = self.depth / SIDE * SIDE;
        for start in (0..self.width).step_by(self.panel) {
            let end = self.width.min(start + self.panel);
            let squares = start + (end - start) / SIDE * SIDE;
            for j in (start..squares).step_by(SIDE) {
                for p in (0..depth).step_by(SIDE) {
                    // SAFETY: the square ends within depth and panel.
                    unsafe { self.square(p, j) }
                }
            }
            // SAFETY: within depth and width.
            unsafe {
                self.gather(0..depth, squares..end);
                self.gather(depth..self.depth, start..end);
            }
        }
    }

    /// Transposes the square from (p, j) on, for `depth_step` = 1: whole rows in, whole columns out.
    #[inline(always)]
    unsafe fn square(self, p: usize, j: usize) {
        let mut rows = [[T::zero(); SIDE]; SIDE];
        for (i, row) in rows.iter_mut().enumerate() {
            let from = self.from.wrapping_add(p + (j + i) * self.width_step);
            // SAFETY: p + SIDE ≤ depth and j + i < width.
            *row = unsafe { from.cast::<[T; SIDE]>().read() };
        }
        let to = self.target(p, j);
        for q in 0..SIDE {
            let column = rows.map(|row| row[q]);
            // SAFETY: p + q < depth and j + SIDE ≤ width, within one panel.
            unsafe { to.add(q * self.panel).cast::<[T; SIDE]>().write(column) }
        }
    }

    /// Copies one element after the other.
    #[inline(always)]
    unsafe fn gather(self, depth: Range<usize>, width: Range<usize>) {
        for p in depth {
            for j in width.clone() {
                let from = self.from.wrapping_add(p * self.depth_step + j * self.width_step);
                // SAFETY: p and j are less than what they count, as `run` was promised.
                unsafe { *self.target(p, j) = *from }
            }
        }
    }
}
