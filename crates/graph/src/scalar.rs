//! The numbers a graph is evaluated in.

use std::fmt::{Debug, Display, LowerExp};
use std::iter::Sum;
use std::ops::{Add, Div, Mul, Neg, Sub};

use num_traits::{Float, NumAssign};

use crate::RunResult;
use crate::operation::{AnyOperation, Args, Out};

/// The precisions a graph can run in: `f32` and `f64`, and nothing else.
///
/// The plain evaluation of an operation is generic over it. The trait is sealed: values, files and
/// compiled programs exist for exactly these two. Elementwise functions ask for less, a [`Number`].
pub trait Scalar:
    Float
    + NumAssign
    + Debug
    + Display
    + LowerExp
    + Default
    + Send
    + Sync
    + Sum
    + sealed::Sealed
    + 'static
{
    /// The type's name as Rust writes it: `"f32"` or `"f64"`.
    const NAME: &'static str;

    /// The distance from 1 to the next larger number: 2⁻²³ or 2⁻⁵².
    const MACHINE_EPSILON: Self;

    /// The number nearest to `x` (ties to even; overflow gives ±∞).
    fn from_f64(x: f64) -> Self;

    /// The same number in double precision; exact.
    fn to_f64(self) -> f64;

    /// The error function erf(x) = 2/√π ∫₀ˣ e^(−t²) dt of one number, by `libm` (below 1 ULP).
    fn erf(self) -> Self;

    /// erfc x = 1 − erf x, without cancellation, by `libm`.
    fn erfc(self) -> Self;

    /// ln |Γ(x)|, by `libm`.
    fn ln_gamma(self) -> Self;

    /// The nearest whole number; of two, the even one.
    fn round_ties_even(self) -> Self;

    /// Runs an operation's plain evaluation in this precision.
    fn eval(op: &dyn AnyOperation, args: &Args<'_, Self>, out: &mut Out<'_, Self>) -> RunResult;
}

pub(crate) mod sealed {
    use crate::Params;
    use crate::params::Build;

    pub trait Sealed: Sized {
        /// A store as a scope sees it: here, so that it is compiled here and not where a model is built.
        fn store(params: &mut Params<Self>) -> &mut dyn Build;
    }
}

macro_rules! scalar {
    ($float:ident, $erf:path, $erfc:path, $ln_gamma:path, $eval:ident) => {
        impl sealed::Sealed for $float {
            // Inlined, it would be compiled there after all.
            #[inline(never)]
            fn store(params: &mut crate::Params<Self>) -> &mut dyn crate::params::Build {
                params
            }
        }

        impl Scalar for $float {
            const NAME: &'static str = stringify!($float);
            const MACHINE_EPSILON: Self = $float::EPSILON;

            fn from_f64(x: f64) -> Self {
                x as $float
            }

            fn to_f64(self) -> f64 {
                self.into()
            }

            fn erf(self) -> Self {
                $erf(self)
            }

            fn erfc(self) -> Self {
                $erfc(self)
            }

            fn ln_gamma(self) -> Self {
                $ln_gamma(self)
            }

            fn round_ties_even(self) -> Self {
                $float::round_ties_even(self)
            }

            fn eval(
                op: &dyn AnyOperation,
                args: &Args<'_, Self>,
                out: &mut Out<'_, Self>,
            ) -> RunResult {
                op.$eval(args, out)
            }
        }
    };
}

scalar!(f32, libm::erff, libm::erfcf, libm::lgammaf, eval_f32);
scalar!(f64, libm::erf, libm::erfc, libm::lgamma, eval_f64);

/// What an elementwise function is evaluated in: the precisions, and any other number that has
/// arithmetic, an order and the elementary functions (an interval, a double-double).
///
/// ```
/// use cotangent::Number;
/// use cotangent::ops::{Tanh, Unary};
///
/// fn twice<T: Number>(x: T) -> T {
///     Tanh.eval(x) + Tanh.eval(x)
/// }
/// assert_eq!(twice(0.5_f64), 2.0 * 0.5_f64.tanh());
/// ```
pub trait Number:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The number nearest to a constant of a formula.
    fn constant(x: f64) -> Self;
    /// 0.
    fn zero() -> Self {
        Self::constant(0.0)
    }
    /// 1.
    fn one() -> Self {
        Self::constant(1.0)
    }
    /// Whether it is no number.
    fn is_nan(self) -> bool;
    /// |x|.
    fn abs(self) -> Self;
    /// 1/x.
    fn recip(self) -> Self {
        Self::one() / self
    }
    /// The largest whole number not above it.
    fn floor(self) -> Self;
    /// The smallest whole number not below it.
    fn ceil(self) -> Self;
    /// Without its fraction.
    fn trunc(self) -> Self;
    /// The nearest whole number; of two, the even one.
    fn round_ties_even(self) -> Self;
    /// What is left of it after a whole number of `y`, with its own sign: C's `fmod`.
    fn fmod(self, y: Self) -> Self;
    /// √x.
    fn sqrt(self) -> Self;
    /// xʸ.
    fn powf(self, y: Self) -> Self;
    /// ∛x.
    fn cbrt(self) -> Self;
    /// eˣ.
    fn exp(self) -> Self;
    /// 2ˣ.
    fn exp2(self) -> Self;
    /// eˣ − 1, accurate near 0.
    fn exp_m1(self) -> Self;
    /// ln x.
    fn ln(self) -> Self;
    /// log₂ x.
    fn log2(self) -> Self;
    /// log₁₀ x.
    fn log10(self) -> Self;
    /// ln(1 + x), accurate near 0.
    fn ln_1p(self) -> Self;
    /// sin x.
    fn sin(self) -> Self;
    /// cos x.
    fn cos(self) -> Self;
    /// The angle of the point (x, `self`).
    fn atan2(self, x: Self) -> Self;
    /// tanh x.
    fn tanh(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// 1 − erf x, without cancellation.
    fn erfc(self) -> Self;
    /// ln |Γ(x)|.
    fn ln_gamma(self) -> Self;
}

/// Forwards functions of a [`Number`] to those of a float.
macro_rules! forward {
    ($($name:ident($($x:ident),*);)*) => {$(
        fn $name(self $(, $x: Self)*) -> Self {
            Float::$name(self $(, $x)*)
        }
    )*};
}

impl<T: Scalar> Number for T {
    fn constant(x: f64) -> Self {
        T::from_f64(x)
    }
    fn is_nan(self) -> bool {
        Float::is_nan(self)
    }
    fn erf(self) -> Self {
        Scalar::erf(self)
    }
    fn erfc(self) -> Self {
        Scalar::erfc(self)
    }
    fn ln_gamma(self) -> Self {
        Scalar::ln_gamma(self)
    }
    fn round_ties_even(self) -> Self {
        Scalar::round_ties_even(self)
    }
    fn fmod(self, y: Self) -> Self {
        self % y
    }
    forward! {
        abs(); recip(); floor(); ceil(); trunc(); sqrt(); powf(y); cbrt(); exp(); exp2(); exp_m1(); ln(); log2(); log10(); ln_1p(); sin(); cos(); atan2(x); tanh();
    }
}
