//! Sine, cosine and the angle of a point.

use super::map::Unary;
use super::registry::{Example, binary, unary};
use super::zip::Binary;
use crate::{MapWord, Scalar, Var, ZipWord};

/// sin x, x in radians. Cotangent: v·cos x.
#[derive(Clone, Debug, PartialEq)]
pub struct Sin;

impl Unary for Sin {
    const NAME: &'static str = "sin";
    fn eval<T: Scalar>(&self, x: T) -> T {
        x.sin()
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        v * x.cos()
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::Sin)
    }
}

/// cos x, x in radians. Cotangent: −v·sin x.
#[derive(Clone, Debug, PartialEq)]
pub struct Cos;

impl Unary for Cos {
    const NAME: &'static str = "cos";
    fn eval<T: Scalar>(&self, x: T) -> T {
        x.cos()
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        -(v * x.sin())
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::Cos)
    }
}

/// The angle of the point (x, y) in (−π, π]. Cotangents: v·x/r² for y and −v·y/r² for x, with
/// r² = x² + y²; both 0 at the origin, where the angle is arbitrary (PyTorch's convention).
#[derive(Clone, Debug, PartialEq)]
pub struct Atan2;

impl Binary for Atan2 {
    const NAME: &'static str = "atan2";
    fn eval<T: Scalar>(&self, y: T, x: T) -> T {
        y.atan2(x)
    }
    fn vjp<'g>(
        &self,
        y: Var<'g>,
        x: Var<'g>,
        _: Var<'g>,
        v: Var<'g>,
    ) -> Option<(Var<'g>, Var<'g>)> {
        let inverse = (x.square() + y.square()).recip();
        Some(((v * x).mul_no_nan(inverse), -(v * y).mul_no_nan(inverse)))
    }
    fn word(&self) -> ZipWord {
        ZipWord::Atan2
    }
}

impl<'g> Var<'g> {
    /// sin x, elementwise, x in radians.
    #[track_caller]
    pub fn sin(self) -> Var<'g> {
        self.map(Sin)
    }

    /// cos x, elementwise, x in radians.
    #[track_caller]
    pub fn cos(self) -> Var<'g> {
        self.map(Cos)
    }

    /// The angle of the point (`x`, `self`) in radians, in (−π, π], elementwise.
    #[track_caller]
    pub fn atan2(self, x: Var<'g>) -> Var<'g> {
        self.zip(x, Atan2)
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        unary("sin", -3.0..3.0, |x| x.sin()),
        unary("cos", -3.0..3.0, |x| x.cos()),
        binary("atan2", -2.0..2.0, 0.5..2.0, |y, x| y.atan2(x)),
    ]
}
