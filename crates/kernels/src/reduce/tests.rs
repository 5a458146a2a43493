use super::*;
use crate::testing::{Precise, Rng, levels};

/// The plain loop in double precision.
fn plain<T: Scalar>(f: Reduce, x: impl Iterator<Item = T>) -> f64 {
    x.map(|x| x.to_f64()).fold(f.identity(), |a, b| f.join(a, b))
}

#[track_caller]
fn assert_close<T: Scalar>(value: T, expected: f64, n: usize) {
    let tolerance = 40.0 * T::epsilon().to_f64() * (n as f64).sqrt().max(1.0);
    let close = (value.to_f64() - expected).abs() <= tolerance || value.to_f64() == expected;
    assert!(
        close || (value.is_nan() && expected.is_nan()),
        "{value}, not {expected}, of {n} numbers"
    );
}

/// Numbers near 1 in size, so that a product neither vanishes nor explodes.
fn numbers<T: Scalar>(rng: &mut Rng, f: Reduce, n: usize) -> Vec<T> {
    let x = rng.uniform::<T>(n);
    let near_one = |x: T| T::one() + x * T::from_f64(1e-3);
    if f == Reduce::Prod { x.into_iter().map(near_one).collect() } else { x }
}

fn check<T: Scalar>() {
    let mut rng = Rng::new(5);
    for &f in Reduce::ALL {
        for (rows, columns) in [
            (1, 1),
            (3, 10),
            (33, 17),
            (5, 40),
            (70, 130),
            (2, 300),
            (1100, 5),
            (7, 1030),
            (1, 0),
            (0, 3),
        ] {
            let x = numbers::<T>(&mut rng, f, rows * columns);
            let row = |i: usize| x[i * columns..(i + 1) * columns].iter().copied();
            let mut first: Option<Vec<T>> = None;
            for isa in levels() {
                let (mut by_row, mut by_column) = (vec![T::nan(); rows], vec![T::nan(); columns]);
                reduce_rows(isa, f, &x, columns, &mut by_row);
                reduce_columns(isa, f, &x, rows, columns, &mut by_column);
                by_row
                    .iter()
                    .enumerate()
                    .for_each(|(i, &y)| assert_close(y, plain(f, row(i)), columns));
                for (j, &y) in by_column.iter().enumerate() {
                    assert_close(y, plain(f, (0..rows).map(|i| x[i * columns + j])), rows);
                }
                assert_close(reduce(isa, f, &x), plain(f, x.iter().copied()), x.len());
                // Down the columns the tree is the same on every level, and nothing in it is fused.
                let all = by_column;
                assert!(first.get_or_insert_with(|| all.clone()) == &all, "{isa:?} {f:?}");
            }
        }
    }
}

#[test]
fn all_reductions_agree_with_the_plain_loop_and_between_levels() {
    check::<f32>();
    check::<f64>();
}

#[test]
fn bands_of_columns_give_the_bits_of_the_whole() {
    let (rows, columns) = (300, 150);
    let x: Vec<f32> = Rng::new(2).uniform(rows * columns);
    let (mut whole, mut parts) = (vec![0.0; columns], vec![0.0; columns]);
    for isa in levels() {
        reduce_columns(isa, Reduce::Sum, &x, rows, columns, &mut whole);
        for start in (0..columns).step_by(47) {
            let end = columns.min(start + 47);
            reduce_columns(isa, Reduce::Sum, &x[start..], rows, columns, &mut parts[start..end]);
        }
        assert_eq!(whole, parts);
    }
}

#[test]
fn nan_is_the_largest_and_the_smallest() {
    for n in [1, 10, 40, 129, 5000] {
        for isa in levels() {
            for at in [0, n / 2, n - 1] {
                let mut x = vec![1.0f32; n];
                x[at] = f32::NAN;
                assert!(
                    reduce(isa, Reduce::Max, &x).is_nan() && reduce(isa, Reduce::Min, &x).is_nan()
                );
            }
        }
    }
}

#[test]
fn a_long_sum_is_far_better_than_a_plain_loop() {
    let x = vec![0.1f32; 1 << 22];
    let exact = f64::from(0.1f32) * (1 << 22) as f64;
    let relative = |sum: f32| (f64::from(sum) / exact - 1.0).abs();
    assert!(relative(reduce(Isa::best(), Reduce::Sum, &x)) < 1e-6);
    assert!(relative(x.iter().sum()) > 1e-3);
}

#[test]
#[should_panic(expected = "3 rows of 4 columns at stride 5 need 14 elements, not 13")]
fn a_short_matrix_is_refused() {
    reduce_columns(Isa::best(), Reduce::Sum, &[0.0f32; 13], 3, 5, &mut [0.0; 4]);
}

#[test]
#[should_panic(expected = "the length of a matrix of 2 rows")]
fn a_matrix_whose_length_wraps_is_refused() {
    reduce_rows(Isa::best(), Reduce::Sum, &[0.0f32; 0], 1 << 63, &mut [0.0; 2]);
}

#[test]
#[should_panic(expected = "at stride 2 need more than 2⁶⁴ elements, not 4")]
fn rows_whose_number_wraps_are_refused() {
    reduce_columns(Isa::best(), Reduce::Sum, &[0.0f32; 4], (1 << 63) + 1, 2, &mut [0.0; 2]);
}
