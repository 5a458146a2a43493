//! The calculus at a glance: elementwise functions that have no parameters. Those that are made of them stand in tables of
//! their own: [`rounding`](super::rounding), [`trigonometry`](super::trigonometry), [`logarithms`](super::logarithms),
//! [`special`](super::special).
//!
//! A row says the mathematics; [`table`](super::table) says what rows have in common. The columns:
//! type, method, where it is smooth (examples are drawn from there), the compiler's word, the value,
//! and the cotangents, given the arguments, the value y and the cotangent v of the value.
//!
//! Cotangents multiply with [`mul_no_nan`](Var::mul_no_nan) where a derivative can be infinite.

use std::f64::consts::FRAC_2_SQRT_PI;

use super::map::Unary;
use super::registry::{Example, binary, unary};
use super::table::{binary, binary_type, comparisons, connectives, operators, truth, unary, word};
use super::zip::{Binary, Operand};
use crate::error::expect_kind;
use crate::{Kind, MapWord, Number, Var, ZipWord};

operators! {
    /// a + b. Cotangents: v and v.
    Add, add, [-2.0..2.0, -2.0..2.0], Add, |a, b| a + b, |_, _, _, v| (v, v);
    /// a − b. Cotangents: v and −v.
    Sub, sub, [-2.0..2.0, -2.0..2.0], Sub, |a, b| a - b, |_, _, _, v| (v, -v);
    /// a·b. Cotangents: v·b and v·a, exactly 0 where v is.
    Mul, mul, [-2.0..2.0, -2.0..2.0], Mul, |a, b| a * b,
        |a, b, _, v| (v.mul_no_nan(b), v.mul_no_nan(a));
    /// a/b. Cotangents: v/b and −v·(a/b)/b, without b², which underflows where the quotient does not.
    Div, div, [-2.0..2.0, 0.5..2.0], Div, |a, b| a / b,
        |_, b, y, v| { let da = v.mul_no_nan(b.recip()); (da, -da.mul_no_nan(y)) };
}

binary! {
    /// a·b, and exactly 0 where a is 0, whatever b is. Cotangents: v·b and v·a, likewise guarded.
    ///
    /// Reverse rules multiply with it: a cotangent of 0 says that the element does not matter, and
    /// then an infinite derivative must not turn it into NaN (the branch of a
    /// [`select`](Var::select) that is not taken).
    MulNoNan, mul_no_nan, [0.5..2.0, -2.0..2.0], MulNoNan,
        |a, b| if a == T::zero() { T::zero() } else { a * b },
        |a, b, _, v| (v.mul_no_nan(b), a.mul_no_nan(v));
    /// max(a, b), NaN if either is. Cotangents: v to the larger, half to each where they are equal.
    Maximum, maximum, [-2.0..-0.5, -0.4..2.0], Max,
        |a, b| if a > b || a.is_nan() { a } else { b }, |a, b, _, v| share(a.gt(b), a.lt(b), v);
    /// min(a, b), NaN if either is. Cotangents: v to the smaller, half to each where they are equal.
    Minimum, minimum, [-2.0..-0.5, -0.4..2.0], Min,
        |a, b| if a < b || a.is_nan() { a } else { b }, |a, b, _, v| share(a.lt(b), a.gt(b), v);
    /// xʸ, both variable. Cotangents: v·y·xʸ⁻¹ and v·xʸ·ln x.
    ///
    /// At y = 0 the first is 0 for every x, and at x = 0 with y ≥ 0 the second is 0, as the function
    /// is constant in that direction up to the corner (PyTorch's convention; the formulas would say
    /// NaN).
    Pow, pow, [0.3..3.0, -2.0..2.0], Pow, |x, y| x.powf(y), |x, y, p, v| pow_rule(x, y, p, v);
    /// The angle of the point (x, y) in radians, in (−π, π]. Cotangents: v·x/r² for y and −v·y/r² for
    /// x, with r² = x² + y²; both 0 at the origin, where the angle is arbitrary (PyTorch's
    /// convention).
    Atan2, atan2, [-2.0..2.0, 0.5..2.0], Atan2, |y, x| y.atan2(x), |y, x, _, v| {
        let inverse = (x.square() + y.square()).recip();
        ((v * x).mul_no_nan(inverse), -(v * y).mul_no_nan(inverse))
    };
    /// ln(eᵃ + eᵇ), which neither overflows nor cancels. Cotangents: v·σ(a − b) and v·σ(b − a).
    LogAddExp, logaddexp, [-2.0..2.0, -2.0..2.0], _,
        |a, b| log_add_exp(a, b),
        |a, b, _, v| (v * apart(a, b).sigmoid(), v * apart(b, a).sigmoid()),
        expands |a, b| a.maximum(b) + (-apart(a, b).abs()).exp().log1p();
}

