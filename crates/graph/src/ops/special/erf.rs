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
            2509.0809287301227,
            33430.57558358813,
            67265.7709270087,
            45921.95393154987,
            13731.69376550946,
            1971.5909503065513,
            133.14166789178438,
            3.3871328727963665,
        ],
        &[
            5226.495278852546,
            28729.085735721943,
            39307.89580009271,
            21213.794301586597,
            5394.196021424751,
            687.1870074920579,
            42.31333070160091,
            1.0,
        ],
    ];
    const NEAR: [&[f64]; 2] = [
        &[
            0.0007745450142783414,
            0.022723844989269184,
            0.2417807251774506,
            1.2704582524523684,
            3.6478483247632045,
            5.769497221460691,
            4.630337846156546,
            1.4234371107496835,
        ],
        &[
            1.0507500716444169e-09,
            0.0005475938084995345,
            0.015198666563616457,
            0.14810397642748008,
            0.6897673349851,
            1.6763848301838038,
            2.053191626637759,
            1.0,
        ],
    ];
    const FAR: [&[f64]; 2] = [
        &[
            2.0103343992922881e-07,
            2.7115555687434876e-05,
            0.0012426609473880784,
            0.026532189526576124,
            0.29656057182850487,
            1.7848265399172913,
            5.463784911164114,
            6.657904643501103,
        ],
        &[
            2.0442631033899397e-15,
            1.421511758316446e-07,
            1.8463183175100548e-05,
            0.0007868691311456133,
            0.014875361290850615,
            0.1369298809227358,
            0.599832206555888,
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
