//! How a row of the [table of elementwise functions](super::calculus) becomes an operation.
//!
//! A row keeps its name, documentation and formulas as tokens of its own, so that they read in the
//! source as they would written out, and a mistake in one is reported at that row. What every row
//! has in common is said here: the type, its trait, the method of [`Var`](crate::Var), the example.

/// The word of a row, `_` standing for none.
macro_rules! word {
    ($words:ident _) => {
        None
    };
    ($words:ident $word:ident) => {
        Some($words::$word)
    };
}

/// Functions of one number: type, method, ranges in which they are smooth, word, value of x, and
/// cotangent by x, y = f(x) and v; then, where there is no word, what the function expands to.
macro_rules! unary {
    ($(
        $(#[doc = $doc:literal])*
        $Type:ident, $method:ident, [$($range:expr),*], $word:tt,
        |$x:ident| $value:expr,
        |$p:tt, $y:tt, $v:tt| $cotangent:expr
        $(, expands |$e:ident| $expansion:expr)?;
    )*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone, Debug, PartialEq)]
            pub struct $Type;

            impl Unary for $Type {
                const NAME: &'static str = stringify!($method);
                #[inline]
                fn eval<T: Number>(&self, $x: T) -> T {
                    $value
                }
                fn vjp<'g>(&self, $p: Var<'g>, $y: Var<'g>, $v: Var<'g>) -> Var<'g> {
                    $cotangent
                }
                fn word(&self) -> Option<MapWord> {
                    word!(MapWord $word)
                }
                $(fn expand<'g>(&self, $e: Var<'g>) -> Option<Var<'g>> {
                    Some($expansion)
                })?
            }

            impl<'g> Var<'g> {
                $(#[doc = $doc])*
                ///
                /// Elementwise.
                ///
                /// # Panics
                /// If the elements are not real.
                #[track_caller]
                pub fn $method(self) -> Var<'g> {
                    self.map($Type)
                }
            }
        )*

        fn unary_examples() -> Vec<Example> {
            vec![$($(unary(stringify!($method), $range, |x| x.$method()),)*)*]
        }
    };
}