comparisons! {
    /// a = b.
    Eq, eq, Eq, |a, b| a == b;
    /// a ≠ b.
    Ne, ne, Ne, |a, b| a != b;
    /// a < b.
    Lt, lt, Lt, |a, b| a < b;
    /// a ≤ b.
    Le, le, Le, |a, b| a <= b;
    /// a > b.
    Gt, gt, Gt, |a, b| a > b;
    /// a ≥ b.
    Ge, ge, Ge, |a, b| a >= b;
}

connectives! {
    /// Whether both are true.
    And, and, Min, |a, b| a && b;
    /// Whether one of them is true.
    Or, or, Max, |a, b| a || b;
}

unary! {
    /// 1/x. Cotangent: −v·y².
    Recip, recip, [0.5..2.0], Recip, |x| x.recip(), |_, y, v| -v.mul_no_nan(y).mul_no_nan(y);
    /// x². Cotangent: 2·v·x, exactly 0 where v is.
    Square, square, [-2.0..2.0], Square, |x| x * x, |x, _, v| 2.0 * v.mul_no_nan(x);
    /// √x; NaN for negative numbers. Cotangent: v/(2y).
    Sqrt, sqrt, [0.3..3.0], Sqrt, |x| x.sqrt(), |_, y, v| v.mul_no_nan(0.5 / y);
    /// 1/√x. Cotangent: −v·y³/2.
    Rsqrt, rsqrt, [0.3..3.0], Rsqrt, |x| x.sqrt().recip(),
        |_, y, v| v.mul_no_nan(-0.5 * y * y.square());
    /// |x|. Cotangent: v·sign(x) (0 at the kink, as PyTorch).
    Abs, abs, [0.2..2.0, -2.0..-0.2], Abs, |x| x.abs(), |x, _, v| v * x.sign();
    /// −1, 0 or 1, and NaN for NaN. The derivative is 0 almost everywhere, and taken as 0 at the jump.
    Sign, sign, [0.2..2.0], Sign, |x| sign(x), |x, _, _| x.graph().full(x.shape(), 0.0);
    /// eˣ. Cotangent: v·y.
    Exp, exp, [-2.0..2.0], Exp, |x| x.exp(), |_, y, v| v.mul_no_nan(y);
    /// eˣ − 1, accurate near 0. Cotangent: v·eˣ (y + 1 would cancel where y is near −1).
    Expm1, expm1, [-2.0..2.0], Expm1, |x| x.exp_m1(), |x, _, v| v.mul_no_nan(x.exp());
    /// ln x; −∞ at 0 and NaN for negative numbers. Cotangent: v/x.
    Ln, ln, [0.3..3.0], Ln, |x| x.ln(), |x, _, v| v.mul_no_nan(x.recip());
    /// ln(1 + x), accurate near 0. Cotangent: v/(1 + x).
    Log1p, log1p, [-0.5..3.0], Log1p, |x| x.ln_1p(), |x, _, v| v.mul_no_nan((1.0 + x).recip());
    /// sin x, x in radians. Cotangent: v·cos x.
    Sin, sin, [-3.0..3.0], Sin, |x| x.sin(), |x, _, v| v * x.cos();
    /// cos x, x in radians. Cotangent: −v·sin x.
    Cos, cos, [-3.0..3.0], Cos, |x| x.cos(), |x, _, v| -(v * x.sin());
    /// tanh x. Cotangent: v·sech² x (of which 1 − y² would keep no digit where y rounds to ±1).
    Tanh, tanh, [-2.0..2.0], Tanh, |x| x.tanh(), |x, _, v| v * x.sech_squared();
    /// sech² x = 4e/(1 + e)² with e = e^(−2|x|): the derivative of tanh, with all its digits also far
    /// out. Cotangent: −2·v·y·tanh x.
    SechSquared, sech_squared, [-2.0..2.0], SechSquared,
        |x| {
            let e = (T::constant(-2.0) * x.abs()).exp();
            T::constant(4.0) * e / ((T::one() + e) * (T::one() + e))
        },
        |x, y, v| -2.0 * (v * (y * x.tanh()));
    /// The logistic sigmoid σ(x) = 1/(1 + e⁻ˣ). Cotangent: v·sech²(x/2)/4 (which is y·(1 − y), with
    /// all its digits also where y rounds to 1).
    Sigmoid, sigmoid, [-3.0..3.0], Sigmoid, |x| sigmoid(x),
        |x, _, v| v * (0.25 * (0.5 * x).sech_squared());
    /// The error function erf x = 2/√π ∫₀ˣ e^(−t²) dt. Cotangent: v·2/√π·e^(−x²).
    Erf, erf, [-2.0..2.0], Erf, |x| x.erf(), |x, _, v| v * (FRAC_2_SQRT_PI * (-x.square()).exp());
    /// ln(1 + eˣ), as max(x, 0) + ln(1 + e^(−|x|)), which neither overflows nor cancels: exact to
    /// rounding for every x, without a threshold. Cotangent: v·σ(x).
    Softplus, softplus, [-3.0..3.0], _, |x| log_add_exp(x, T::zero()), |x, _, v| v * x.sigmoid(),
        expands |x| x.maximum(0.0) + (-x.abs()).exp().log1p();
    /// max(x, 0). Cotangent: v where x > 0, else 0 (0 at the kink, as PyTorch and JAX).
    Relu, relu, [0.2..2.0, -2.0..-0.2], Relu, |x| if x < T::zero() { T::zero() } else { x },
        |_, y, v| y.gt(0.0).select(v, 0.0);
}

