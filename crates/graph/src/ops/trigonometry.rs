//! Trigonometric and hyperbolic functions and their inverses, beside those that the compiler has words for
//! ([`calculus`](super::calculus)).
//!
//! Each is said by others in a form that neither cancels nor overflows, which is its meaning and what the compiler is given:
//! the errors are those of the functions in it and of the few roundings between. The largest of 8000 samples of either
//! precision, compiled, were 3.4 ULP for sinh, 2.7 for cosh, 2.5 for acosh, and below 2 for the rest.

use std::f64::consts::LN_2;

use super::map::Unary;
use super::registry::{Example, unary};
use super::table::{unary, word};
use crate::{MapWord, Number, Var};

unary! {
    /// tan x, x in radians. Cotangent: v·(1 + y²).
    Tan, tan, [-1.2..1.2], _, |x| x.sin() / x.cos(), |_, y, v| v.mul_no_nan(1.0 + y.square()),
        expands |x| x.sin() / x.cos();
    /// arcsin x in [−π/2, π/2], as the angle of the point (√(1 − x²), x); NaN outside of [−1, 1]. Cotangent: v/√(1 − x²).
    Asin, asin, [-0.8..0.8], _, |x| x.atan2(((T::one() - x) * (T::one() + x)).sqrt()),
        |x, _, v| v.mul_no_nan(circle(x).rsqrt()),
        expands |x| x.atan2(circle(x).sqrt());
    /// arccos x in [0, π], as the angle of the point (x, √(1 − x²)); NaN outside of [−1, 1]. Cotangent: −v/√(1 − x²).
    Acos, acos, [-0.8..0.8], _, |x| ((T::one() - x) * (T::one() + x)).sqrt().atan2(x),
        |x, _, v| -v.mul_no_nan(circle(x).rsqrt()),
        expands |x| circle(x).sqrt().atan2(x);
    /// arctan x in (−π/2, π/2); of a point, [`atan2`](Var::atan2). Cotangent: v/(1 + x²).
    Atan, atan, [-2.0..2.0], _, |x| x.atan2(T::one()), |x, _, v| v * (1.0 + x.square()).recip(),
        expands |x| x.atan2(1.0);
    /// sinh x = 2·sinh(x/2)·cosh(x/2), from e^(|x|/2) − 1, which overflows only where sinh does. Cotangent: v·cosh x.
    Sinh, sinh, [-2.0..2.0], _,
        |x| {
            let half = T::constant(0.5);
            let e = (half * x.abs()).exp_m1();
            let back = (T::one() + e).recip();
            odd(x, half * e * (T::one() + back) * (T::one() + e + back))
        },
        |x, _, v| v.mul_no_nan(x.cosh()),
        expands |x| {
            let e = (0.5 * x.abs()).expm1();
            let back = (1.0 + e).recip();
            signed(x, 0.5 * e * (1.0 + back) * (1.0 + e + back))
        };
    /// cosh x, from e^(|x|/2), which overflows only where cosh does. Cotangent: v·sinh x.
    Cosh, cosh, [-2.0..2.0], _,
        |x| {
            let half = T::constant(0.5);
            let h = (half * x.abs()).exp();
            half * h * h + half / h / h
        },
        |x, _, v| v.mul_no_nan(x.sinh()),
        expands |x| {
            let h = (0.5 * x.abs()).exp();
            0.5 * h * h + 0.5 / h / h
        };
    /// arsinh x = ± ln(1 + |x| + x²/(1 + √(1 + x²))), and ± (ln |x| + ln 2) far out. Cotangent: v/√(1 + x²).
    Asinh, asinh, [-2.0..2.0], _,
        |x| {
            let (a, one) = (x.abs(), T::one());
            if a > T::constant(FAR) {
                return odd(x, a.ln() + T::constant(LN_2));
            }
            odd(x, (a + a * a / (one + (one + a * a).sqrt())).ln_1p())
        },
        |x, _, v| v * (1.0 + x.square()).rsqrt(),
        expands |x| {
            let a = x.abs();
            let near = (a + a.square() / (1.0 + (1.0 + a.square()).sqrt())).log1p();
            signed(x, a.gt(FAR).select(a.ln() + LN_2, near))
        };
    /// arcosh x = ln(1 + t + √(t·(t + 2))) with t = x − 1, and ln x + ln 2 far out; NaN below 1. Cotangent:
    /// v/√((x − 1)·(x + 1)).
    Acosh, acosh, [1.3..3.0], _,
        |x| {
            if x > T::constant(FAR) {
                return x.ln() + T::constant(LN_2);
            }
            let t = x - T::one();
            (t + t.sqrt() * (t + T::constant(2.0)).sqrt()).ln_1p()
        },
        |x, _, v| v.mul_no_nan(((x - 1.0) * (x + 1.0)).rsqrt()),
        expands |x| {
            let t = x - 1.0;
            let near = (t + t.sqrt() * (t + 2.0).sqrt()).log1p();
            x.gt(FAR).select(x.ln() + LN_2, near)
        };
    /// artanh x = ± ½·ln(1 + 2|x|/(1 − |x|)); ±∞ at ±1 and NaN beyond. Cotangent: v/(1 − x²).
    Atanh, atanh, [-0.8..0.8], _,
        |x| {
            let a = x.abs();
            odd(x, T::constant(0.5) * ((a + a) / (T::one() - a)).ln_1p())
        },
        |x, _, v| v.mul_no_nan(circle(x).recip()),
        expands |x| {
            let a = x.abs();
            signed(x, 0.5 * ((a + a) / (1.0 - a)).log1p())
        };
}

/// From here on 1 is nothing beside x², in either precision.
const FAR: f64 = 1e8;

/// 1 − x², which keeps its digits where x is near ±1.
fn circle(x: Var<'_>) -> Var<'_> {
    (1.0 - x) * (1.0 + x)
}

/// ±y with the sign of x, and x where that is ±0 or NaN.
fn signed<'g>(x: Var<'g>, y: Var<'g>) -> Var<'g> {
    x.gt(0.0).select(y, x.lt(0.0).select(-y, x))
}

/// As [`signed`].
fn odd<T: Number>(x: T, y: T) -> T {
    if x > T::zero() {
        y
    } else if x < T::zero() {
        -y
    } else {
        x
    }
}

pub(super) fn examples() -> Vec<Example> {
    unary_examples()
}
