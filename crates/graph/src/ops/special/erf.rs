//! The complement and the inverse of the error function ([`erf`](crate::Var::erf)).

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use super::super::map::Unary;
use super::super::registry::{Example, unary};
use super::super::table::{unary, word};
use super::horner;
use crate::{MapWord, Number, Var};

unary! {
    /// erfc x = 1 − erf x, with all its digits also where that is tiny. Cotangent: −v·2/√π·e^(−x²). By plain evaluation.
    Erfc, erfc, [-2.0..2.0], _, |x| x.erfc(), |x, _, v| -v * (FRAC_2_SQRT_PI * (-x.square()).exp());
    /// The inverse of the error function; ±∞ at ±1 and NaN beyond. Cotangent: v·√π/2·e^(y²). By plain evaluation, from the
    /// normal quantile of M. J. Wichura, "Algorithm AS 241" (1988).
    Erfinv, erfinv, [-0.8..0.8], _, |x| erfinv(x),
        |_, y, v| v.mul_no_nan((1.0 / FRAC_2_SQRT_PI) * y.square().exp());
}

/// Φ⁻¹((1 + x)/2)/√2. Each quotient is of two polynomials, highest powers first.
fn erfinv<T: Number>(x: T) -> T {
    const CENTRE: [&[f64]; 2] = [
        &[
            2509.0809287301226727,
            33430.575583588128105,
            67265.770927008700853,
            45921.953931549871457,
            13731.693765509461125,
            1971.5909503065514427,
            133.14166789178437745,
            3.387132872796366608,
        ],
        &[
            5226.495278852545925,
            28729.085735721942674,
            39307.89580009271061,
            21213.794301586595867,
            5394.1960214247511077,
            687.1870074920579083,
            42.313330701600911252,
            1.0,
        ],
    ];
    const NEAR: [&[f64]; 2] = [
        &[
            7.7454501427834140764e-4,
            0.0227238449892691845833,
            0.24178072517745061177,
            1.27045825245236838258,
            3.64784832476320460504,
            5.7694972214606914055,
            4.6303378461565452959,
            1.42343711074968357734,
        ],
        &[
            1.05075007164441684324e-9,
            5.475938084995344946e-4,
            0.0151986665636164571966,
            0.14810397642748007459,
            0.68976733498510000455,
            1.6763848301838038494,
            2.05319162663775882187,
            1.0,
        ],
    ];
    const FAR: [&[f64]; 2] = [
        &[
            2.01033439929228813265e-7,
            2.71155556874348757815e-5,
            0.0012426609473880784386,
            0.026532189526576123093,
            0.29656057182850489123,
            1.7848265399172913358,
            5.4637849111641143699,
            6.6579046435011037772,
        ],
        &[
            2.04426310338993978564e-15,
            1.4215117583164458887e-7,
            1.8463183175100546818e-5,
            7.868691311456132591e-4,
            0.0148753612908506148525,
            0.13692988092273580531,
            0.59983220655588793769,
            1.0,
        ],
    ];
    let quotient = |at: T, [p, q]: [&[f64]; 2]| horner(at, p) / horner(at, q);
    let (half, scale) = (T::constant(0.5) * x, T::constant(FRAC_1_SQRT_2));
    if half.abs() <= T::constant(0.425) {
        return scale * half * quotient(T::constant(0.180625) - half * half, CENTRE);
    }
    let tail = T::constant(0.5) * (T::one() - x.abs());
    if tail == T::zero() {
        return x * T::constant(f64::INFINITY);
    }
    let r = (-tail.ln()).sqrt();
    let five = T::constant(5.0);
    let y = if r <= five { quotient(r - T::constant(1.6), NEAR) } else { quotient(r - five, FAR) };
    if x < T::zero() { -scale * y } else { scale * y }
}

pub(super) fn examples() -> Vec<Example> {
    unary_examples()
}
