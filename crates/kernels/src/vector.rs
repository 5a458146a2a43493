//! Vector registers by name, for the one loop that the compiler cannot be trusted to vectorise: the matrix product.

/// A vector register of `LANES` numbers.
///
/// # Safety
///
/// The methods of a type for an instruction set may be called only on a processor that has it, and inline into a
/// function compiled for it.
pub unsafe trait Vector<T>: Copy {
    /// How many numbers it holds.
    const LANES: usize;

    /// `x` in every lane.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set.
    unsafe fn splat(x: T) -> Self;

    /// The numbers from `from` on.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set, and `LANES` numbers can be read.
    unsafe fn load(from: *const T) -> Self;

    /// The first `count` numbers from `from` on, and zeros; reads no others.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set, and `count` ≤ `LANES` numbers can be read.
    unsafe fn load_first(from: *const T, count: usize) -> Self;

    /// Writes all lanes.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set, and `LANES` numbers can be written.
    unsafe fn store(self, to: *mut T);

    /// Writes the first `count` lanes; touches nothing beyond.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set, and `count` ≤ `LANES` numbers can be written.
    unsafe fn store_first(self, to: *mut T, count: usize);

    /// self·a + b.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set.
    unsafe fn mul_add(self, a: Self, b: Self) -> Self;

    /// self + a.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set.
    unsafe fn add(self, a: Self) -> Self;
}

/// The vector of a level without intrinsics: 16 bytes, which SSE2 and NEON hold in a register.
#[derive(Clone, Copy)]
pub struct Plain<T, const N: usize>([T; N]);

macro_rules! plain {
    ($float:ty, $lanes:literal) => {
        // SAFETY: no special instructions are used.
        unsafe impl Vector<$float> for Plain<$float, $lanes> {
            const LANES: usize = $lanes;

            #[inline(always)]
            unsafe fn splat(x: $float) -> Self {
                Plain([x; $lanes])
            }

            #[inline(always)]
            unsafe fn load(from: *const $float) -> Self {
                // SAFETY: the caller can read LANES numbers; an array of them has their alignment.
                Plain(unsafe { from.cast::<[$float; $lanes]>().read() })
            }

            #[inline(always)]
            unsafe fn load_first(from: *const $float, count: usize) -> Self {
                let mut lanes = [0.0; $lanes];
                for (i, lane) in lanes.iter_mut().enumerate().take(count) {
                    // SAFETY: i < count, and the caller can read that many.
                    *lane = unsafe { *from.add(i) };
                }
                Plain(lanes)
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $float) {
                // SAFETY: the caller can write LANES numbers.
                unsafe { to.cast::<[$float; $lanes]>().write(self.0) }
            }

            #[inline(always)]
            unsafe fn store_first(self, to: *mut $float, count: usize) {
                for (i, &lane) in self.0.iter().enumerate().take(count) {
                    // SAFETY: i < count, and the caller can write that many.
                    unsafe { *to.add(i) = lane }
                }
            }

            #[inline(always)]
            unsafe fn mul_add(self, a: Self, b: Self) -> Self {
                let mut out = b;
                for i in 0..$lanes {
                    out.0[i] =
                        crate::isa::fma::<crate::isa::Native, $float>(self.0[i], a.0[i], b.0[i]);
                }
                out
            }

            #[inline(always)]
            unsafe fn add(self, a: Self) -> Self {
                let mut out = a;
                for i in 0..$lanes {
                    out.0[i] += self.0[i];
                }
                out
            }
        }
    };
}

