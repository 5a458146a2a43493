//! The innermost loop: a tile of C held in registers while the columns of A and the rows of B stream by.
//!
//! A tile has up to `ROWS` rows and two vectors of columns, so that every step of the depth costs two loads of B and,
//! for each row, one broadcast of A and two multiply-adds: bound by arithmetic alone.

use std::marker::PhantomData;

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
        struct Ask<T>(PhantomData<T>);
        impl<T: Scalar> Kernel for Ask<T> {
            type Output = TileSize;
            #[inline(always)]
            fn run<S: Simd>(self) -> TileSize {
                let (rows, vectors) = S::TILE;
                TileSize { rows, columns: vectors * T::Vector::<S>::LANES }
            }
        }
        isa.run(Ask::<T>(PhantomData))
    }
}

/// C = A·B or C += A·B for one tile of C.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile<T> {
    /// The addresses of rows 0, 5 and 10. An x86 address holds a few multiples of a stride; from one address alone the
    /// compiler walks down the rows by a chain of additions as long as the arithmetic.
    pub(super) a: (*const T, *const T, *const T),
    pub(super) a_row: usize,
    pub(super) a_column: usize,
    pub(super) b: *const T,
    pub(super) b_row: usize,
    pub(super) c: *mut T,
    pub(super) c_row: usize,
    pub(super) columns: usize,
    pub(super) depth: usize,
    pub(super) accumulate: bool,
}

impl<T: Scalar> Tile<T> {
    /// Computes the tile of `rows` rows.
    ///
    /// # Safety
    ///
    /// `rows` and `columns` are at least 1 and within `TileSize::of(isa)`; A can be read at
    /// `a[i·a_row + p·a_column]` and B at `b[p·b_row + j]`, and C written at `c[i·c_row + j]`, for every
    /// i < rows, j < columns, p < depth; nobody else touches C.
    pub(super) unsafe fn compute(self, isa: Isa, rows: usize) {
        macro_rules! by_rows {
            ($($n:literal)*) => {
                match rows {
                    $($n => isa.run(Rows::<T, $n>(self)),)*
                    _ => unreachable!("a tile has at most {MAX_ROWS} rows"),
                }
            };
        }
        by_rows!(1 2 3 4 5 6)
    }
}

/// A tile of `R` rows.
struct Rows<T, const R: usize>(Tile<T>);

impl<T: Scalar, const R: usize> Kernel for Rows<T, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        if R > S::TILE.0 {
            return; // no level asks for a tile that its registers cannot hold
        }
        let lanes = T::Vector::<S>::LANES;
        // SAFETY: the promises of `Tile::compute`; the number of vectors and the masking follow from `columns`.
        unsafe {
            if S::TILE.1 == 4 && self.0.columns == 4 * lanes {
                compute::<T, T::Vector<S>, R, 4, false>(self.0);
            } else if S::TILE.1 == 4 && self.0.columns > 3 * lanes {
                compute::<T, T::Vector<S>, R, 4, true>(self.0);
            } else if S::TILE.1 == 4 && self.0.columns > 2 * lanes {
                compute::<T, T::Vector<S>, R, 3, true>(self.0);
            } else if S::TILE.1 == 2 && self.0.columns == 2 * lanes {
                compute::<T, T::Vector<S>, R, 2, false>(self.0);
            } else if self.0.columns > lanes {
                compute::<T, T::Vector<S>, R, 2, true>(self.0);
            } else {
                compute::<T, T::Vector<S>, R, 1, true>(self.0);
            }
        }
    }
}

/// A tile of `R` rows and `V` vectors, the last of them only in part if `MASKED`.
///
/// # Safety
///
/// As for `Tile::compute`, and `columns` is `V` vectors, or between `V − 1` exclusive and `V` inclusive if `MASKED`.
#[inline(always)]
unsafe fn compute<T: Scalar, X: Vector<T>, const R: usize, const V: usize, const MASKED: bool>(
    tile: Tile<T>,
) {
    // SAFETY (of all that follows): the addresses are those the caller has vouched for; a masked access touches the
    // first `last` lanes only.
    unsafe {
        let last = tile.columns - (V - 1) * X::LANES;
        let load = |from: *const T, v: usize| {
            let from = from.add(v * X::LANES);
            if MASKED && v + 1 == V { X::load_first(from, last) } else { X::load(from) }
        };
        let mut sums = [[X::splat(T::zero()); V]; R];
        let (mut a, mut a5, mut a10) = tile.a;
        for i in 0..R {
            let c = tile.c.wrapping_add(i * tile.c_row);
            for v in 0..V { std::arch::x86_64::_mm_prefetch::<{std::arch::x86_64::_MM_HINT_T0}>(c.wrapping_add(v * X::LANES).cast()); }
            std::arch::x86_64::_mm_prefetch::<{std::arch::x86_64::_MM_HINT_T0}>(c.wrapping_add(tile.columns - 1).cast());
        }
        let mut b = tile.b;
        for _ in 0..tile.depth {
            let mut row = [X::splat(T::zero()); V];
            for v in 0..V {
                row[v] = load(b, v);
            }
            for i in 0..R {
                let start = if i < 5 {
                    a
                } else if i < 10 {
                    a5
                } else {
                    a10
                };
                let x = X::splat(*start.add(i % 5 * tile.a_row));
                for v in 0..V {
                    sums[i][v] = x.mul_add(row[v], sums[i][v]);
                }
            }
            a = a.wrapping_add(tile.a_column);
            a5 = a5.wrapping_add(tile.a_column);
            a10 = a10.wrapping_add(tile.a_column);
            b = b.wrapping_add(tile.b_row);
        }
        for i in 0..R {
            let c = tile.c.add(i * tile.c_row);
            for v in 0..V {
                let sum = if tile.accumulate { sums[i][v].add(load(c, v)) } else { sums[i][v] };
                let c = c.add(v * X::LANES);
                if MASKED && v + 1 == V { sum.store_first(c, last) } else { sum.store(c) }
            }
        }
    }
}
