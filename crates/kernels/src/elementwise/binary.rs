//! Functions of two numbers along slices.

use std::hint::select_unpredictable;
use std::marker::PhantomData;

use super::arg::{Arg, BLOCK, Current, Each, Same, Source, whole_blocks};
use crate::elementary::Lane;
use crate::isa::{Isa, Kernel, Simd};
use crate::scalar::Scalar;

/// A function of two numbers as a type.
trait Zip {
    fn at<T: Lane>(a: T, b: T) -> T;
}

/// Writes the enum, a type for each function, and the match between them, from one table.
macro_rules! table {
    ($($(#[$doc:meta])* $name:ident, $cost:literal => |$a:ident, $b:ident| $body:expr;)*) => {
        /// A function of two numbers, applied by [`binary`].
        ///
        /// A comparison gives 1 where it holds and 0 elsewhere; every comparison with NaN fails but [`Binary::Ne`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Binary { $($(#[$doc])* $name),* }

        mod functions {
            $(pub(super) enum $name {})*
        }

        $(impl Zip for functions::$name {
            #[inline(always)]
            fn at<T: Lane>($a: T, $b: T) -> T {
                $body
            }
        })*

        impl Binary {
            /// Every function, in the order of the enum.
            pub const ALL: &'static [Binary] = &[$(Binary::$name),*];

            /// The time of a number of a vector against that of an addition, as measured.
            pub const fn cost(self) -> usize {
                match self {
                    $(Binary::$name => $cost),*
                }
            }

            /// Applies the function to whole blocks.
            pub(crate) fn blocks<T: Scalar>(self, isa: Isa, a: Arg<'_, T>, b: Arg<'_, T>, out: &mut [T]) {
                match self {
                    $(Binary::$name => zip::<functions::$name, T>(isa, a, b, out)),*
                }
            }
        }
    };
}

table! {
    /// a + b.
    Add, 1 => |a, b| a + b;
    /// a − b.
    Sub, 1 => |a, b| a - b;
    /// a·b.
    Mul, 1 => |a, b| a * b;
    /// a/b.
    Div, 8 => |a, b| a / b;
    /// The larger; NaN where either is NaN. Of two zeros, the second.
    Max, 1 => |a, b| maximum(a, b);
    /// The smaller; NaN where either is NaN. Of two zeros, the second.
    Min, 1 => |a, b| minimum(a, b);
    /// a^b as IEEE 754 `pow`: a⁰ = 1 for every a, NaN for a negative base and a fractional exponent.
    Pow, 300 => |a, b| a.powf(b);
    /// What is left of a after a whole number of b, with the sign of a: C's `fmod`.
    Fmod, 300 => |a, b| a % b;
    /// The angle of the point (b, a) in (−π, π].
    Atan2, 300 => |a, b| a.atan2(b);
    /// a = b.
    Eq, 1 => |a, b| mask(a == b);
    /// a ≠ b.
    Ne, 1 => |a, b| mask(a != b);
    /// a < b.
    Lt, 1 => |a, b| mask(a < b);
    /// a ≤ b.
    Le, 1 => |a, b| mask(a <= b);
    /// a > b.
    Gt, 1 => |a, b| mask(a > b);
    /// a ≥ b.
    Ge, 1 => |a, b| mask(a >= b);
    /// a·b, but 0 where a = 0 whatever b: a cotangent of zero times an infinite derivative.
    MulNoNan, 1 => |a, b| if a == T::zero() { T::zero() } else { a * b };
}

/// The larger of two numbers, NaN where either is.
#[inline(always)]
pub(crate) fn maximum<T: Lane>(a: T, b: T) -> T {
    let larger = select_unpredictable(a > b, a, b); // b where b is NaN
    select_unpredictable(a.is_nan(), a, larger)
}

/// The smaller of two numbers, NaN where either is.
#[inline(always)]
pub(crate) fn minimum<T: Lane>(a: T, b: T) -> T {
    let smaller = select_unpredictable(a < b, a, b);
    select_unpredictable(a.is_nan(), a, smaller)
}

#[inline(always)]
fn mask<T: Lane>(holds: bool) -> T {
    if holds { T::one() } else { T::zero() }
}

/// out = f(a, b), element by element.
///
/// # Panics
///
/// When a slice operand has not the length of `out`.
#[track_caller]
pub fn binary<T: Scalar>(isa: Isa, f: Binary, a: Arg<'_, T>, b: Arg<'_, T>, out: &mut [T]) {
    a.check(out.len());
    b.check(out.len());
    let whole = out.len() / BLOCK * BLOCK;
    let (blocks, rest) = out.split_at_mut(whole);
    if whole > 0 {
        T::binary_blocks(isa, f, a.head(whole), b.head(whole), blocks);
    }
    if !rest.is_empty() {
        let (mut first, mut second, mut padded) =
            ([T::zero(); BLOCK], [T::zero(); BLOCK], [T::zero(); BLOCK]);
        padded[..rest.len()].copy_from_slice(rest);
        T::binary_blocks(
            isa,
            f,
            a.padded(whole, &mut first),
            b.padded(whole, &mut second),
            &mut padded,
        );
        rest.copy_from_slice(&padded[..rest.len()]);
    }
}

fn zip<F: Zip, T: Scalar>(isa: Isa, a: Arg<'_, T>, b: Arg<'_, T>, out: &mut [T]) {
    match (a, b) {
        (Arg::Slice(a), Arg::Slice(b)) => each::<F, _, _, _>(isa, Each(a), Each(b), out),
        (Arg::Slice(a), Arg::Splat(b)) => each::<F, _, _, _>(isa, Each(a), Same(b), out),
        (Arg::Slice(a), Arg::Out) => each::<F, _, _, _>(isa, Each(a), Current::new(), out),
        (Arg::Splat(a), Arg::Slice(b)) => each::<F, _, _, _>(isa, Same(a), Each(b), out),
        (Arg::Splat(a), Arg::Out) => each::<F, _, _, _>(isa, Same(a), Current::new(), out),
        (Arg::Out, Arg::Slice(b)) => each::<F, _, _, _>(isa, Current::new(), Each(b), out),
        (Arg::Out, Arg::Splat(b)) => each::<F, _, _, _>(isa, Current::new(), Same(b), out),
        (Arg::Out, Arg::Out) => each::<F, _, _, _>(isa, Current::new(), Current::new(), out),
        (Arg::Splat(a), Arg::Splat(b)) => {
            out.fill(a);
            each::<F, _, _, _>(isa, Current::new(), Same(b), out);
        }
    }
}

#[inline(always)]
fn each<F: Zip, A: Source<T>, B: Source<T>, T: Scalar>(isa: Isa, a: A, b: B, out: &mut [T]) {
    isa.run(Loop::<F, A, B, T> { a, b, out, f: PhantomData });
}

struct Loop<'a, F, A, B, T> {
    a: A,
    b: B,
    out: &'a mut [T],
    f: PhantomData<F>,
}

impl<F: Zip, A: Source<T>, B: Source<T>, T: Scalar> Kernel for Loop<'_, F, A, B, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let out = whole_blocks(self.out);
        let (a, b) = (self.a.first(out.len()), self.b.first(out.len()));
        #[expect(
            clippy::needless_range_loop,
            reason = "over an iterator, LLVM leaves the last block to a scalar loop"
        )]
        for i in 0..out.len() {
            let current = out[i];
            out[i] = F::at::<T>(a.get(i, current), b.get(i, current));
        }
    }
}
