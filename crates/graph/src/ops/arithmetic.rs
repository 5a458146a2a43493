//! Sums, products and quotients, and their operators.

use std::ops;

use super::map::Unary;
use super::registry::{Example, binary, unary};
use super::zip::Binary;
use crate::{MapWord, Scalar, Var, ZipWord};

/// a + b. Cotangents: v and v.
#[derive(Clone, Debug, PartialEq)]
pub struct Add;

impl Binary for Add {
    const NAME: &'static str = "add";
    fn eval<T: Scalar>(&self, a: T, b: T) -> T {
        a + b
    }
    fn vjp<'g>(
        &self,
        _: Var<'g>,
        _: Var<'g>,
        _: Var<'g>,
        v: Var<'g>,
    ) -> Option<(Var<'g>, Var<'g>)> {
        Some((v, v))
    }
    fn word(&self) -> ZipWord {
        ZipWord::Add
    }
}

/// a − b. Cotangents: v and −v.
#[derive(Clone, Debug, PartialEq)]
pub struct Sub;

impl Binary for Sub {
    const NAME: &'static str = "sub";
    fn eval<T: Scalar>(&self, a: T, b: T) -> T {
        a - b
    }
    fn vjp<'g>(
        &self,
        _: Var<'g>,
        _: Var<'g>,
        _: Var<'g>,
        v: Var<'g>,
    ) -> Option<(Var<'g>, Var<'g>)> {
        Some((v, -v))
    }
    fn word(&self) -> ZipWord {
        ZipWord::Sub
    }
}

/// a · b. Cotangents: v·b and v·a, exactly 0 where v is.
#[derive(Clone, Debug, PartialEq)]
pub struct Mul;

impl Binary for Mul {
    const NAME: &'static str = "mul";
    fn eval<T: Scalar>(&self, a: T, b: T) -> T {
        a * b
    }
    fn vjp<'g>(
        &self,
        a: Var<'g>,
        b: Var<'g>,
        _: Var<'g>,
        v: Var<'g>,
    ) -> Option<(Var<'g>, Var<'g>)> {
        Some((v.mul_no_nan(b), v.mul_no_nan(a)))
    }
    fn word(&self) -> ZipWord {
        ZipWord::Mul
    }
}

/// a / b. Cotangents: v/b and −v·(a/b)/b, without b², which underflows where the quotient does not.
#[derive(Clone, Debug, PartialEq)]
pub struct Div;

impl Binary for Div {
    const NAME: &'static str = "div";
    fn eval<T: Scalar>(&self, a: T, b: T) -> T {
        a / b
    }
    fn vjp<'g>(
        &self,
        _: Var<'g>,
        b: Var<'g>,
        y: Var<'g>,
        v: Var<'g>,
    ) -> Option<(Var<'g>, Var<'g>)> {
        let da = v.mul_no_nan(b.recip());
        Some((da, -da.mul_no_nan(y)))
    }
    fn word(&self) -> ZipWord {
        ZipWord::Div
    }
}

/// a · b, and exactly 0 where a is 0, whatever b is. Cotangents: v·b and v·a, likewise guarded.
#[derive(Clone, Debug, PartialEq)]
pub struct MulNoNan;

impl Binary for MulNoNan {
    const NAME: &'static str = "mul_no_nan";
    fn eval<T: Scalar>(&self, a: T, b: T) -> T {
        if a == T::zero() { T::zero() } else { a * b }
    }
    fn vjp<'g>(
        &self,
        a: Var<'g>,
        b: Var<'g>,
        _: Var<'g>,
        v: Var<'g>,
    ) -> Option<(Var<'g>, Var<'g>)> {
        Some((v.mul_no_nan(b), a.mul_no_nan(v)))
    }
    fn word(&self) -> ZipWord {
        ZipWord::MulNoNan
    }
}

/// −x. Cotangent: −v.
#[derive(Clone, Debug, PartialEq)]
pub struct Neg;

impl Unary for Neg {
    const NAME: &'static str = "neg";
    fn eval<T: Scalar>(&self, x: T) -> T {
        -x
    }
    fn vjp<'g>(&self, _: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        -v
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::Neg)
    }
}

/// 1/x. Cotangent: −v·y².
#[derive(Clone, Debug, PartialEq)]
pub struct Recip;

