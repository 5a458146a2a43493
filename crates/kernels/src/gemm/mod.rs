//! Matrix products.

mod block;
mod matrix;
mod pack;
mod tile;

pub use block::{Product, Scratch};
pub use matrix::{Matrix, MatrixMut};

use crate::isa::Isa;
use crate::pool::Pool;
use crate::scalar::Scalar;

/// C = A·B, or C += A·B if `accumulate`.
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
        b.rows == depth && (c.rows, c.columns) == (rows, columns),
        "a product of {rows}×{depth} and {}×{columns} matrices cannot be a {}×{} matrix",
        b.rows,
        c.rows,
        c.columns
    );
    if rows == 0 || columns == 0 {
        return;
    }
    if depth == 0 {
        if !accumulate {
            c.data
                .chunks_mut(c.row_stride)
                .take(rows)
                .for_each(|row| row[..columns].fill(T::zero()));
        }
        return;
    }
    let product = Product {
        rows,
        columns,
        depth,
        a: a.data.as_ptr(),
        a_row: a.row_stride,
        a_column: a.column_stride,
        b: b.data.as_ptr(),
        b_row: b.row_stride,
        b_column: b.column_stride,
        c: c.data.as_mut_ptr(),
        c_row: c.row_stride,
        accumulate,
    };
    Scratch::with(|scratch| T::product(isa, product, scratch));
    let _ = pool;
}
