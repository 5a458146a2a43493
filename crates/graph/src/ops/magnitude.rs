//! Absolute value and sign.

use super::map::Unary;
use super::registry::{Example, unary};
use crate::{MapWord, Scalar, Var};

/// |x|. Cotangent: v·sign(x) (0 at the kink, as PyTorch).
#[derive(Clone, Debug, PartialEq)]
pub struct Abs;

impl Unary for Abs {
    const NAME: &'static str = "abs";
    fn eval<T: Scalar>(&self, x: T) -> T {
        x.abs()
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        v * x.sign()
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::Abs)
    }
}

/// −1, 0 or 1. Its derivative is 0 almost everywhere, and taken as 0 at the jump.
#[derive(Clone, Debug, PartialEq)]
pub struct Sign;

impl Unary for Sign {
    const NAME: &'static str = "sign";
    fn eval<T: Scalar>(&self, x: T) -> T {
        if x == T::zero() || x.is_nan() { x } else { x.signum() }
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, _: Var<'g>) -> Var<'g> {
        x.graph().full(x.shape(), 0.0)
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::Sign)
    }
}

impl<'g> Var<'g> {
    /// |x|, elementwise; its derivative at 0 is 0.
    #[track_caller]
    pub fn abs(self) -> Var<'g> {
        self.map(Abs)
    }

    /// The sign, elementwise: −1, 0 or 1, and NaN for NaN.
    #[track_caller]
    pub fn sign(self) -> Var<'g> {
        self.map(Sign)
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        unary("abs", 0.2..2.0, |x| x.abs() * x),
        unary("abs", -2.0..-0.2, |x| x.abs() * x),
        unary("sign", 0.2..2.0, |x| x.sign() * x.square()),
    ]
}
