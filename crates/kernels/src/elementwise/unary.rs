//! Functions of one number along a slice.

use std::marker::PhantomData;

use super::arg::{Arg, BLOCK, Current, Each, Source, whole_blocks};
use crate::elementary::{self, Lane, lit};
use crate::isa::{Isa, Kernel, Simd};
use crate::scalar::Scalar;

/// A function of one number as a type.
trait Map {
    /// Whether `at` holds only for x near enough, and `far` beyond.
    const PARTIAL: bool = false;

    fn at<S: Simd, T: Lane>(x: T) -> T;

    fn far<T: Lane>(x: T) -> T {
        x
    }
}

/// Writes the enum, a type for each function, and the match between them, from one table.
macro_rules! table {
    ($($(#[$doc:meta])* $name:ident, $cost:literal => |$x:ident| $body:expr $(, far $far:expr)?;)*) => {
        /// A function of one number, applied by [`unary`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Unary { $($(#[$doc])* $name),* }

        mod functions {
            $(pub(super) enum $name {})*
        }

        $(impl Map for functions::$name {
            #[inline(always)]
            fn at<S: Simd, T: Lane>($x: T) -> T {
                $body
            }

            $(
                const PARTIAL: bool = true;

                fn far<T: Lane>($x: T) -> T {
                    $far
                }
            )?
        })*

        impl Unary {
            /// Every function, in the order of the enum.
            pub const ALL: &'static [Unary] = &[$(Unary::$name),*];

            /// The time of a number of a vector against that of an addition, as measured.
            pub const fn cost(self) -> usize {
                match self {
                    $(Unary::$name => $cost),*
                }
            }

            /// Applies the function to whole blocks.
            pub(crate) fn blocks<T: Scalar>(self, isa: Isa, x: Arg<'_, T>, out: &mut [T]) {
                match self {
                    $(Unary::$name => map::<functions::$name, T>(isa, x, out)),*
                }
            }
        }
    };
}

table! {
    /// −x.
    Neg, 1 => |x| -x;
    /// |x|.
    Abs, 1 => |x| x.abs();
    /// −1, 0 or 1 as x is negative, zero or positive; NaN stays NaN.
    Sign, 1 => |x| if x > T::zero() { T::one() } else if x < T::zero() { -T::one() } else { x + T::zero() };
    /// The largest whole number not above x.
    Floor, 1 => |x| x.floor();
    /// The smallest whole number not below x.
    Ceil, 1 => |x| x.ceil();
    /// x without its fraction.
    Trunc, 1 => |x| x.trunc();
    /// The whole number nearest to x; of two, the even one.
    Round, 2 => |x| elementary::round(x);
    /// √x.
    Sqrt, 8 => |x| x.sqrt();
    /// 1/√x.
    Rsqrt, 16 => |x| T::one() / x.sqrt();
    /// 1/x.
    Recip, 8 => |x| T::one() / x;
    /// x².
    Square, 1 => |x| x * x;
    /// e^x.
    Exp, 8 => |x| elementary::exp::<S, T>(x);
    /// 2^x.
    Exp2, 8 => |x| elementary::exp2::<S, T>(x);
    /// e^x − 1, without cancellation near 0.
    Expm1, 16 => |x| elementary::expm1::<S, T>(x);
    /// The natural logarithm.
    Ln, 16 => |x| elementary::ln::<S, T>(x);
    /// The logarithm to base 2.
    Log2, 16 => |x| elementary::log2::<S, T>(x);
    /// The logarithm to base 10.
    Log10, 16 => |x| elementary::log10::<S, T>(x);
    /// ln(1 + x), without cancellation near 0.
    Log1p, 16 => |x| elementary::log1p::<S, T>(x);
    /// sin x.
    Sin, 16 => |x| elementary::sin::<S, T>(x), far x.sin();
    /// cos x.
    Cos, 16 => |x| elementary::cos::<S, T>(x), far x.cos();
    /// The hyperbolic tangent.
    Tanh, 16 => |x| elementary::tanh::<S, T>(x);
    /// The logistic function 1/(1 + e^(−x)).
    Sigmoid, 16 => |x| elementary::sigmoid::<S, T>(x);
    /// sech² x = 1/cosh² x, the derivative of tanh.
    SechSquared, 16 => |x| elementary::sech_squared::<S, T>(x);
    /// The error function.
    Erf, 16 => |x| T::erf::<S>(x);
    /// max(x, 0); NaN stays NaN.
    Relu, 1 => |x| if x <= T::zero() { lit(0.0) } else { x };
}

/// out = f(x), element by element.
///
/// # Panics
///
/// When a slice operand has not the length of `out`.
#[track_caller]
pub fn unary<T: Scalar>(isa: Isa, f: Unary, x: Arg<'_, T>, out: &mut [T]) {
    x.check(out.len());
    let whole = out.len() / BLOCK * BLOCK;
    let (blocks, rest) = out.split_at_mut(whole);
    if whole > 0 {
        T::unary_blocks(isa, f, x.head(whole), blocks);
    }
    if !rest.is_empty() {
        let (mut buffer, mut padded) = ([T::zero(); BLOCK], [T::zero(); BLOCK]);
        padded[..rest.len()].copy_from_slice(rest);
        T::unary_blocks(isa, f, x.padded(whole, &mut buffer), &mut padded);
        rest.copy_from_slice(&padded[..rest.len()]);
    }
}

fn map<F: Map, T: Scalar>(isa: Isa, x: Arg<'_, T>, out: &mut [T]) {
    match x {
        Arg::Slice(x) => isa.run(Loop::<F, _, _> { x: Each(x), out, f: PhantomData }),
        Arg::Out => isa.run(Loop::<F, _, _> { x: Current::new(), out, f: PhantomData }),
        Arg::Splat(x) => {
            out.fill(x);
            isa.run(Loop::<F, _, _> { x: Current::new(), out, f: PhantomData });
        }
    }
}

struct Loop<'a, F, X, T> {
    x: X,
    out: &'a mut [T],
    f: PhantomData<F>,
}

impl<F: Map, X: Source<T>, T: Scalar> Kernel for Loop<'_, F, X, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        if F::PARTIAL && !self.all_near() {
            return self.one_by_one::<S>();
        }
        let out = whole_blocks(self.out);
        let x = self.x.first(out.len());
        #[expect(
            clippy::needless_range_loop,
            reason = "over an iterator, LLVM leaves the last block to a scalar loop"
        )]
        for i in 0..out.len() {
            out[i] = F::at::<S, T>(x.get(i, out[i]));
        }
    }
}

impl<F: Map, X: Source<T>, T: Scalar> Loop<'_, F, X, T> {
    #[inline(always)]
    fn all_near(&self) -> bool {
        // No early exit: a loop without one vectorises.
        (0..self.out.len()).fold(true, |all, i| all & self.x.get(i, self.out[i]).is_near())
    }

    /// The same values as the vectorised loop where that holds, so that no element depends on its neighbours.
    #[inline(always)]
    fn one_by_one<S: Simd>(self) {
        for i in 0..self.out.len() {
            let x = self.x.get(i, self.out[i]);
            self.out[i] = if x.is_near() { F::at::<S, T>(x) } else { F::far(x) };
        }
    }
}
