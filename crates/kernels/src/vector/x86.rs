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
        $masked_load:ident, $masked_store:ident, $max:ident, $min:ident, $compare:ident, $choose:ident,
        $half:ty, $join:ident
    ) => {
        // SAFETY: every method needs AVX-512F only, which AVX2 is part of.
        unsafe impl Vector<$float> for $vector {
            const LANES: usize = $lanes;

            type Square = [Self; $lanes];

            type Half = $half;

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

            #[inline(always)]
            unsafe fn columns_of(rows: &[*const $float]) -> Self::Square {
                const HALF: usize = $lanes / 2;
                let (upper, lower) = rows.split_at(HALF);
                let right = |rows: &[*const $float]| -> [*const $float; HALF] {
                    std::array::from_fn(|j| rows[j].wrapping_add(HALF))
                };
                // SAFETY: four quarters of the square.
                unsafe {
                    let of = |rows: &[*const $float]| <$half as Vector<$float>>::columns_of(rows);
                    let (first, last) = ((of(upper), of(lower)), (of(&right(upper)), of(&right(lower))));
                    let mut columns = [Self::splat(0.0); $lanes];
                    for i in 0..HALF {
                        columns[i] = $join(first.0[i], first.1[i]);
                        columns[HALF + i] = $join(last.0[i], last.1[i]);
                    }
                    columns
                }
            }
        }
    };
}

/// A vector of two halves.
///
/// # Safety
///
/// The processor has AVX-512F.
#[inline(always)]
unsafe fn join(first: __m256, second: __m256) -> __m512 {
    // SAFETY: the caller's processor has the instructions.
    unsafe { _mm512_castpd_ps(join_double(_mm256_castps_pd(first), _mm256_castps_pd(second))) }
}

/// The same of double precision.
///
/// # Safety
///
/// As of `join`.
#[inline(always)]
unsafe fn join_double(first: __m256d, second: __m256d) -> __m512d {
    // SAFETY: as in `join`.
    unsafe { _mm512_insertf64x4::<1>(_mm512_castpd256_pd512(first), second) }
}

#[rustfmt::skip]
avx512!(
    __m512, f32, 16, u16,
    [_mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps, _mm512_add_ps, _mm512_mul_ps, _mm512_sub_ps,
     _mm512_div_ps, _mm512_sqrt_ps],
    _mm512_maskz_loadu_ps, _mm512_mask_storeu_ps, _mm512_max_ps, _mm512_min_ps, _mm512_cmp_ps_mask, _mm512_mask_mov_ps,
    __m256, join
);
#[rustfmt::skip]
avx512!(
    __m512d, f64, 8, u8,
    [_mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_fmadd_pd, _mm512_add_pd, _mm512_mul_pd, _mm512_sub_pd,
     _mm512_div_pd, _mm512_sqrt_pd],
    _mm512_maskz_loadu_pd, _mm512_mask_storeu_pd, _mm512_max_pd, _mm512_min_pd, _mm512_cmp_pd_mask, _mm512_mask_mov_pd,
    __m256d, join_double
);

macro_rules! avx2 {
    (
        $vector:ty, $float:ty, $lanes:literal, $int:ty, [$($common:ident),*],
        $masked_load:ident, $store_parts:ident, $max:ident, $min:ident, $compare:ident, $choose:ident, $columns:ident
    ) => {
        // SAFETY: every method needs AVX2 and FMA only.
        unsafe impl Vector<$float> for $vector {
            const LANES: usize = $lanes;

            type Square = [Self; $lanes];

            type Half = Self;

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

            #[inline(always)]
            unsafe fn columns_of(rows: &[*const $float]) -> Self::Square {
                // SAFETY: as the caller vouches.
                unsafe { $columns(rows) }
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

/// See [`Vector::columns_of`]: quarters are read to the halves of vectors in which they end up, which takes no instruction
/// more, and only turned within them.
///
/// # Safety
///
/// The processor has AVX2, and there are 8 rows of 8 numbers.
#[inline(always)]
unsafe fn columns(rows: &[*const f32]) -> [__m256; 8] {
    // SAFETY: numbers of the rows; the caller's processor has the instructions.
    unsafe {
        let mut columns = [_mm256_setzero_ps(); 8];
        for quarter in 0..2 {
            let half = |row: usize| _mm_loadu_ps(rows[row].add(4 * quarter));
            let both = |row: usize| _mm256_set_m128(half(row + 4), half(row));
            let [a, b, c, d] = [both(0), both(1), both(2), both(3)];
            let (low, high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            let (low_below, high_below) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
            columns[4 * quarter] = _mm256_shuffle_ps::<0x44>(low, low_below);
            columns[4 * quarter + 1] = _mm256_shuffle_ps::<0xee>(low, low_below);
            columns[4 * quarter + 2] = _mm256_shuffle_ps::<0x44>(high, high_below);
            columns[4 * quarter + 3] = _mm256_shuffle_ps::<0xee>(high, high_below);
        }
        columns
    }
}

/// The same of double precision, of 4 rows of 4 numbers.
///
/// # Safety
///
/// As of `columns`.
#[inline(always)]
unsafe fn columns_double(rows: &[*const f64]) -> [__m256d; 4] {
    // SAFETY: as in `columns`.
    unsafe {
        let mut columns = [_mm256_setzero_pd(); 4];
        for quarter in 0..2 {
            let half = |row: usize| _mm_loadu_pd(rows[row].add(2 * quarter));
            let both = |row: usize| _mm256_set_m128d(half(row + 2), half(row));
            let (a, b) = (both(0), both(1));
            columns[2 * quarter] = _mm256_unpacklo_pd(a, b);
            columns[2 * quarter + 1] = _mm256_unpackhi_pd(a, b);
        }
        columns
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
    _mm256_maskload_ps, store_parts, _mm256_max_ps, _mm256_min_ps, _mm256_cmp_ps, _mm256_blendv_ps, columns
);
#[rustfmt::skip]
avx2!(
    __m256d, f64, 4, i64,
    [_mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd, _mm256_add_pd, _mm256_mul_pd, _mm256_sub_pd,
     _mm256_div_pd, _mm256_sqrt_pd],
    _mm256_maskload_pd, store_parts_double, _mm256_max_pd, _mm256_min_pd, _mm256_cmp_pd, _mm256_blendv_pd, columns_double
);