plain!(f32, 4);
plain!(f64, 2);

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Vector;

    /// Writes the methods that every x86 vector has alike.
    macro_rules! alike {
        ($float:ty, $splat:ident, $load:ident, $store:ident, $fma:ident, $add:ident) => {
            #[inline(always)]
            unsafe fn splat(x: $float) -> Self {
                // SAFETY: the caller's processor has the instruction; likewise below.
                unsafe { $splat(x) }
            }

            #[inline(always)]
            unsafe fn load(from: *const $float) -> Self {
                // SAFETY: the caller can read LANES numbers; no alignment is asked.
                unsafe { $load(from) }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $float) {
                // SAFETY: the caller can write LANES numbers.
                unsafe { $store(to, self) }
            }

            #[inline(always)]
            unsafe fn mul_add(self, a: Self, b: Self) -> Self {
                // SAFETY: as in `splat`.
                unsafe { $fma(self, a, b) }
            }

            #[inline(always)]
            unsafe fn add(self, a: Self) -> Self {
                // SAFETY: as in `splat`.
                unsafe { $add(self, a) }
            }
        };
    }

    macro_rules! avx512 {
        ($vector:ty, $float:ty, $lanes:literal, $mask:ty, $splat:ident, $load:ident, $store:ident, $fma:ident,
         $add:ident, $masked_load:ident, $masked_store:ident) => {
            // SAFETY: every method needs AVX-512F only.
            unsafe impl Vector<$float> for $vector {
                const LANES: usize = $lanes;

                alike!($float, $splat, $load, $store, $fma, $add);

                #[inline(always)]
                unsafe fn load_first(from: *const $float, count: usize) -> Self {
                    // SAFETY: a lane that is masked out is not read.
                    unsafe { $masked_load(((1u32 << count) - 1) as $mask, from) }
                }

                #[inline(always)]
                unsafe fn store_first(self, to: *mut $float, count: usize) {
                    // SAFETY: a lane that is masked out is not written.
                    unsafe { $masked_store(to, ((1u32 << count) - 1) as $mask, self) }
                }
            }
        };
    }

    avx512!(
        __m512,
        f32,
        16,
        u16,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_fmadd_ps,
        _mm512_add_ps,
        _mm512_maskz_loadu_ps,
        _mm512_mask_storeu_ps
    );
    avx512!(
        __m512d,
        f64,
        8,
        u8,
        _mm512_set1_pd,
        _mm512_loadu_pd,
        _mm512_storeu_pd,
        _mm512_fmadd_pd,
        _mm512_add_pd,
        _mm512_maskz_loadu_pd,
        _mm512_mask_storeu_pd
    );

    macro_rules! avx2 {
        ($vector:ty, $float:ty, $int:ty, $lanes:literal, $splat:ident, $load:ident, $store:ident, $fma:ident,
         $add:ident, $masked_load:ident, $masked_store:ident) => {
            // SAFETY: every method needs AVX2 and FMA only.
            unsafe impl Vector<$float> for $vector {
                const LANES: usize = $lanes;

                alike!($float, $splat, $load, $store, $fma, $add);

                #[inline(always)]
                unsafe fn load_first(from: *const $float, count: usize) -> Self {
                    // SAFETY: a lane that is masked out is not read; the window holds LANES numbers from there.
                    unsafe { $masked_load(from, _mm256_loadu_si256(Self::window(count))) }
                }

                #[inline(always)]
                unsafe fn store_first(self, to: *mut $float, count: usize) {
                    // SAFETY: a lane that is masked out is not written; the window holds LANES numbers from there.
                    unsafe { $masked_store(to, _mm256_loadu_si256(Self::window(count)), self) }
                }
            }

            impl Window for $vector {
                #[inline(always)]
                fn window(count: usize) -> *const __m256i {
                    static ONES_THEN_ZEROS: [$int; 2 * $lanes] = {
                        let mut mask = [0; 2 * $lanes];
                        let mut i = 0;
                        while i < $lanes {
                            mask[i] = -1;
                            i += 1;
                        }
                        mask
                    };
                    ONES_THEN_ZEROS[$lanes - count..].as_ptr().cast()
                }
            }
        };
    }

    /// A mask of `count` ones and then zeros, as a window on a table.
    trait Window {
        fn window(count: usize) -> *const __m256i;
    }

    avx2!(
        __m256,
        f32,
        i32,
        8,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_fmadd_ps,
        _mm256_add_ps,
        _mm256_maskload_ps,
        _mm256_maskstore_ps
    );
    avx2!(
        __m256d,
        f64,
        i64,
        4,
        _mm256_set1_pd,
        _mm256_loadu_pd,
        _mm256_storeu_pd,
        _mm256_fmadd_pd,
        _mm256_add_pd,
        _mm256_maskload_pd,
        _mm256_maskstore_pd
    );
}
