use std::panic::catch_unwind;

use proptest::prelude::*;

use super::*;
use crate::testing::{Precise, Rng, levels};

/// A·B in double precision, and |A|·|B| for its error bound.
fn reference<T: Scalar>(a: Matrix<'_, T>, b: Matrix<'_, T>, i: usize, j: usize) -> (f64, f64) {
    let at = |m: Matrix<'_, T>, i: usize, j: usize| {
        m.data[i * m.row_stride + j * m.column_stride].to_f64()
    };
    (0..a.columns).fold((0.0, 0.0), |(sum, size), p| {
        let x = at(a, i, p) * at(b, p, j);
        (sum + x, size + x.abs())
    })
}

/// Compares one product, in place of and in addition to what C holds, on every level, with gaps between rows of C.
fn check<T: Scalar>(a: Matrix<'_, T>, b: Matrix<'_, T>, pool: &Pool) {
    let (rows, columns, stride) = (a.rows, b.columns, b.columns + 3);
    // Of many elements every few, at all distances from a tile's edges.
    let every = (rows * columns).div_ceil(2000) | 1;
    for isa in levels() {
        for accumulate in [false, true] {
            let mut c = vec![T::one(); rows * stride];
            gemm(isa, pool, a, b, MatrixMut::strided(&mut c, rows, columns, stride), accumulate);
            for (i, row) in c.chunks(stride).enumerate() {
                assert!(
                    row[columns..].iter().all(|&x| x == T::one()),
                    "the gap between rows was written"
                );
                for (j, &x) in row[..columns].iter().enumerate().skip(i % every).step_by(every) {
                    let (sum, size) = reference(a, b, i, j);
                    let sum = if accumulate { sum + 1.0 } else { sum };
                    let bound = (a.columns + 2) as f64 * T::epsilon().to_f64() * (size + 1.0);
                    let error = (x.to_f64() - sum).abs();
                    assert!(
                        error <= bound,
                        "{isa:?} ({i}, {j}) of {rows}×{}×{columns}: {x} for {sum}",
                        a.columns
                    );
                }
            }
        }
    }
}

/// All ways for A and B to lie in memory.
fn check_layouts<T: Scalar>(rows: usize, depth: usize, columns: usize, pool: &Pool) {
    let mut rng = Rng::new(rows as u64 * 31 + depth as u64 * 7 + columns as u64);
    let a: Vec<T> = rng.uniform(2 * rows * depth);
    let b: Vec<T> = rng.uniform(2 * depth * columns);
    let layouts = |x, rows, columns| {
        [
            Matrix::new(x, rows, columns),
            Matrix::new(x, columns, rows).transposed(),
            Matrix::strided(x, rows, columns, 2 * columns, 2),
        ]
    };
    for a in layouts(&a, rows, depth) {
        for b in layouts(&b, depth, columns) {
            check(a, b, pool);
        }
    }
}

#[test]
fn small_products_of_every_shape_and_layout_are_right() {
    let pool = Pool::new(1);
    for rows in [1, 2, 3, 5, 6, 7, 9, 13] {
        for depth in [1, 2, 9] {
            for columns in [1, 3, 4, 5, 8, 15, 16, 17, 33, 64, 70] {
                check_layouts::<f32>(rows, depth, columns, &pool);
                check_layouts::<f64>(rows, depth, columns, &pool);
            }
        }
    }
}

#[test]
fn products_of_many_blocks_are_right() {
    let pool = Pool::new(2);
    check_layouts::<f32>(70, 300, 150, &pool);
    check_layouts::<f64>(40, 520, 67, &pool);
    check_layouts::<f32>(3, 257, 1500, &pool);
    // More panels than a band, more depth than a layer, enough tiles for A to be packed.
    check_layouts::<f32>(200, 390, 260, &pool);
    // More columns than a block.
    check_layouts::<f64>(30, 400, 800, &pool);
}

#[test]
fn every_number_of_threads_gives_the_same_bits() {
    let mut rng = Rng::new(1);
    let pools = [1, 2, 3, 4].map(Pool::new);
    for (rows, depth, columns) in [(64, 64, 128), (130, 300, 70), (31, 513, 700)] {
        let (a, b) = (rng.uniform::<f32>(rows * depth), rng.uniform::<f32>(depth * columns));
        for isa in levels() {
            let results = pools.each_ref().map(|pool| {
                let mut c = vec![0.0; rows * columns];
                let (a, b) = (Matrix::new(&a, rows, depth), Matrix::new(&b, depth, columns));
                gemm(isa, pool, a, b, MatrixMut::new(&mut c, rows, columns), false);
                c
            });
            assert!(results.iter().all(|c| *c == results[0]));
        }
    }
}

