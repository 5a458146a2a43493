//! Matrix products.
//!
//! `matrix.rs` checks that what a caller describes lies within its slices, and from there on the addresses are
//! trusted. `tile.rs` computes a few rows and columns in registers, `block.rs` cuts a product into tiles so that the
//! caches feed them, `pack.rs` copies what lies badly in memory, and this file shares a product among threads.
//!
//! **Determinism.** An element of C is a sum over blocks of the depth, each accumulated in order. Neither the tile nor
//! the thread that an element falls to changes that order, so that the result is bitwise the same for any number of
//! threads. (It differs between levels with and without fused multiply-add.)
//!
//! **Speed.** Beside `gemm-f32` 0.19 in the same run, on a Sapphire Rapids Xeon in single precision: on one thread 0.9 to
//! 1.0 times its rate from 64×64·64×128 to 512×2048·2048×2048; on two 0.9 to 1.0 times on the largest and 1.3 to 2.5 times
//! where there are 1 to 20 million multiply-adds. `cargo bench -p kernels` prints our rates.
//!
//! **Error.** |fl(C) − C| ≤ γ·|A|·|B| elementwise, with γ = k·u/(1 − k·u) for depth k and unit roundoff u (N. J. Higham,
//! "Accuracy and Stability of Numerical Algorithms", §3.5).

mod block;
mod matrix;
mod pack;
mod tile;

#[cfg(test)]
mod tests;

use block::Strided;
pub use block::{Product, Scratch};
pub use matrix::{Matrix, MatrixMut};
use tile::TileSize;

use crate::isa::Isa;
use crate::pool::Pool;
use crate::scalar::Scalar;

/// Below this many multiply-adds, some 15 µs on one thread, half of a product on another costs more than it saves: a
/// call takes 1 µs, and what one core wrote another reads at some 5 GB/s.
const WORTH_SHARING: usize = 1 << 20;

/// C = A·B, or C = C + A·B if `accumulate`. Without `accumulate`, C is not read.
///
/// Products of some size are shared among the threads of `pool`, with the same result for any number of them.
/// Nothing is allocated, but for a scratch of some 1.6 MiB in each thread when it first needs one.
///
/// # Panics
///
/// When the shapes do not match.
#[track_caller]
pub fn gemm<T: Scalar>(
    isa: Isa,
    pool: &Pool,
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    c: MatrixMut<'_, T>,
    accumulate: bool,
) {
    let (rows, depth, columns) = (a.rows, a.columns, b.columns);
    assert!(
        b.rows == depth && c.rows == rows && c.columns == columns,
        "the product of {rows}×{depth} and {}×{columns} matrices is no {}×{} matrix",
        b.rows,
        c.rows,
        c.columns
    );
    if rows == 0 || columns == 0 {
        return;
    }
    if depth == 0 {
        return if !accumulate {
            c.clear()
        };
    }
    let product = Product {
        rows,
        columns,
        depth,
        a: Strided { start: a.data.as_ptr(), row: a.row_stride, column: a.column_stride },
        b: Strided { start: b.data.as_ptr(), row: b.row_stride, column: b.column_stride },
        c: c.data.as_mut_ptr(),
        c_row: c.row_stride,
        accumulate,
    };
    share(isa, pool, product);
}

/// Whether [`gemm`] shares a product of \[rows, depth\] and \[depth, columns\] among the threads of a
/// pool.
pub fn is_shared(rows: usize, depth: usize, columns: usize) -> bool {
    rows.saturating_mul(columns).saturating_mul(depth) >= WORTH_SHARING
}

/// Computes a product in parts, bands of columns or of rows, that the threads of `pool` take one by one.
fn share<T: Scalar>(isa: Isa, pool: &Pool, product: Product<T>) {
    let compute = |part: Product<T>| Scratch::with(|scratch| T::product(isa, part, scratch));
    let (rows, columns) = (product.rows, product.columns);
    if !is_shared(rows, product.depth, columns) || pool.threads() == 1 {
        return compute(product);
    }
    let parts = pool.threads().min(Pool::MAX_PLACES);
    let tile = TileSize::of::<T>(isa);
    // Bands of columns share no part of B, which is the one that is copied; but they must not be too narrow.
    if columns >= 2 * parts * tile.columns {
        let width = band(columns, tile.columns, parts);
        pool.run_in_places(columns.div_ceil(width), &|_, bands| {
            // SAFETY: a band is not empty and ends with C; no two bands meet.
            let band =
                |i| unsafe { product.part(0, rows, i * width, width.min(columns - i * width)) };
            bands.map(band).for_each(compute);
        });
    } else {
        let height = band(rows, tile.rows, parts);
        pool.run_in_places(rows.div_ceil(height), &|_, bands| {
            // SAFETY: as above.
            let band =
                |i| unsafe { product.part(i * height, height.min(rows - i * height), 0, columns) };
            bands.map(band).for_each(compute);
        });
    }
}

/// The size of one of `parts` bands of `total`, in whole tiles.
fn band(total: usize, tile: usize, parts: usize) -> usize {
    total.div_ceil(parts).next_multiple_of(tile)
}
