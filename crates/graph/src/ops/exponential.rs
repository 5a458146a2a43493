//! Exponentials and logarithms.

use super::map::Unary;
use super::registry::{Example, unary};
use crate::{MapWord, Scalar, Var};

/// eˣ. Cotangent: v·y.
#[derive(Clone, Debug, PartialEq)]
pub struct Exp;

impl Unary for Exp {
    const NAME: &'static str = "exp";
    fn eval<T: Scalar>(&self, x: T) -> T {
        x.exp()
    }
    fn vjp<'g>(&self, _: Var<'g>, y: Var<'g>, v: Var<'g>) -> Var<'g> {
        v.mul_no_nan(y)
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::Exp)
    }
}

/// eˣ − 1, accurate near 0. Cotangent: v·eˣ (y + 1 would cancel where y is near −1).
#[derive(Clone, Debug, PartialEq)]
pub struct Expm1;

impl Unary for Expm1 {
    const NAME: &'static str = "expm1";
    fn eval<T: Scalar>(&self, x: T) -> T {
        x.exp_m1()
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        v.mul_no_nan(x.exp())
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::Expm1)
    }
}

/// ln x. Cotangent: v/x.
#[derive(Clone, Debug, PartialEq)]
pub struct Ln;

impl Unary for Ln {
    const NAME: &'static str = "ln";
    fn eval<T: Scalar>(&self, x: T) -> T {
        x.ln()
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        v.mul_no_nan(x.recip())
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::Ln)
    }
}

/// ln(1 + x), accurate near 0. Cotangent: v/(1 + x).
#[derive(Clone, Debug, PartialEq)]
pub struct Log1p;

impl Unary for Log1p {
    const NAME: &'static str = "log1p";
    fn eval<T: Scalar>(&self, x: T) -> T {
        x.ln_1p()
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        v.mul_no_nan((1.0 + x).recip())
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::Log1p)
    }
}

impl<'g> Var<'g> {
    /// eˣ, elementwise.
    #[track_caller]
    pub fn exp(self) -> Var<'g> {
        self.map(Exp)
    }

    /// eˣ − 1, elementwise, accurate near 0.
    #[track_caller]
    pub fn expm1(self) -> Var<'g> {
        self.map(Expm1)
    }

    /// The natural logarithm, elementwise; −∞ at 0 and NaN for negative numbers.
    #[track_caller]
    pub fn ln(self) -> Var<'g> {
        self.map(Ln)
    }

    /// ln(1 + x), elementwise, accurate near 0.
    #[track_caller]
    pub fn log1p(self) -> Var<'g> {
        self.map(Log1p)
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        unary("exp", -2.0..2.0, |x| x.exp()),
        unary("expm1", -2.0..2.0, |x| x.expm1()),
        unary("ln", 0.3..3.0, |x| x.ln()),
        unary("log1p", -0.5..3.0, |x| x.log1p()),
    ]
}
