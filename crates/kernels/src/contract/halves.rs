//! Whether half a vector takes half of the time of a whole one, found out once at run time.
//!
//! AMD's Zen 4 multiplies and adds vectors of 512 bits as two of 256, and so do some of Intel's processors, which have one unit for
//! such. Others have two, and gain nothing. No name of a processor tells, so it is timed; no result depends on it.

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use super::tile::Half;
use crate::elementary::Lane;
use crate::isa::{Isa, Kernel, Simd};
use crate::vector::Vector;

static ARE_CHEAP: LazyLock<bool> = LazyLock::new(|| Isa::best().run(Compare));

/// Whether three half vectors take clearly less time than two whole ones.
pub(super) fn are_cheap() -> bool {
    *ARE_CHEAP
}

/// As many sums at a time as none has to wait for another.
const SUMS: usize = 12;

/// How often each is added to in a trial, which takes a microsecond or two.
const TIMES: usize = 256;

/// Enough trials that a processor which is slow to start with long vectors has started, and that some are undisturbed.
const TRIALS: usize = 64;

struct Compare;

impl Kernel for Compare {
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self) -> bool {
        type Whole<S> = <f32 as Lane>::Vector<S>;
        if const { Half::<f32, S>::LANES == Whole::<S>::LANES } {
            return false;
        }
        let (mut whole, mut half) = (Duration::MAX, Duration::MAX);
        for _ in 0..TRIALS {
            // SAFETY: this is the copy for level `S`.
            unsafe {
                whole = whole.min(time::<Whole<S>>());
                half = half.min(time::<Half<f32, S>>());
            }
        }
        half * 10 < whole * 6
    }
}

/// How long a trial takes.
///
/// # Safety
///
/// The processor has the instruction set of the vectors.
#[inline(always)]
unsafe fn time<X: Vector<f32>>() -> Duration {
    let start = Instant::now();
    // SAFETY: as the caller vouches.
    unsafe {
        let factor = X::splat(black_box(0.5));
        let mut sums = [factor; SUMS];
        for _ in 0..TIMES {
            sums = sums.map(|sum| sum.mul_add(factor, factor));
        }
        black_box(sums);
    }
    start.elapsed()
}
