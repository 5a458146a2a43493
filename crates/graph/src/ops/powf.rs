//! Powers with a fixed exponent.

use super::map::Unary;
use super::registry::{Example, unary};
use crate::{Number, Var};

/// xᵖ for a fixed exponent p, as IEEE 754 `pow`: x⁰ is 1 for every x, and x^½ is ∞ at −∞ and +0 at
/// −0, where √x is NaN and −0. Cotangent: v·p·xᵖ⁻¹, and 0 for p = 0, also at x = 0.
///
/// Recorded by [`Var::powf`](crate::Var::powf).
#[derive(Clone, Debug, PartialEq)]
pub struct Powf {
    /// p.
    pub exponent: f64,
}

impl Unary for Powf {
    const NAME: &'static str = "powf";
    #[inline]
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
            0.5 => at_minus_infinity(x, f64::INFINITY, (x + 0.0).sqrt()),
            -0.5 => at_minus_infinity(x, 0.0, (x + 0.0).rsqrt()),
            -1.0 => x.recip(),
            p => x.pow(x.graph().full([], p)),
        })
    }
}

/// A power where a root has another value; x + 0 has made a +0 of −0 already.
fn at_minus_infinity<'g>(x: Var<'g>, power: f64, root: Var<'g>) -> Var<'g> {
    x.eq(f64::NEG_INFINITY).select(power, root)
}

impl<'g> Var<'g> {
    /// xᵖ, elementwise, for a fixed exponent.
    ///
    /// The shape stays.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![4.0, 9.0]);
    /// assert_eq!(x.powf(1.5).eval()?, array![8.0, 27.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn powf(self, exponent: f64) -> Var<'g> {
        self.map(Powf { exponent })
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        unary("powf", 0.3..3.0, |x| x.powf(2.5)),
        unary("powf", -2.0..2.0, |x| x.powf(3.0)),
        unary("powf", 0.3..3.0, |x| x.powf(0.5)),
        unary("powf", 0.3..3.0, |x| x.powf(-0.5)),
        unary("powf", 0.3..3.0, |x| x.powf(-1.0)),
    ]
}
