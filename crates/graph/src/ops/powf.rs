//! Powers with a fixed exponent.

use super::map::Unary;
use super::registry::{Example, unary};
use crate::{Number, Var};

/// xᵖ for a fixed exponent p. Cotangent: v·p·xᵖ⁻¹, and 0 for p = 0, also at x = 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Powf {
    /// p.
    pub exponent: f64,
}

impl Unary for Powf {
    const NAME: &'static str = "powf";
    fn eval<T: Number>(&self, x: T) -> T {
        x.powf(T::constant(self.exponent))
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        match self.exponent {
            0.0 => 0.0 * v,
            p => v.mul_no_nan(p * x.powf(p - 1.0)),
        }
    }
    fn expand<'g>(&self, x: Var<'g>) -> Option<Var<'g>> {
        Some(match self.exponent {
            0.0 => x.graph().full(x.shape(), 1.0),
            1.0 => x,
            2.0 => x.square(),
            3.0 => x * x.square(),
            0.5 => x.sqrt(),
            -0.5 => x.rsqrt(),
            -1.0 => x.recip(),
            p => x.pow(x.graph().full([], p)),
        })
    }
}

impl<'g> Var<'g> {
    /// xᵖ, elementwise, for a fixed exponent.
    #[track_caller]
    pub fn powf(self, exponent: f64) -> Var<'g> {
        self.map(Powf { exponent })
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        unary("powf", 0.3..3.0, |x| x.powf(2.5)),
        unary("powf", -2.0..2.0, |x| x.powf(3.0)),
        unary("powf", 0.3..3.0, |x| x.powf(-0.5)),
    ]
}
