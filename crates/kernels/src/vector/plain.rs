//! Vectors without intrinsics.

use super::{EQ, LT, NE, Vector};
use crate::elementwise::{maximum, minimum};
use crate::isa::{Native, fma};

/// The vector of a level without intrinsics: 16 bytes, which SSE2 and NEON hold in a register.
#[derive(Clone, Copy)]
pub struct Plain<T, const N: usize>([T; N]);

macro_rules! plain {
    ($float:ty, $lanes:literal) => {
        // SAFETY: no special instructions are used.
        unsafe impl Vector<$float> for Plain<$float, $lanes> {
            const LANES: usize = $lanes;

            type Square = [Self; $lanes];

            type Half = Self;

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
                    out.0[i] = fma::<Native, $float>(self.0[i], a.0[i], b.0[i]);
                }
                out
            }

            #[inline(always)]
            unsafe fn add(self, a: Self) -> Self {
                self.each(a, |x, y| x + y)
            }

            #[inline(always)]
            unsafe fn mul(self, a: Self) -> Self {
                self.each(a, |x, y| x * y)
            }

            #[inline(always)]
            unsafe fn sub(self, a: Self) -> Self {
                self.each(a, |x, y| x - y)
            }

            #[inline(always)]
            unsafe fn div(self, a: Self) -> Self {
                self.each(a, |x, y| x / y)
            }

            #[inline(always)]
            unsafe fn sqrt(self) -> Self {
                self.each(self, |x, _| x.sqrt())
            }

            #[inline(always)]
            unsafe fn choose<const COMPARISON: i32>(self, a: Self, yes: Self, no: Self) -> Self {
                let mut out = no;
                for i in 0..$lanes {
                    let holds = match COMPARISON {
                        EQ => self.0[i] == a.0[i],
                        NE => self.0[i] != a.0[i],
                        LT => self.0[i] < a.0[i],
                        _ => self.0[i] <= a.0[i],
                    };
                    out.0[i] = if holds { yes.0[i] } else { no.0[i] };
                }
                out
            }

            #[inline(always)]
            unsafe fn max(self, a: Self) -> Self {
                self.each(a, maximum)
            }

            #[inline(always)]
            unsafe fn min(self, a: Self) -> Self {
                self.each(a, minimum)
            }

            #[inline(always)]
            unsafe fn columns_of(rows: &[*const $float]) -> Self::Square {
                // SAFETY: the caller vouches for so many numbers of so many rows.
                let rows: [Self; $lanes] = std::array::from_fn(|j| unsafe { Self::load(rows[j]) });
                std::array::from_fn(|i| Plain(std::array::from_fn(|j| rows[j].0[i])))
            }
        }

        impl Plain<$float, $lanes> {
            #[inline(always)]
            fn each(self, a: Self, f: impl Fn($float, $float) -> $float) -> Self {
                let mut out = a;
                for i in 0..$lanes {
                    out.0[i] = f(self.0[i], a.0[i]);
                }
                out
            }
        }
    };
}

plain!(f32, 4);
plain!(f64, 2);
