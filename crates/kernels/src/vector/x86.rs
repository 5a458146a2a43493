//! The vectors of AVX2 and AVX-512.

use std::arch::x86_64::*;

use super::Vector;

/// Writes the methods that every x86 vector has alike.
macro_rules! alike {
    ($float:ty, $splat:ident, $load:ident, $store:ident, $fma:ident, $add:ident, $mul:ident, $sub:ident, $div:ident, $sqrt:ident) => {
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

        #[inline(always)]
        unsafe fn mul(self, a: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $mul(self, a) }
        }

        #[inline(always)]
        unsafe fn sub(self, a: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $sub(self, a) }
        }

        #[inline(always)]
        unsafe fn div(self, a: Self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $div(self, a) }
        }

        #[inline(always)]
        unsafe fn sqrt(self) -> Self {
            // SAFETY: as in `splat`.
            unsafe { $sqrt(self) }
        }
    };
}

macro_rules! avx512 {
    (
        $vector:ty, $float:ty, $lanes:literal, $mask:ty, [$($common:ident),*],
        $masked_load:ident, $masked_store:ident, $max:ident, $min:ident, $compare:ident, $choose:ident
    ) => {
        // SAFETY: every method needs AVX-512F only.
        unsafe impl Vector<$float> for $vector {
            const LANES: usize = $lanes;

            alike!($float, $($common),*);

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

            #[inline(always)]
            unsafe fn choose<const COMPARISON: i32>(self, a: Self, yes: Self, no: Self) -> Self {
                // SAFETY: as in `splat`.
                unsafe { $choose(no, $compare::<COMPARISON>(self, a), yes) }
            }

            // The instructions give the second operand where either is NaN; only a NaN in the first needs care.

            #[inline(always)]
            unsafe fn max(self, a: Self) -> Self {
                // SAFETY: as in `splat`.
                unsafe { $choose($max(self, a), $compare::<_CMP_UNORD_Q>(self, self), self) }
            }

            #[inline(always)]
            unsafe fn min(self, a: Self) -> Self {
                // SAFETY: as in `splat`.
                unsafe { $choose($min(self, a), $compare::<_CMP_UNORD_Q>(self, self), self) }
            }
        }
    };
}

#[rustfmt::skip]
avx512!(
    __m512, f32, 16, u16,
    [_mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps, _mm512_add_ps, _mm512_mul_ps, _mm512_sub_ps,
     _mm512_div_ps, _mm512_sqrt_ps],
    _mm512_maskz_loadu_ps, _mm512_mask_storeu_ps, _mm512_max_ps, _mm512_min_ps, _mm512_cmp_ps_mask, _mm512_mask_mov_ps
);
#[rustfmt::skip]
avx512!(
    __m512d, f64, 8, u8,
    [_mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_fmadd_pd, _mm512_add_pd, _mm512_mul_pd, _mm512_sub_pd,
     _mm512_div_pd, _mm512_sqrt_pd],
    _mm512_maskz_loadu_pd, _mm512_mask_storeu_pd, _mm512_max_pd, _mm512_min_pd, _mm512_cmp_pd_mask, _mm512_mask_mov_pd
);

macro_rules! avx2 {
    (
        $vector:ty, $float:ty, $lanes:literal, $int:ty, [$($common:ident),*],
        $masked_load:ident, $store_parts:ident, $max:ident, $min:ident, $compare:ident, $choose:ident
    ) => {
        // SAFETY: every method needs AVX2 and FMA only.
        unsafe impl Vector<$float> for $vector {
            const LANES: usize = $lanes;

            alike!($float, $($common),*);

            #[inline(always)]
            unsafe fn load_first(from: *const $float, count: usize) -> Self {
                // SAFETY: a lane that is masked out is not read; the window holds LANES numbers from there.
                unsafe { $masked_load(from, _mm256_loadu_si256(Self::window(count))) }
            }

            #[inline(always)]
            unsafe fn store_first(self, to: *mut $float, count: usize) {
                // A masked store takes some twenty instructions inside of AMD's processors.
                // SAFETY: halves, quarters and so on are written if they are among the first `count` lanes.
                unsafe { $store_parts(self, to, count) }
            }

            #[inline(always)]
            unsafe fn choose<const COMPARISON: i32>(self, a: Self, yes: Self, no: Self) -> Self {
                // SAFETY: as in `splat`.
                unsafe { $choose(no, yes, $compare::<COMPARISON>(self, a)) }
            }

            // As for AVX-512.

            #[inline(always)]
            unsafe fn max(self, a: Self) -> Self {
                // SAFETY: as in `splat`.
                unsafe { $choose($max(self, a), self, $compare::<_CMP_UNORD_Q>(self, self)) }
            }

            #[inline(always)]
            unsafe fn min(self, a: Self) -> Self {
                // SAFETY: as in `splat`.
                unsafe { $choose($min(self, a), self, $compare::<_CMP_UNORD_Q>(self, self)) }
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

/// Writes the first `count` lanes in parts of 4, 2 and 1.
///
/// # Safety
///
/// The processor has AVX2, and so many numbers can be written.
#[inline(always)]
unsafe fn store_parts(lanes: __m256, mut to: *mut f32, count: usize) {
    // SAFETY: parts that end within the first `count` lanes.
    unsafe {
        if count >= 8 {
            return _mm256_storeu_ps(to, lanes);
        }
        let mut part = _mm256_castps256_ps128(lanes);
        if count & 4 != 0 {
            _mm_storeu_ps(to, part);
            part = _mm256_extractf128_ps::<1>(lanes);
            to = to.add(4);
        }
        if count & 2 != 0 {
            _mm_storel_pd(to.cast(), _mm_castps_pd(part));
            part = _mm_movehl_ps(part, part);
            to = to.add(2);
        }
        if count & 1 != 0 {
            _mm_store_ss(to, part);
        }
    }
}

/// The same of double precision, in parts of 2 and 1.
///
/// # Safety
///
/// As of `store_parts`.
#[inline(always)]
unsafe fn store_parts_double(lanes: __m256d, mut to: *mut f64, count: usize) {
    // SAFETY: as in `store_parts`.
    unsafe {
        if count >= 4 {
            return _mm256_storeu_pd(to, lanes);
        }
        let mut part = _mm256_castpd256_pd128(lanes);
        if count & 2 != 0 {
            _mm_storeu_pd(to, part);
            part = _mm256_extractf128_pd::<1>(lanes);
            to = to.add(2);
        }
        if count & 1 != 0 {
            _mm_store_sd(to, part);
        }
    }
}

/// A mask of `count` ones and then zeros, as a window on a table.
trait Window {
    fn window(count: usize) -> *const __m256i;
}

#[rustfmt::skip]
avx2!(
    __m256, f32, 8, i32,
    [_mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps, _mm256_add_ps, _mm256_mul_ps, _mm256_sub_ps,
     _mm256_div_ps, _mm256_sqrt_ps],
    _mm256_maskload_ps, store_parts, _mm256_max_ps, _mm256_min_ps, _mm256_cmp_ps, _mm256_blendv_ps
);
#[rustfmt::skip]
avx2!(
    __m256d, f64, 4, i64,
    [_mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd, _mm256_add_pd, _mm256_mul_pd, _mm256_sub_pd,
     _mm256_div_pd, _mm256_sqrt_pd],
    _mm256_maskload_pd, store_parts_double, _mm256_max_pd, _mm256_min_pd, _mm256_cmp_pd, _mm256_blendv_pd
);
