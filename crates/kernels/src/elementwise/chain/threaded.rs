//! Chains on x86 as threaded code: each link is a function that ends with a jump to the next, with the vectors on the way in
//! the registers of its arguments. A loop with a match in it would jump three times for each link, and all from one place,
//! where processors foresee worst.

#![expect(
    improper_ctypes_definitions,
    reason = "callers and callees are all here, and agree in what a vector is"
)]

use std::arch::x86_64::{__m256, __m256d, __m512, __m512d};
use std::mem::transmute;
use std::ops::Range;

use super::{ABREAST, Bound, Chained, LINE, Link, Span, UNIT, computed};
use crate::vector::Vector;

/// Writes the functions of the links for a type of vectors, in the convention that hands eight of them over in registers.
macro_rules! threaded {
    ($module:ident, $float:ty, $vector:ty, $features:literal, [$($x:ident),*], [$($link:literal),*]) => {
        mod $module {
            use super::*;

            type Code =
                unsafe extern "sysv64" fn(*const Bound<$float>, usize, usize, $(threaded!(@ $x $vector)),*);

            /// For each link, what computes it and goes on to the next: of one row, and of rows that lie apart.
            /// (No static, which would be compiled for a precision that nobody asked for.)
            const LINKS: &[[Code; Link::ALL.len()]; 2] =
                &[[$(link::<$link, false>),*], [$(link::<$link, true>),*]];

            /// # Safety
            ///
            /// As of `Chained::chain`; `bound` is one of the links, of which the last is followed by one whose code is `end`.
            #[target_feature(enable = $features)]
            unsafe extern "sysv64" fn link<const LINK: usize, const BY_ROWS: bool>(
                bound: *const Bound<$float>,
                row: usize,
                column: usize,
                $($x: $vector),*
            ) {
                // SAFETY: as the caller vouches.
                unsafe {
                    let [$($x),*] = computed::<_, _, ROWS, BY_ROWS>(Link::ALL[LINK], &*bound, (row, column), [$($x),*]);
                    let next = bound.add(1);
                    transmute::<*const (), Code>((*next).code)(next, row, column, $($x),*);
                }
            }

            /// The end of a chain. (Were it to go on to the next numbers, calls would nest deeply in builds where they
            /// are no jumps.)
            #[target_feature(enable = $features)]
            unsafe extern "sysv64" fn end(
                _: *const Bound<$float>,
                _: usize,
                _: usize,
                $(_: threaded!(@ $x $vector)),*
            ) {}

            /// Runs a chain over the columns from one on, as many as are whole steps.
            ///
            /// # Safety
            ///
            /// As of `Chained::chain`.
            #[inline(always)]
            pub(super) unsafe fn run(links: &mut [Bound<$float>], span: Span, start: usize) {
                let codes = &LINKS[usize::from(matches!(span, Span::Rows(..)))];
                let (last, own) = links.split_last_mut().expect("there is one for the end");
                own.iter_mut().for_each(|bound| bound.code = codes[bound.link as usize] as *const ());
                last.code = end as Code as *const ();
                let [rows, (columns, right)] = span.steps(ROWS, LANES);
                let end = columns / right * right;
                // SAFETY: as the caller vouches.
                unsafe { all(links.as_ptr(), rows, (start..end, right)) }
            }

            /// # Safety
            ///
            /// As of `Chained::chain`, for links with their code.
            #[target_feature(enable = $features)]
            unsafe fn all(
                first: *const Bound<$float>,
                (rows, down): (usize, usize),
                (columns, right): (Range<usize>, usize),
            ) {
                // SAFETY: as the caller vouches.
                unsafe {
                    let code = transmute::<*const (), Code>((*first).code);
                    $(let $x = <$vector>::splat(0.0);)*
                    for row in (0..rows).step_by(down) {
                        for column in columns.clone().step_by(right) {
                            code(first, row, column, $($x),*);
                        }
                    }
                }
            }

            const LANES: usize = <$vector as Vector<$float>>::LANES;
            const ROWS: usize = threaded!(# $($x),*);
            pub(super) const STEP: usize = ROWS * LANES;
            const _: () = assert!(ABREAST % ROWS == 0 && LINE % LANES == 0);
        }
    };
    (@ $x:ident $vector:ty) => { $vector };
    (# $($x:ident),*) => { [$(stringify!($x)),*].len() };
}

#[rustfmt::skip]
threaded!(avx2, f32, __m256, "avx2,fma", [a, b, c, d, e, f, g, h], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
#[rustfmt::skip]
threaded!(avx2_double, f64, __m256d, "avx2,fma", [a, b, c, d, e, f, g, h], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
#[rustfmt::skip]
threaded!(avx512, f32, __m512, "avx512f,avx2,fma", [a, b, c, d, e, f, g, h], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
#[rustfmt::skip]
threaded!(avx512_half, f32, __m512, "avx512f,avx2,fma", [a, b, c, d], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
#[rustfmt::skip]
threaded!(avx512_double, f64, __m512d, "avx512f,avx2,fma", [a, b, c, d, e, f, g, h], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);

/// Writes how each type of vectors goes through a chain: by one module's functions, and what these leave of dense numbers, less
/// than they take at a time, by another's.
macro_rules! chained {
    ($($vector:ty, $float:ty, $module:ident $(, $rest:ident)?;)*) => {$(
        // SAFETY: the functions need the features of the vector.
        unsafe impl Chained<$float> for $vector {
            #[inline(always)]
            unsafe fn chain(links: &mut [Bound<$float>], span: Span) {
                const STEPS: &[usize] = &[$module::STEP $(, $rest::STEP)?];
                const _: () = assert!(UNIT % STEPS[STEPS.len() - 1] == 0);
                // SAFETY: as the caller vouches.
                unsafe { $module::run(links, span, 0) }
                $(
                    if let Span::Dense(len) = span && len % $module::STEP > 0 {
                        // SAFETY: likewise.
                        unsafe { $rest::run(links, span, len / $module::STEP * $module::STEP) }
                    }
                )?
            }
        }
    )*};
}

chained! {
    __m256, f32, avx2;
    __m256d, f64, avx2_double;
    __m512, f32, avx512, avx512_half;
    __m512d, f64, avx512_double;
}