/// Functions of two numbers: type, method, a range for each argument, word, value of a and b, and
/// cotangents by a, b, y = f(a, b) and v; then, where there is no word, what they expand to.
macro_rules! binary {
    ($(
        $(#[doc = $doc:literal])*
        $Type:ident, $method:ident, [$first:expr, $second:expr], $word:tt,
        |$a:ident, $b:ident| $value:expr,
        |$p:tt, $q:tt, $y:tt, $v:tt| $cotangents:expr
        $(, expands |$e:ident, $f:ident| $expansion:expr)?;
    )*) => {
        $(
            binary_type! {
                $(#[doc = $doc])* $Type, $method, $word,
                |$a, $b| $value, |$p, $q, $y, $v| $cotangents $(, expands |$e, $f| $expansion)?
            }

            impl<'g> Var<'g> {
                $(#[doc = $doc])*
                ///
                /// Elementwise; shapes broadcast.
                ///
                /// # Panics
                /// If the shapes do not broadcast, or the elements are not real.
                #[track_caller]
                pub fn $method(self, other: impl Operand<'g>) -> Var<'g> {
                    $Type::of(self, other.into_var(self.graph()))
                }
            }
        )*

        fn binary_examples() -> Vec<Example> {
            vec![$(binary(stringify!($method), $first, $second, |a, b| a.$method(b)),)*]
        }
    };
}

/// The operators of Rust, on variables and plain numbers: as [`binary`], but for the method.
macro_rules! operators {
    ($(
        $(#[doc = $doc:literal])*
        $Type:ident, $method:ident, [$first:expr, $second:expr], $word:tt,
        |$a:ident, $b:ident| $value:expr,
        |$p:tt, $q:tt, $y:tt, $v:tt| $cotangents:expr;
    )*) => {
        $(
            binary_type! {
                $(#[doc = $doc])* $Type, $method, $word,
                |$a, $b| $value, |$p, $q, $y, $v| $cotangents
            }

            // One implementation for all operands: of several, a literal such as `2.0` would have
            // to choose one before the type of the result is known.
            impl<'g, N: Operand<'g>> std::ops::$Type<N> for Var<'g> {
                type Output = Var<'g>;
                #[track_caller]
                fn $method(self, other: N) -> Var<'g> {
                    $Type::of(self, other.into_var(self.graph()))
                }
            }

            impl<'g> std::ops::$Type<Var<'g>> for f64 {
                type Output = Var<'g>;
                #[track_caller]
                fn $method(self, other: Var<'g>) -> Var<'g> {
                    $Type::of(other.graph().full([], self), other)
                }
            }
        )*

        fn operator_examples() -> Vec<Example> {
            use std::ops::*;
            vec![$(binary(stringify!($method), $first, $second, |a, b| a.$method(b)),)*]
        }
    };
}

/// The type of a function of two reals.
macro_rules! binary_type {
    (
        $(#[doc = $doc:literal])*
        $Type:ident, $method:ident, $word:tt,
        |$a:ident, $b:ident| $value:expr,
        |$p:tt, $q:tt, $y:tt, $v:tt| $cotangents:expr
        $(, expands |$e:ident, $f:ident| $expansion:expr)?
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $Type;

        impl Binary for $Type {
            const NAME: &'static str = stringify!($method);
            #[inline]
            fn eval<T: Number>(&self, $a: T, $b: T) -> T {
                $value
            }
            fn vjp<'g>(
                &self,
                $p: Var<'g>,
                $q: Var<'g>,
                $y: Var<'g>,
                $v: Var<'g>,
            ) -> Option<(Var<'g>, Var<'g>)> {
                Some($cotangents)
            }
            fn word(&self) -> Option<ZipWord> {
                word!(ZipWord $word)
            }
            $(fn expand<'g>(&self, $e: Var<'g>, $f: Var<'g>) -> Option<Var<'g>> {
                Some($expansion)
            })?
        }

        impl $Type {
            /// Records it; not generic, and so compiled here.
            #[track_caller]
            fn of<'g>(a: Var<'g>, b: Var<'g>) -> Var<'g> {
                a.zip(b, $Type)
            }
        }
    };
}

/// Comparisons of two reals or of two indices, which answer truth values and have no derivative.
macro_rules! comparisons {
    ($(
        $(#[doc = $doc:literal])*
        $Type:ident, $method:ident, $word:ident, |$a:ident, $b:ident| $value:expr;
    )*) => {
        $(truth! {
            $(#[doc = $doc])* $Type, $method, $word, |$a, $b| $value,
            fn kind(&self, a: Kind, b: Kind) -> Result<Kind, String> {
                expect_kind("the second argument", b, a)?;
                Ok(Kind::Boolean)
            }
            fn eval_index(&self, $a: i64, $b: i64) -> bool {
                $value
            }
        })*

        fn comparison_examples() -> Vec<Example> {
            let (low, high) = (-2.0..-0.5, -0.4..2.0);
            vec![$(binary(stringify!($method), low.clone(), high.clone(), |a, b| {
                a.$method(b).select(a, a * b)
            }),)*]
        }
    };
}

/// Functions of two truth values.
macro_rules! connectives {
    ($(
        $(#[doc = $doc:literal])*
        $Type:ident, $method:ident, $word:ident, |$a:ident, $b:ident| $value:expr;
    )*) => {
        $(truth! {
            $(#[doc = $doc])* $Type, $method, $word,
            |a, b| { let ($a, $b) = (a != T::zero(), b != T::zero()); $value },
            fn kind(&self, a: Kind, b: Kind) -> Result<Kind, String> {
                expect_kind("the first argument", a, Kind::Boolean)?;
                expect_kind("the second argument", b, Kind::Boolean)?;
                Ok(Kind::Boolean)
            }
        })*

        fn connective_examples() -> Vec<Example> {
            let (low, high) = (-2.0..-0.5, -0.4..2.0);
            vec![$(binary(stringify!($method), low.clone(), high.clone(), |a, b| {
                a.lt(b).$method(b.gt(0.5)).select(a * b, a)
            }),)*]
        }
    };
}

/// The type and the method of a function to truth values.
macro_rules! truth {
    (
        $(#[doc = $doc:literal])*
        $Type:ident, $method:ident, $word:ident, |$a:ident, $b:ident| $value:expr,
        $($rest:tt)*
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $Type;

        impl Binary for $Type {
            const NAME: &'static str = stringify!($method);
            $($rest)*
            #[inline]
            fn eval<T: Number>(&self, $a: T, $b: T) -> T {
                if $value { T::one() } else { T::zero() }
            }
            fn vjp<'g>(
                &self,
                _: Var<'g>,
                _: Var<'g>,
                _: Var<'g>,
                _: Var<'g>,
            ) -> Option<(Var<'g>, Var<'g>)> {
                None
            }
            fn word(&self) -> Option<ZipWord> {
                Some(ZipWord::$word)
            }
        }

        impl $Type {
            /// Records it; not generic, and so compiled here.
            #[track_caller]
            fn of<'g>(a: Var<'g>, b: Var<'g>) -> Var<'g> {
                a.zip(b, $Type)
            }
        }

        impl<'g> Var<'g> {
            $(#[doc = $doc])*
            ///
            /// Elementwise, a truth value; shapes broadcast.
            ///
            /// # Panics
            /// If the shapes do not broadcast, or the elements are not of one kind.
            #[track_caller]
            pub fn $method(self, other: impl Operand<'g>) -> Var<'g> {
                $Type::of(self, other.into_var(self.graph()))
            }
        }
    };
}

pub(super) use {binary, binary_type, comparisons, connectives, operators, truth, unary, word};