impl Unary for Recip {
    const NAME: &'static str = "recip";
    fn eval<T: Scalar>(&self, x: T) -> T {
        x.recip()
    }
    fn vjp<'g>(&self, _: Var<'g>, y: Var<'g>, v: Var<'g>) -> Var<'g> {
        -v.mul_no_nan(y).mul_no_nan(y)
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::Recip)
    }
}

/// x². Cotangent: 2·v·x, exactly 0 where v is.
#[derive(Clone, Debug, PartialEq)]
pub struct Square;

impl Unary for Square {
    const NAME: &'static str = "square";
    fn eval<T: Scalar>(&self, x: T) -> T {
        x * x
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        2.0 * v.mul_no_nan(x)
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::Square)
    }
}

impl<'g> Var<'g> {
    /// 1/x, elementwise.
    #[track_caller]
    pub fn recip(self) -> Var<'g> {
        self.map(Recip)
    }

    /// x², elementwise.
    #[track_caller]
    pub fn square(self) -> Var<'g> {
        self.map(Square)
    }

    /// a·b, and exactly 0 where `self` is 0, whatever `other` is.
    ///
    /// Reverse rules multiply with it: a cotangent of 0 says that the element does not matter, and
    /// then an infinite derivative must not turn it into NaN (the branch of a
    /// [`select`](Var::select) that is not taken).
    #[track_caller]
    pub fn mul_no_nan(self, other: Var<'g>) -> Var<'g> {
        self.zip(other, MulNoNan)
    }
}

/// An operator between variables, and between variables and plain numbers.
macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl<'g> ops::$trait for Var<'g> {
            type Output = Var<'g>;
            #[track_caller]
            fn $method(self, other: Var<'g>) -> Var<'g> {
                self.zip(other, $trait)
            }
        }

        impl<'g> ops::$trait<f64> for Var<'g> {
            type Output = Var<'g>;
            #[track_caller]
            fn $method(self, other: f64) -> Var<'g> {
                self.zip(other, $trait)
            }
        }

        impl<'g> ops::$trait<Var<'g>> for f64 {
            type Output = Var<'g>;
            #[track_caller]
            fn $method(self, other: Var<'g>) -> Var<'g> {
                other.graph().full([], self).zip(other, $trait)
            }
        }
    };
}

operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);

impl<'g> ops::Neg for Var<'g> {
    type Output = Var<'g>;
    #[track_caller]
    fn neg(self) -> Var<'g> {
        self.map(Neg)
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        binary("add", -2.0..2.0, -2.0..2.0, |a, b| a + b),
        binary("sub", -2.0..2.0, -2.0..2.0, |a, b| a - b),
        binary("mul", -2.0..2.0, -2.0..2.0, |a, b| a * b),
        binary("div", -2.0..2.0, 0.5..2.0, |a, b| a / b),
        binary("mul_no_nan", 0.5..2.0, -2.0..2.0, |a, b| a.mul_no_nan(b)),
        unary("neg", -2.0..2.0, |x| -x),
        unary("recip", 0.5..2.0, |x| x.recip()),
        unary("square", -2.0..2.0, |x| x.square()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn numbers_stand_on_both_sides() {
        let g = Graph::new();
        let x = g.constant(array![1.0, 4.0]);
        let y = 1.0 - (2.0 * x + 3.0) / 2.0 - 8.0 / x;
        assert_eq!(y.eval().unwrap(), array![-9.5, -6.5].into_dyn());
    }

    #[test]
    fn a_zero_cotangent_annihilates_an_infinite_derivative() {
        let g = Graph::new();
        let (zero, inf) = (g.constant(0.0), g.constant(f64::INFINITY));
        assert_eq!(zero.mul_no_nan(inf).eval().unwrap()[[]], 0.0);
        assert!(inf.mul_no_nan(zero).eval().unwrap()[[]].is_nan());
    }

    #[test]
    fn the_derivative_of_a_quotient_of_tiny_numbers_is_finite() {
        let g = Graph::new();
        let (a, b) = (g.constant(1e-200), g.constant(2e-200));
        let db = (a / b).grad(b).eval().unwrap()[[]];
        approx::assert_relative_eq!(db, -0.25 / 1e-200, max_relative = 1e-14);
    }
}
