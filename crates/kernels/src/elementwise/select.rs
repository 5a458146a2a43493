//! The choice between two operands by a mask.

use super::arg::{Arg, BLOCK, Current, Each, Same, Source, whole_blocks};
use crate::isa::{Isa, Kernel, Simd};
use crate::scalar::Scalar;

/// out = a where `condition` ≠ 0 and b elsewhere, element by element.
///
/// # Panics
///
/// When a slice operand has not the length of `out`.
#[track_caller]
pub fn select<T: Scalar>(
    isa: Isa,
    condition: Arg<'_, T>,
    a: Arg<'_, T>,
    b: Arg<'_, T>,
    out: &mut [T],
) {
    condition.check(out.len());
    a.check(out.len());
    b.check(out.len());
    let whole = out.len() / BLOCK * BLOCK;
    let (blocks, rest) = out.split_at_mut(whole);
    if whole > 0 {
        T::select_blocks(isa, condition.head(whole), a.head(whole), b.head(whole), blocks);
    }
    if !rest.is_empty() {
        let (mut first, mut second, mut third) =
            ([T::zero(); BLOCK], [T::zero(); BLOCK], [T::zero(); BLOCK]);
        let condition = condition.padded(whole, &mut first);
        let (a, b) = (a.padded(whole, &mut second), b.padded(whole, &mut third));
        let mut padded = [T::zero(); BLOCK];
        padded[..rest.len()].copy_from_slice(rest);
        T::select_blocks(isa, condition, a, b, &mut padded);
        rest.copy_from_slice(&padded[..rest.len()]);
    }
}

/// [`select`] on whole blocks.
pub(crate) fn blocks<T: Scalar>(
    isa: Isa,
    condition: Arg<'_, T>,
    a: Arg<'_, T>,
    b: Arg<'_, T>,
    out: &mut [T],
) {
    match condition {
        Arg::Slice(c) => by_first(isa, Each(c), a, b, out),
        Arg::Out => by_first(isa, Current::new(), a, b, out),
        Arg::Splat(c) => match if c != T::zero() { a } else { b } {
            Arg::Slice(x) => out.copy_from_slice(x),
            Arg::Splat(x) => out.fill(x),
            Arg::Out => {}
        },
    }
}

#[inline(always)]
fn by_first<C: Source<T>, T: Scalar>(
    isa: Isa,
    condition: C,
    a: Arg<'_, T>,
    b: Arg<'_, T>,
    out: &mut [T],
) {
    match a {
        Arg::Slice(a) => by_second(isa, condition, Each(a), b, out),
        Arg::Splat(a) => by_second(isa, condition, Same(a), b, out),
        Arg::Out => by_second(isa, condition, Current::new(), b, out),
    }
}

#[inline(always)]
fn by_second<C: Source<T>, A: Source<T>, T: Scalar>(
    isa: Isa,
    condition: C,
    a: A,
    b: Arg<'_, T>,
    out: &mut [T],
) {
    match b {
        Arg::Slice(b) => isa.run(Loop { condition, a, b: Each(b), out }),
        Arg::Splat(b) => isa.run(Loop { condition, a, b: Same(b), out }),
        Arg::Out => isa.run(Loop { condition, a, b: Current::new(), out }),
    }
}

struct Loop<'a, C, A, B, T> {
    condition: C,
    a: A,
    b: B,
    out: &'a mut [T],
}

impl<C: Source<T>, A: Source<T>, B: Source<T>, T: Scalar> Kernel for Loop<'_, C, A, B, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let out = whole_blocks(self.out);
        let (condition, a, b) =
            (self.condition.first(out.len()), self.a.first(out.len()), self.b.first(out.len()));
        #[expect(
            clippy::needless_range_loop,
            reason = "over an iterator, LLVM leaves the last block to a scalar loop"
        )]
        for i in 0..out.len() {
            // Both are read before the choice, so that it is a blend and no branch.
            let current = out[i];
            let (a, b) = (a.get(i, current), b.get(i, current));
            out[i] = if condition.get(i, current) != T::zero() { a } else { b };
        }
    }
}
