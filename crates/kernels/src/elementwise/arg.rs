//! The operands of an elementwise kernel.

use std::hint::black_box;

use crate::scalar::Scalar;

/// Where a kernel finds an operand.
#[derive(Clone, Copy, Debug)]
pub enum Arg<'a, T> {
    /// One element for each element of the output; must have its length.
    Slice(&'a [T]),
    /// The same number for every element.
    Splat(T),
    /// What stands in the output before the call: the kernel works in place.
    Out,
}

/// The loops run over whole blocks of this many elements, a multiple of every vector length and unrolling.
///
/// A shorter rest is padded to a block, so that no element takes a slow scalar path.
pub(super) const BLOCK: usize = 64;

impl<'a, T: Scalar> Arg<'a, T> {
    /// Asserts that the operand has `len` elements.
    #[inline(always)]
    #[track_caller]
    pub(super) fn check(self, len: usize) {
        if let Arg::Slice(x) = self {
            assert_eq!(x.len(), len, "an elementwise operand must have the length of the output");
        }
    }

    /// The operand for the first `len` elements of the output.
    #[inline(always)]
    pub(super) fn head(self, len: usize) -> Self {
        match self {
            Arg::Slice(x) => Arg::Slice(&x[..len]),
            other => other,
        }
    }

    /// The operand from element `start` on, padded by zeros to a block in `buffer`.
    #[inline(always)]
    pub(super) fn padded<'b>(self, start: usize, buffer: &'b mut [T; BLOCK]) -> Arg<'b, T> {
        match self {
            Arg::Slice(x) => {
                buffer[..x.len() - start].copy_from_slice(&x[start..]);
                Arg::Slice(buffer)
            }
            Arg::Splat(x) => Arg::Splat(x),
            Arg::Out => Arg::Out,
        }
    }
}

/// An operand as the inside of a loop sees it: its kind is a type, so that the loop has no branch on it.
pub(super) trait Source<T>: Copy {
    /// Element `i`, where the output holds `current`.
    fn get(self, i: usize, current: T) -> T;

    /// The first `len` elements; told once before a loop, the compiler checks no index within it.
    #[inline(always)]
    fn first(self, _len: usize) -> Self {
        self
    }
}

/// The whole blocks of `out`, which are all of it: a length known to be a multiple leaves no scalar loop behind.
#[inline(always)]
pub(super) fn whole_blocks<T>(out: &mut [T]) -> &mut [T] {
    out.as_chunks_mut::<BLOCK>().0.as_flattened_mut()
}

/// [`Arg::Slice`].
#[derive(Clone, Copy)]
pub(super) struct Each<'a, T>(pub(super) &'a [T]);

/// [`Arg::Splat`].
#[derive(Clone, Copy)]
pub(super) struct Same<T>(pub(super) T);

/// [`Arg::Out`].
///
/// Holds −0, which is added and changes no number. What it is, the compiler must not know: where it sees a function give
/// back what it was given, as max(x, 0) does, it would store the other results alone, by masked stores, each of which takes
/// some twenty instructions inside of AMD's processors.
#[derive(Clone, Copy)]
pub(super) struct Current<T>(T);

impl<T: Scalar> Current<T> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Current(black_box(-T::zero()))
    }
}

impl<T: Copy> Source<T> for Each<'_, T> {
    #[inline(always)]
    fn get(self, i: usize, _: T) -> T {
        self.0[i]
    }

    #[inline(always)]
    fn first(self, len: usize) -> Self {
        Each(&self.0[..len])
    }
}

impl<T: Copy> Source<T> for Same<T> {
    #[inline(always)]
    fn get(self, _: usize, _: T) -> T {
        self.0
    }
}

impl<T: Scalar> Source<T> for Current<T> {
    #[inline(always)]
    fn get(self, _: usize, current: T) -> T {
        current + self.0
    }
}
