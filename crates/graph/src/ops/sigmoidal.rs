//! Functions that saturate: tanh, the logistic sigmoid, the error function; and softplus, the
//! integral of the sigmoid.

use std::f64::consts::FRAC_2_SQRT_PI;

use super::map::Unary;
use super::registry::{Example, unary};
use crate::{MapWord, Scalar, Var};

/// tanh x. Cotangent: v·sech² x (of which 1 − y² would keep no digit where y rounds to ±1).
#[derive(Clone, Debug, PartialEq)]
pub struct Tanh;

impl Unary for Tanh {
    const NAME: &'static str = "tanh";
    fn eval<T: Scalar>(&self, x: T) -> T {
        x.tanh()
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        v * x.sech_squared()
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::Tanh)
    }
}

/// sech² x = 4e/(1 + e)² with e = e^(−2|x|): the derivative of tanh, with all its digits also far
/// out. Cotangent: −2·v·y·tanh x.
#[derive(Clone, Debug, PartialEq)]
pub struct SechSquared;

impl Unary for SechSquared {
    const NAME: &'static str = "sech_squared";
    fn eval<T: Scalar>(&self, x: T) -> T {
        let e = (T::from_f64(-2.0) * x.abs()).exp();
        T::from_f64(4.0) * e / ((T::one() + e) * (T::one() + e))
    }
    fn vjp<'g>(&self, x: Var<'g>, y: Var<'g>, v: Var<'g>) -> Var<'g> {
        -2.0 * (v * (y * x.tanh()))
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::SechSquared)
    }
}

/// σ(x) = 1/(1 + e⁻ˣ). Cotangent: v·sech²(x/2)/4 (which is y·(1 − y), with all its digits also where
/// y rounds to 1).
#[derive(Clone, Debug, PartialEq)]
pub struct Sigmoid;

impl Unary for Sigmoid {
    const NAME: &'static str = "sigmoid";
    fn eval<T: Scalar>(&self, x: T) -> T {
        // Of the two equal forms, the one whose exponential cannot overflow.
        let e = (-x.abs()).exp();
        let of_magnitude = (T::one() + e).recip();
        if x < T::zero() { e * of_magnitude } else { of_magnitude }
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        v * (0.25 * (0.5 * x).sech_squared())
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::Sigmoid)
    }
}

/// erf x = 2/√π ∫₀ˣ e^(−t²) dt. Cotangent: v·2/√π·e^(−x²).
#[derive(Clone, Debug, PartialEq)]
pub struct Erf;

impl Unary for Erf {
    const NAME: &'static str = "erf";
    fn eval<T: Scalar>(&self, x: T) -> T {
        x.erf()
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        v * (FRAC_2_SQRT_PI * (-x.square()).exp())
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::Erf)
    }
}

/// ln(1 + eˣ), as max(x, 0) + ln(1 + e^(−|x|)), which neither overflows nor cancels. Cotangent:
/// v·σ(x).
#[derive(Clone, Debug, PartialEq)]
pub struct Softplus;

impl Unary for Softplus {
    const NAME: &'static str = "softplus";
    fn eval<T: Scalar>(&self, x: T) -> T {
        match x.is_nan() {
            true => x,
            false => x.max(T::zero()) + (-x.abs()).exp().ln_1p(),
        }
    }
    fn vjp<'g>(&self, x: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        v * x.sigmoid()
    }
    fn expand<'g>(&self, x: Var<'g>) -> Option<Var<'g>> {
        Some(x.maximum(0.0) + (-x.abs()).exp().log1p())
    }
}

impl<'g> Var<'g> {
    /// The hyperbolic tangent, elementwise.
    #[track_caller]
    pub fn tanh(self) -> Var<'g> {
        self.map(Tanh)
    }

    /// sech² x = 1/cosh² x, elementwise: the derivative of tanh.
    #[track_caller]
    pub fn sech_squared(self) -> Var<'g> {
        self.map(SechSquared)
    }

    /// The logistic sigmoid 1/(1 + e⁻ˣ), elementwise.
    #[track_caller]
    pub fn sigmoid(self) -> Var<'g> {
        self.map(Sigmoid)
    }

    /// The error function 2/√π ∫₀ˣ e^(−t²) dt, elementwise.
    #[track_caller]
    pub fn erf(self) -> Var<'g> {
        self.map(Erf)
    }

    /// ln(1 + eˣ), elementwise; exact to rounding for every x, without a threshold.
    #[track_caller]
    pub fn softplus(self) -> Var<'g> {
        self.map(Softplus)
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        unary("tanh", -2.0..2.0, |x| x.tanh()),
        unary("sech_squared", -2.0..2.0, |x| x.sech_squared()),
        unary("sigmoid", -3.0..3.0, |x| x.sigmoid()),
        unary("erf", -2.0..2.0, |x| x.erf()),
        unary("softplus", -3.0..3.0, |x| x.softplus()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn softplus_and_sigmoid_are_exact_far_out() {
        let g = Graph::new();
        let x = g.constant(array![-800.0, -40.0, 0.0, 40.0, 800.0]);
        let tiny = (-40f64).exp();
        let expected = array![0.0, tiny, 2f64.ln(), 40.0 + tiny, 800.0].into_dyn();
        approx::assert_relative_eq!(x.softplus().eval().unwrap(), expected, max_relative = 1e-15);
        let slope = x.softplus().sum().grad(x).eval().unwrap();
        let expected = array![0.0, tiny, 0.5, 1.0, 1.0].into_dyn();
        approx::assert_relative_eq!(slope, expected, max_relative = 1e-15);
        assert_eq!(x.sigmoid().eval().unwrap(), slope);
    }

    #[test]
    fn derivatives_keep_their_digits_where_the_function_saturates() {
        let g = Graph::new();
        let x = g.constant(array![-20.0, 20.0]);
        let exact = 4.0 * (-40f64).exp();
        let slope = x.tanh().sum().grad(x).eval().unwrap();
        approx::assert_relative_eq!(slope, array![exact, exact].into_dyn(), max_relative = 1e-14);
        let x = g.constant(array![-40.0, 40.0]);
        let exact = (-40f64).exp();
        let slope = x.sigmoid().sum().grad(x).eval().unwrap();
        approx::assert_relative_eq!(slope, array![exact, exact].into_dyn(), max_relative = 1e-14);
    }

    #[test]
    fn nan_stays_nan() {
        let g = Graph::new();
        let x = g.constant(f64::NAN);
        assert!(x.softplus().eval().unwrap()[[]].is_nan());
        assert!(x.sigmoid().eval().unwrap()[[]].is_nan());
    }
}
