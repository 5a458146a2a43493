//! Whether numbers are finite.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::isa::{Isa, Kernel, Simd};
use crate::pool::Pool;
use crate::scalar::Scalar;

/// From this many numbers on a second thread pays.
const WORTH_SHARING: usize = 1 << 18;

/// Whether there is no infinity and no NaN among the numbers: one pass, at the speed at which memory is read. Long
/// slices are shared among threads.
///
/// ```
/// use cotangent_kernels::{Isa, Pool, all_finite};
/// let pool = Pool::new(1);
/// assert!(all_finite(Isa::best(), &pool, &[1.0_f32, -0.0, f32::MAX, 1e-45]));
/// assert!(!all_finite(Isa::best(), &pool, &[1.0, f64::NAN]));
/// ```
pub fn all_finite<T: Scalar>(isa: Isa, pool: &Pool, x: &[T]) -> bool {
    if x.len() < WORTH_SHARING || pool.threads() == 1 {
        return T::all_finite(isa, x);
    }
    let part = x.len().div_ceil(pool.threads());
    let finite = AtomicBool::new(true);
    pool.run(x.len().div_ceil(part), &|place| {
        if !T::all_finite(isa, &x[place * part..x.len().min((place + 1) * part)]) {
            finite.store(false, Ordering::Relaxed);
        }
    });
    finite.into_inner()
}

/// The numbers to be looked at.
pub(crate) struct AllFinite<'a, T>(pub &'a [T]);

impl<T: Scalar> Kernel for AllFinite<'_, T> {
    type Output = bool;

    /// Counts without a branch, so that LLVM makes vectors of it: what is not finite is rare.
    #[inline(always)]
    fn run<S: Simd>(self) -> bool {
        self.0.iter().fold(0_u32, |any, x| any | u32::from(!x.is_finite())) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sees<T: Scalar>(pool: &Pool) {
        for isa in Isa::available() {
            for length in [0, 1, 7, 64, 1000, 300_000] {
                let mut x = vec![T::max_value(); length];
                assert!(all_finite(isa, pool, &x), "{isa:?} {length}");
                let places = [0, length / 3, length.saturating_sub(1)];
                for place in places.into_iter().filter(|&place| place < length) {
                    for wild in [T::nan(), T::infinity(), T::neg_infinity()] {
                        let before = std::mem::replace(&mut x[place], wild);
                        assert!(!all_finite(isa, pool, &x), "{isa:?} {length} {place} {wild}");
                        x[place] = before;
                    }
                }
            }
        }
    }

    #[test]
    fn one_number_is_seen_wherever_it_is() {
        for threads in [1, 3] {
            let pool = Pool::new(threads);
            sees::<f32>(&pool);
            sees::<f64>(&pool);
        }
    }
}