#[test]
fn an_empty_depth_gives_zero() {
    let pool = Pool::new(1);
    let mut c = [7.0f32; 6];
    let (a, b) = (Matrix::new(&[], 2, 0), Matrix::new(&[], 0, 2));
    gemm(Isa::best(), &pool, a, b, MatrixMut::strided(&mut c, 2, 2, 3), true);
    assert_eq!(c, [7.0; 6]);
    gemm(Isa::best(), &pool, a, b, MatrixMut::strided(&mut c, 2, 2, 3), false);
    assert_eq!(c, [0.0, 0.0, 7.0, 0.0, 0.0, 7.0]);
    gemm(
        Isa::best(),
        &pool,
        Matrix::new(&[], 0, 2),
        Matrix::new(&c, 2, 3),
        MatrixMut::new(&mut [], 0, 3),
        false,
    );
}

#[test]
fn what_c_held_is_not_read_without_accumulate() {
    let pool = Pool::new(1);
    for isa in levels() {
        let mut c = [f32::NAN; 9];
        gemm(
            isa,
            &pool,
            Matrix::new(&[1.0; 3], 3, 1),
            Matrix::new(&[2.0; 3], 1, 3),
            MatrixMut::new(&mut c, 3, 3),
            false,
        );
        assert_eq!(c, [2.0; 9]);
    }
}

#[test]
#[should_panic(expected = "the product of 2×3 and 2×2 matrices is no 2×2 matrix")]
fn shapes_that_do_not_match_are_refused() {
    let (a, b) = (Matrix::new(&[0.0f32; 6], 2, 3), Matrix::new(&[0.0; 4], 2, 2));
    gemm(Isa::best(), &Pool::new(1), a, b, MatrixMut::new(&mut [0.0; 4], 2, 2), false);
}

/// Small numbers, and those about which products and sums wrap around.
fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        6 => 0usize..20,
        1 => (20u32..64).prop_map(|bit| 1 << bit),
        1 => (0usize..3).prop_map(|below| usize::MAX - below),
    ]
}

/// Whether a matrix lies within so many elements, exactly.
fn lies_within(len: usize, extents: [usize; 2], strides: [usize; 2]) -> bool {
    let step = |i: usize| (extents[i] as u128 - 1).saturating_mul(strides[i] as u128);
    extents.contains(&0) || step(0).saturating_add(step(1)) < len as u128
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn views_and_products_stay_within_their_slices(
        [rows, depth, columns] in [size(), size(), size()],
        [a_row, a_column, b_row, b_column, c_row] in [size(), size(), size(), size(), size()],
        len in 0usize..400,
    ) {
        let data: Vec<f64> = (0..len).map(|i| (i % 5) as f64).collect();
        let mut out = data.clone();
        let view = |rows, columns, row, column| {
            let view = catch_unwind(|| Matrix::strided(&data, rows, columns, row, column)).ok();
            assert_eq!(view.is_some(), lies_within(len, [rows, columns], [row, column]));
            view
        };
        let (a, b) = (view(rows, depth, a_row, a_column), view(depth, columns, b_row, b_column));
        let fits = c_row >= columns && lies_within(len, [rows, columns], [c_row, 1]);
        let c = catch_unwind(|| _ = MatrixMut::strided(&mut data.clone(), rows, columns, c_row));
        assert_eq!(c.is_ok(), fits);
        if let (Some(a), Some(b), true) = (a, b, fits && depth < 1000) {
            let c = MatrixMut::strided(&mut out, rows, columns, c_row);
            gemm(Isa::best(), &Pool::new(1), a, b, c, false);
            for i in 0..if columns == 0 { 0 } else { rows } {
                for j in 0..columns {
                    let (sum, _) = reference(a, b, i, j);
                    assert_eq!(out[i * c_row + j], sum, "{rows}×{depth}×{columns} at ({i}, {j})");
                }
            }
        }
    }
}
