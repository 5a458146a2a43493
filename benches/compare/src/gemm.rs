//! The matrix product that the floor is made of beside our own: `gemm-f32`'s, so that we do not set our own yardstick.

use gemm_common::Parallelism;

/// `c ← a·b` for square matrices of so many rows, rows one after the other, on so many threads.
///
/// # Panics
/// If a slice is shorter than its matrix.
#[allow(unsafe_code)]
pub fn gemm_squares(side: usize, c: &mut [f32], a: &[f32], b: &[f32], threads: usize) {
    assert!([a.len(), b.len(), c.len()].iter().all(|&length| length >= side * side));
    let parallelism = if threads > 1 { Parallelism::Rayon(threads) } else { Parallelism::None };
    let (row, col) = (side as isize, 1);
    // `gemm-f32` works along the columns of its result, and is several times slower on rows: `cᵀ ← bᵀ·aᵀ` then.
    // (The `gemm` crate turns the product round itself; its `-f32` part does not.)
    // SAFETY: the three matrices are dense and within their slices, asserted above; `c` is borrowed alone, and
    // `read_dst = false` means that it is only written.
    unsafe {
        gemm_f32::gemm::f32::get_gemm_fn()(
            side,
            side,
            side,
            c.as_mut_ptr(),
            row,
            col,
            false,
            b.as_ptr(),
            row,
            col,
            a.as_ptr(),
            row,
            col,
            0.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_times_columns() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 0.0, 1.0]);
        let mut c = [0.0; 4];
        gemm_squares(2, &mut c, &a, &b, 1);
        assert_eq!(c, [1.0, 3.0, 3.0, 7.0]);
        gemm_squares(2, &mut c, &b, &a, 2);
        assert_eq!(c, [4.0, 6.0, 3.0, 4.0]);
    }
}
