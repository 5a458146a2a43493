//! Powers and roots.

use super::map::Unary;
use super::registry::{Example, binary, unary};
use super::zip::Binary;
use crate::{MapWord, Scalar, Var, ZipWord};

/// √x. Cotangent: v/(2y).
#[derive(Clone, Debug, PartialEq)]
pub struct Sqrt;

impl Unary for Sqrt {
    const NAME: &'static str = "sqrt";
    fn eval<T: Scalar>(&self, x: T) -> T {
        x.sqrt()
    }
    fn vjp<'g>(&self, _: Var<'g>, y: Var<'g>, v: Var<'g>) -> Var<'g> {
        v.mul_no_nan(0.5 / y)
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::Sqrt)
    }
}

/// 1/√x. Cotangent: −v·y³/2.
#[derive(Clone, Debug, PartialEq)]
pub struct Rsqrt;

impl Unary for Rsqrt {
    const NAME: &'static str = "rsqrt";
    fn eval<T: Scalar>(&self, x: T) -> T {
        x.sqrt().recip()
    }
    fn vjp<'g>(&self, _: Var<'g>, y: Var<'g>, v: Var<'g>) -> Var<'g> {
        v.mul_no_nan(-0.5 * y * y.square())
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::Rsqrt)
    }
}

/// xᵖ for a fixed exponent p. Cotangent: v·p·xᵖ⁻¹, and 0 for p = 0, also at x = 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Powf {
    /// p.
    pub exponent: f64,
}

impl Unary for Powf {
    const NAME: &'static str = "powf";
    fn eval<T: Scalar>(&self, x: T) -> T {
        x.powf(T::from_f64(self.exponent))
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

/// xʸ, both variable. Cotangents: v·y·xʸ⁻¹ and v·xʸ·ln x.
///
/// At y = 0 the first is 0 for every x, and at x = 0 with y ≥ 0 the second is 0, as the function is
/// constant in that direction up to the corner (PyTorch's convention; the formulas would say NaN).
#[derive(Clone, Debug, PartialEq)]
pub struct Pow;

impl Binary for Pow {
    const NAME: &'static str = "pow";
    fn eval<T: Scalar>(&self, x: T, y: T) -> T {
        x.powf(y)
    }
    fn vjp<'g>(
        &self,
        x: Var<'g>,
        y: Var<'g>,
        p: Var<'g>,
        v: Var<'g>,
    ) -> Option<(Var<'g>, Var<'g>)> {
        let dx = y.eq(0.0).select(0.0 * v, v.mul_no_nan(y * x.pow(y - 1.0)));
        let flat = x.eq(0.0).and(y.ge(0.0));
        let dy = v.mul_no_nan(p.mul_no_nan(flat.select(1.0, x).ln()));
        Some((dx, dy))
    }
    fn word(&self) -> ZipWord {
        ZipWord::Pow
    }
}

impl<'g> Var<'g> {
    /// √x, elementwise; NaN for negative numbers.
    #[track_caller]
    pub fn sqrt(self) -> Var<'g> {
        self.map(Sqrt)
    }

    /// 1/√x, elementwise.
    #[track_caller]
    pub fn rsqrt(self) -> Var<'g> {
        self.map(Rsqrt)
    }

    /// xᵖ, elementwise, for a fixed exponent.
    #[track_caller]
    pub fn powf(self, exponent: f64) -> Var<'g> {
        self.map(Powf { exponent })
    }

    /// xʸ, elementwise, for an exponent that may vary and be differentiated.
    #[track_caller]
    pub fn pow(self, exponent: Var<'g>) -> Var<'g> {
        self.zip(exponent, Pow)
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        unary("sqrt", 0.3..3.0, |x| x.sqrt()),
        unary("rsqrt", 0.3..3.0, |x| x.rsqrt()),
        unary("powf", 0.3..3.0, |x| x.powf(2.5)),
        unary("powf", -2.0..2.0, |x| x.powf(3.0)),
        unary("powf", 0.3..3.0, |x| x.powf(-0.5)),
        binary("pow", 0.3..3.0, -2.0..2.0, |x, y| x.pow(y)),
    ]
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn a_power_at_zero_has_finite_derivatives() {
        let g = Graph::new();
        let x = g.constant(array![0.0, 0.0, 0.0, 2.0]);
        let y = g.constant(array![0.0, 1.0, 2.0, 0.0]);
        let sum = x.pow(y).sum();
        assert_eq!(sum.grad(x).eval().unwrap(), array![0.0, 1.0, 0.0, 0.0].into_dyn());
        assert_eq!(sum.grad(y).eval().unwrap(), array![0.0, 0.0, 0.0, 2f64.ln()].into_dyn());
    }

    #[test]
    fn the_second_derivative_of_the_first_power_at_zero_is_zero() {
        let g = Graph::new();
        let x = g.constant(0.0);
        assert_eq!(x.powf(1.0).grad(x).grad(x).eval().unwrap()[[]], 0.0);
    }
}
