//! The innermost loop: a tile of C held in registers while the columns of A and the rows of B stream by.
//!
//! A tile of AVX-512 has 12 rows of 2 vectors. Each step of the depth loads 2 vectors of B, broadcasts 12 elements of A
//! and makes 24 multiply-adds, so that arithmetic is the bound: of A a panel stays in the first-level cache while tiles
//! along it are computed, and of B a step takes 128 bytes from the second.

use std::marker::PhantomData;

use super::block::Strided;
use crate::isa::{Isa, Kernel, Simd};
use crate::scalar::Scalar;
use crate::vector::Vector;

/// The most rows of a tile on any level.
pub(super) const MAX_ROWS: usize = 12;

/// Vectors side by side in a tile.
const VECTORS: usize = 2;

/// The size of the largest tile of a level.
#[derive(Clone, Copy, Debug)]
pub(super) struct TileSize {
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl TileSize {
    pub(super) fn of<T: Scalar>(isa: Isa) -> TileSize {
        isa.run(Ask::<T>(PhantomData))
    }
}

/// Asks a level for its tile.
struct Ask<T>(PhantomData<T>);

impl<T: Scalar> Kernel for Ask<T> {
    type Output = TileSize;

    #[inline(always)]
    fn run<S: Simd>(self) -> TileSize {
        TileSize { rows: S::TILE_ROWS, columns: VECTORS * T::Vector::<S>::LANES }
    }
}

/// C = A·B or C += A·B for one tile of C. Rows of B and C are contiguous.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile<T> {
    pub(super) a: Strided<T>,
    pub(super) b: *const T,
    pub(super) b_row: usize,
    pub(super) c: *mut T,
    pub(super) c_row: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) depth: usize,
    pub(super) accumulate: bool,
}

impl<T: Scalar> Tile<T> {
    /// Computes the tile.
    ///
    /// # Safety
    ///
    /// `rows` and `columns` are at least 1 and within `TileSize::of(isa)`; A can be read at (i, p) and B at
    /// `b[p·b_row + j]`, and C written at `c[i·c_row + j]`, for every i < rows, j < columns, p < depth; nobody else
    /// touches these elements of C.
    pub(super) unsafe fn run(self, isa: Isa) {
        isa.run(self);
    }
}

impl<T: Scalar> Kernel for Tile<T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = T::Vector::<S>::LANES;
        // SAFETY: the promises of `Tile::run`; the number of vectors and the masking follow from `columns`.
        unsafe {
            if self.columns <= lanes {
                self.of_height::<S, 1, true>();
            } else if S::FREE_MASKS || self.columns < VECTORS * lanes {
                self.of_height::<S, VECTORS, true>();
            } else {
                self.of_height::<S, VECTORS, false>();
            }
        }
    }
}

impl<T: Scalar> Tile<T> {
    /// Picks one of a few heights: rows that are missing to it repeat the last.
    ///
    /// # Safety
    ///
    /// As of `compute`.
    #[inline(always)]
    unsafe fn of_height<S: Simd, const V: usize, const MASKED: bool>(self) {
        // SAFETY: as the caller vouches.
        unsafe {
            match self.rows {
                1 => self.of_layout::<T::Vector<S>, 1, V, MASKED>(),
                2 => self.of_layout::<T::Vector<S>, 2, V, MASKED>(),
                3..=4 => self.of_layout::<T::Vector<S>, 4, V, MASKED>(),
                _ if S::TILE_ROWS == 6 => self.of_layout::<T::Vector<S>, 6, V, MASKED>(),
                5..=8 => self.of_layout::<T::Vector<S>, 8, V, MASKED>(),
                _ => self.of_layout::<T::Vector<S>, MAX_ROWS, V, MASKED>(),
            }
        }
    }

    /// Tells a whole tile whose column of A is contiguous: its addresses are constants then.
    ///
    /// # Safety
    ///
    /// As of `compute`.
    #[inline(always)]
    unsafe fn of_layout<X: Vector<T>, const R: usize, const V: usize, const MASKED: bool>(self) {
        // SAFETY: as the caller vouches.
        unsafe {
            if self.a.row == 1 && self.rows == R {
                self.compute::<X, R, V, MASKED, true>();
            } else {
                self.compute::<X, R, V, MASKED, false>();
            }
        }
    }

    /// A tile of `R` rows, some of them perhaps repeated, and `V` vectors, the last of them perhaps only in part if
    /// `MASKED`. `CONTIGUOUS`: no row is repeated, and a column of A is contiguous.
    ///
    /// # Safety
    ///
    /// As for `run`; rows ≤ R, and `columns` is `V` vectors, or if `MASKED` more than `V − 1` and at most `V`.
    #[inline(always)]
    #[expect(
        clippy::needless_range_loop,
        reason = "counted loops over arrays unroll into registers"
    )]
    unsafe fn compute<
        X: Vector<T>,
        const R: usize,
        const V: usize,
        const MASKED: bool,
        const CONTIGUOUS: bool,
    >(
        self,
    ) {
        // SAFETY: every address is one that the caller vouches for, as is the instruction set of the vectors; of the
        // last vector only the first `last` lanes are touched.
        unsafe {
            let last = self.columns - (V - 1) * X::LANES;
            let load = |from: *const T, v: usize| {
                let from = from.add(v * X::LANES);
                if MASKED && v + 1 == V { X::load_first(from, last) } else { X::load(from) }
            };
            // Writing to a line that is not in the first-level cache would stall; asked for now, it is there by then.
            for i in 0..R {
                for v in 0..V {
                    prefetch(self.c.wrapping_add(i * self.c_row + v * X::LANES));
                }
            }
            let mut offsets = [0; R];
            for i in 0..R {
                offsets[i] = if CONTIGUOUS { i } else { i.min(self.rows - 1) * self.a.row };
            }
            let zero = X::splat(T::zero());
            let mut sums = [[zero; V]; R];
            let (mut a, mut b) = (self.a.start, self.b);
            for _ in 0..self.depth {
                let mut row = [zero; V];
                for v in 0..V {
                    row[v] = load(b, v);
                }
                for i in 0..R {
                    let x = X::splat(*a.add(offsets[i]));
                    for v in 0..V {
                        sums[i][v] = x.mul_add(row[v], sums[i][v]);
                    }
                }
                a = a.wrapping_add(self.a.column);
                b = b.wrapping_add(self.b_row);
            }
            for i in 0..R {
                if !CONTIGUOUS && i >= self.rows {
                    break;
                }
                let c = self.c.add(i * self.c_row);
                for v in 0..V {
                    let sum = if self.accumulate { sums[i][v].add(load(c, v)) } else { sums[i][v] };
                    let to = c.add(v * X::LANES);
                    if MASKED && v + 1 == V { sum.store_first(to, last) } else { sum.store(to) }
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
