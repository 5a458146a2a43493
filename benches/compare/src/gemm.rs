//! The matrix product that the floor is made of: `gemm-f32`, not our own, which would set its own yardstick.

use gemm_common::Parallelism;

/// One operand or result: rows × columns and the distance between neighbours along each.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl Layout {
    /// Rows one after the other.
    pub fn rows(rows: usize, cols: usize) -> Self {
        Self { rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// The transpose, without moving anything.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }

    /// How many numbers it spans.
    pub fn size(self) -> usize {
        self.rows * self.cols
    }
}

/// `c ← a·b` on so many threads. The layouts come from [`Layout::rows`], transposed or not, hence dense.
///
/// # Panics
/// If a slice is shorter than its layout or the shapes do not chain.
#[allow(unsafe_code)]
pub fn gemm(c: &mut [f32], a: (&[f32], Layout), b: (&[f32], Layout), threads: usize) {
    let ((a, la), (b, lb)) = (a, b);
    let lc = Layout::rows(la.rows, lb.cols);
    assert_eq!(la.cols, lb.rows, "the inner extents differ");
    assert!(c.len() >= lc.size() && a.len() >= la.size() && b.len() >= lb.size());
    let parallelism = if threads > 1 { Parallelism::Rayon(threads) } else { Parallelism::None };
    // `gemm-f32` works along the columns of its result, and is several times slower on rows: `cᵀ ← bᵀ·aᵀ` then.
    // (The `gemm` crate turns the product round itself; its `-f32` part does not.)
    // SAFETY: the three layouts are dense and within their slices, asserted above; `c` is borrowed alone, and
    // `read_dst = false` means that it is only written.
    unsafe {
        gemm_f32::gemm::f32::get_gemm_fn()(
            lc.cols,
            lc.rows,
            la.cols,
            c.as_mut_ptr(),
            lc.row_stride as isize,
            lc.col_stride as isize,
            false,
            b.as_ptr(),
            lb.row_stride as isize,
            lb.col_stride as isize,
            a.as_ptr(),
            la.row_stride as isize,
            la.col_stride as isize,
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
    fn products_with_transposes() {
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]; // 2×3
        let b = [1.0, 0.0, 0.0, 1.0, 1.0, 1.0]; // 3×2
        let mut c = [0.0; 4];
        gemm(&mut c, (&a, Layout::rows(2, 3)), (&b, Layout::rows(3, 2)), 1);
        assert_eq!(c, [4.0, 5.0, 10.0, 11.0]);
        gemm(&mut c, (&a, Layout::rows(2, 3)), (&a, Layout::rows(2, 3).transposed()), 2);
        assert_eq!(c, [14.0, 32.0, 32.0, 77.0]);
    }
}
