//! The Euclidean norm, which parts and reports share.

use std::sync::atomic::{AtomicU64, Ordering};

use graph::Scalar;
use program::default_pool;

/// The most pieces that numbers are taken in.
const PIECES: usize = 64;

/// As many numbers are one piece: a second thread does not pay for fewer.
const SHORTEST: usize = 1 << 15;

/// How many sums a piece is added up in, so that it is done in vectors.
const LANES: usize = 16;

/// Σ x², in double precision. The pieces, which threads share, and the order in which they are added depend on the length
/// alone, and so does the result.
pub(crate) fn squares<T: Scalar>(x: &[T]) -> f64 {
    let length = x.len().div_ceil(PIECES).max(SHORTEST);
    let sums = [const { AtomicU64::new(0) }; PIECES];
    default_pool().run(x.len().div_ceil(length), &|piece| {
        let sum = of_piece(&x[piece * length..x.len().min((piece + 1) * length)]);
        sums[piece].store(sum.to_bits(), Ordering::Relaxed);
    });
    sums.into_iter().map(|sum| f64::from_bits(sum.into_inner())).sum()
}

/// ‖x‖ = √Σ x², in double precision.
pub(crate) fn norm<T: Scalar>(x: &[T]) -> f64 {
    squares(x).sqrt()
}

fn of_piece<T: Scalar>(x: &[T]) -> f64 {
    let (whole, rest) = x.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for x in whole {
        for (sum, &x) in sums.iter_mut().zip(x) {
            *sum += x.to_f64() * x.to_f64();
        }
    }
    let rest = rest.iter().map(|&x| x.to_f64() * x.to_f64());
    sums.into_iter().chain(rest).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_added_once() {
        for length in [0, 1, LANES - 1, LANES + 1, SHORTEST, SHORTEST + 1, PIECES * SHORTEST + 7] {
            let mut ones = vec![1.0_f32; length];
            assert_eq!(squares(&ones), length as f64);
            if let Some(last) = ones.last_mut() {
                *last = 1e30;
                assert_eq!(norm(&ones), f64::from(1e30_f32));
            }
        }
    }
}
