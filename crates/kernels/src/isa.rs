//! Which instructions this processor has, found out once at run time.
//!
//! A kernel is written once, as plain scalar code that always inlines, and compiled three times: for AVX-512, for
//! AVX2 with FMA, and for whatever the target guarantees. LLVM turns the loops of each copy into the widest
//! vectors that copy may use. [`Isa`] names a copy, and having one proves that the processor can run it.

use std::fmt;
use std::sync::LazyLock;

use num_traits::Float;

use crate::elementwise::chain::Chained;
use crate::vector::Plain;

/// An instruction set level that this processor has.
///
/// Values come only from [`Isa::best`], [`Isa::available`] and [`Isa::PORTABLE`], so that no level can be asked
/// for on a processor without it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Isa(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

static BEST: LazyLock<Isa> = LazyLock::new(|| Isa::available().last().unwrap_or(Isa::PORTABLE));

impl Isa {
    /// The level every processor of the target has (SSE2 on x86-64, NEON on aarch64).
    pub const PORTABLE: Isa = Isa(Level::Portable);

    /// The widest level of this processor; asked once, remembered after.
    #[inline]
    pub fn best() -> Isa {
        *BEST
    }

    /// Every level of this processor, narrowest first, so that a test can run them all.
    pub fn available() -> impl Iterator<Item = Isa> {
        Level::all().iter().filter(|level| level.detected()).map(|&level| Isa(level))
    }

    /// The level's name: `"portable"`, `"avx2"` or `"avx512"`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Level::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "avx512",
        }
    }

    /// Runs the copy of `kernel` that was compiled for this level.
    #[inline(always)]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Level::Portable => portable(kernel),
            // SAFETY: an `Isa` of this level exists only where `Level::detected` has found its features.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { avx2(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { avx512(kernel) },
        }
    }
}

impl fmt::Debug for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Level {
    #[cfg(target_arch = "x86_64")]
    fn all() -> &'static [Level] {
        &[Level::Portable, Level::Avx2, Level::Avx512]
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn all() -> &'static [Level] {
        &[Level::Portable]
    }

    /// Whether this processor, and its operating system, support the level.
    fn detected(self) -> bool {
        match self {
            Level::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => {
                Level::Avx2.detected()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
            }
        }
    }
}

/// A computation that can be compiled for several instruction sets.
///
/// `run` and all that it calls must be `#[inline(always)]`: only what is inlined into the copy for a level gets
/// that level's instructions.
pub(crate) trait Kernel {
    type Output;
    fn run<S: Simd>(self) -> Self::Output;
}

fn portable<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Native>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx2>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]
fn avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx512>()
}

/// What a level offers, as a type.
pub trait Simd {
    /// Whether a·b + c with one rounding is cheap; without hardware for it, it would be a slow library call.
    const FUSED: bool;

    /// The height of a tile of a matrix product: 12 where there are 32 registers, 6 where there are 16.
    const TILE_ROWS: usize;

    /// The height of a tile of one vector, at least as much: enough sums that they need not wait for each other.
    const TALL_ROWS: usize;

    /// Whether loading a part of a vector costs no more than loading all of it.
    const FREE_MASKS: bool;

    /// The widest vector of single precision.
    type Single: Chained<f32>;

    /// The widest vector of double precision.
    type Double: Chained<f64>;
}

/// The level of the same name.
#[cfg(target_arch = "x86_64")]
pub(crate) enum Avx512 {}

/// The level of the same name.
#[cfg(target_arch = "x86_64")]
pub(crate) enum Avx2 {}

/// What the target guarantees.
pub(crate) enum Native {}

#[cfg(target_arch = "x86_64")]
impl Simd for Avx512 {
    const FUSED: bool = true;
    const TILE_ROWS: usize = 12;
    const TALL_ROWS: usize = 12;
    const FREE_MASKS: bool = true;
    type Single = std::arch::x86_64::__m512;
    type Double = std::arch::x86_64::__m512d;
}

#[cfg(target_arch = "x86_64")]
impl Simd for Avx2 {
    const FUSED: bool = true;
    const TILE_ROWS: usize = 6;
    const TALL_ROWS: usize = 8;
    const FREE_MASKS: bool = false;
    type Single = std::arch::x86_64::__m256;
    type Double = std::arch::x86_64::__m256d;
}

impl Simd for Native {
    const FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));
    const TILE_ROWS: usize = 6;
    const TALL_ROWS: usize = 6;
    const FREE_MASKS: bool = false;
    type Single = Plain<f32, 4>;
    type Double = Plain<f64, 2>;
}

/// a·b + c, with one rounding where that is cheap and with two elsewhere.
#[inline(always)]
pub(crate) fn fma<S: Simd, T: Float>(a: T, b: T, c: T) -> T {
    if S::FUSED { a.mul_add(b, c) } else { a * b + c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_level_is_the_last_available_one() {
        let all: Vec<Isa> = Isa::available().collect();
        assert_eq!(all[0], Isa::PORTABLE);
        assert_eq!(all.last(), Some(&Isa::best()));
        assert!(all.is_sorted());
    }

    #[test]
    fn every_level_runs_a_kernel() {
        struct Triple(f32);
        impl Kernel for Triple {
            type Output = f32;
            #[inline(always)]
            fn run<S: Simd>(self) -> f32 {
                fma::<S, _>(self.0, 2.0, self.0)
            }
        }
        for isa in Isa::available() {
            assert_eq!(isa.run(Triple(5.0)), 15.0, "{isa:?}");
        }
    }
}