/// −x. Cotangent: −v.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// let g = Graph::new();
/// let x = g.constant(array![1.0, -2.0]);
/// assert_eq!((-x).eval()?, array![-1.0, 2.0].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Neg;

impl Unary for Neg {
    const NAME: &'static str = "neg";
    #[inline]
    fn eval<T: Number>(&self, x: T) -> T {
        -x
    }
    fn vjp<'g>(&self, _: Var<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        -v
    }
    fn word(&self) -> Option<MapWord> {
        Some(MapWord::Neg)
    }
}

impl<'g> std::ops::Neg for Var<'g> {
    type Output = Var<'g>;
    #[track_caller]
    fn neg(self) -> Var<'g> {
        self.map(Neg)
    }
}

/// v where the first wins, 0 where the second does, and half to each on a tie; and the reverse.
fn share<'g>(first: Var<'g>, second: Var<'g>, v: Var<'g>) -> (Var<'g>, Var<'g>) {
    let half = 0.5 * v;
    (first.select(v, second.select(0.0, half)), second.select(v, first.select(0.0, half)))
}

fn pow_rule<'g>(x: Var<'g>, y: Var<'g>, p: Var<'g>, v: Var<'g>) -> (Var<'g>, Var<'g>) {
    let dx = y.eq(0.0).select(0.0 * v, v.mul_no_nan(y * x.pow(y - 1.0)));
    let flat = x.eq(0.0).and(y.ge(0.0));
    let dy = v.mul_no_nan(p.mul_no_nan(flat.select(1.0, x).ln()));
    (dx, dy)
}

/// a − b, and 0 where they are equal infinities.
fn apart<'g>(a: Var<'g>, b: Var<'g>) -> Var<'g> {
    let apart = a - b;
    a.eq(b).and(apart.ne(0.0)).select(0.0, apart)
}

pub(super) fn log_add_exp<T: Number>(a: T, b: T) -> T {
    let larger = Maximum.eval(a, b);
    let apart = if a == b { T::zero() } else { a - b };
    larger + (-apart.abs()).exp().ln_1p()
}

fn sign<T: Number>(x: T) -> T {
    if x > T::zero() {
        T::one()
    } else if x < T::zero() {
        -T::one()
    } else if x == T::zero() {
        T::zero()
    } else {
        x
    }
}

/// Of the two equal forms, the one whose exponential cannot overflow.
fn sigmoid<T: Number>(x: T) -> T {
    let e = (-x.abs()).exp();
    let of_magnitude = (T::one() + e).recip();
    if x < T::zero() { e * of_magnitude } else { of_magnitude }
}

pub(super) fn examples() -> Vec<Example> {
    let neg = vec![unary("neg", -2.0..2.0, |x| -x)];
    [
        operator_examples(),
        binary_examples(),
        comparison_examples(),
        connective_examples(),
        unary_examples(),
        neg,
    ]
    .concat()
}

#[cfg(test)]
mod tests;
