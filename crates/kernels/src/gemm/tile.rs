//! The innermost loop: a tile of C held in registers while the columns of A and the rows of B stream by.
//!
//! A tile of AVX-512 has 6 rows of 4 vectors. Each step of the depth loads 4 vectors of B, broadcasts 6 elements of A
//! and makes 24 multiply-adds, so that arithmetic is the bound; what a tile writes is 6 short runs of memory.

use std::marker::PhantomData;

use super::block::Operand;
use crate::isa::{Isa, Kernel, Simd};
use crate::scalar::Scalar;
use crate::vector::Vector;

/// The most rows of a tile on any level.
pub(super) const MAX_ROWS: usize = 6;

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
        TileSize { rows: MAX_ROWS, columns: S::TILE_VECTORS * T::Vector::<S>::LANES }
    }
}

/// C = A·B or C += A·B for one tile of C. Rows of B and C are contiguous.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile<T> {
    pub(super) a: Operand<T>,
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
        match self.rows {
            1 => isa.run(Rows::<T, 1>(self)),
            2 => isa.run(Rows::<T, 2>(self)),
            3 => isa.run(Rows::<T, 3>(self)),
            4 => isa.run(Rows::<T, 4>(self)),
            5 => isa.run(Rows::<T, 5>(self)),
            _ => isa.run(Rows::<T, MAX_ROWS>(self)),
        }
    }
}

/// A tile of `R` rows.
struct Rows<T, const R: usize>(Tile<T>);

impl<T: Scalar, const R: usize> Kernel for Rows<T, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let full = T::Vector::<S>::LANES * S::TILE_VECTORS;
        let vectors = self.0.columns.div_ceil(T::Vector::<S>::LANES);
        // SAFETY: the promises of `Tile::run`; the number of vectors and the masking follow from `columns`.
        unsafe {
            // A tile wider than the level's own is never asked for, and not compiled.
            match vectors {
                4 if S::TILE_VECTORS == 4 && self.0.columns == full => {
                    compute::<T, T::Vector<S>, R, 4, false>(self.0)
                }
                4 if S::TILE_VECTORS == 4 => compute::<T, T::Vector<S>, R, 4, true>(self.0),
                3 if S::TILE_VECTORS == 4 => compute::<T, T::Vector<S>, R, 3, true>(self.0),
                2 if self.0.columns == full => compute::<T, T::Vector<S>, R, 2, false>(self.0),
                2 => compute::<T, T::Vector<S>, R, 2, true>(self.0),
                _ => compute::<T, T::Vector<S>, R, 1, true>(self.0),
            }
        }
    }
}

/// A tile of `R` rows and `V` vectors, the last of them only in part if `MASKED`.
///
/// # Safety
///
/// As for `Tile::run`, and `columns` is `V` vectors, or if `MASKED` more than `V − 1` and at most `V`.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "counted loops over arrays unroll into registers")]
unsafe fn compute<T: Scalar, X: Vector<T>, const R: usize, const V: usize, const MASKED: bool>(
    tile: Tile<T>,
) {
    // SAFETY: every address is one that the caller vouches for, as is the instruction set of the vectors; of the last
    // vector only the first `last` lanes are touched.
    unsafe {
        let last = tile.columns - (V - 1) * X::LANES;
        let load = |from: *const T, v: usize| {
            let from = from.add(v * X::LANES);
            if MASKED && v + 1 == V { X::load_first(from, last) } else { X::load(from) }
        };
        // Writing to a line that is not in the first-level cache would stall; asked for now, it is there by then.
        for i in 0..R {
            for v in 0..V {
                prefetch(tile.c.wrapping_add(i * tile.c_row + v * X::LANES));
            }
        }
        let zero = X::splat(T::zero());
        let mut sums = [[zero; V]; R];
        let (mut a, mut b) = (tile.a.start, tile.b);
        for _ in 0..tile.depth {
            let mut row = [zero; V];
            for v in 0..V {
                row[v] = load(b, v);
            }
            for i in 0..R {
                let x = X::splat(*a.add(i * tile.a.row));
                for v in 0..V {
                    sums[i][v] = x.mul_add(row[v], sums[i][v]);
                }
            }
            a = a.wrapping_add(tile.a.column);
            b = b.wrapping_add(tile.b_row);
        }
        for i in 0..R {
            let c = tile.c.add(i * tile.c_row);
            for v in 0..V {
                let sum = if tile.accumulate { sums[i][v].add(load(c, v)) } else { sums[i][v] };
                let to = c.add(v * X::LANES);
                if MASKED && v + 1 == V { sum.store_first(to, last) } else { sum.store(to) }
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
