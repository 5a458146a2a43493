//! How far each function is from the truth, in units in the last place, over the whole of f32 and densely in f64.

use super::double_double::Dd;
use crate::{Arg, Isa, Scalar, Unary, unary};

/// A function, its value in more than double precision, its value in double, and the largest errors allowed.
struct Case {
    f: Unary,
    precise: fn(Dd) -> Dd,
    double: fn(f64) -> f64,
    max_f32: f64,
    max_f64: f64,
    /// Where f64 samples lie: the interesting part of the domain.
    range: (f64, f64),
}

fn sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    (if x >= 0.0 { 1.0 } else { e }) / (1.0 + e)
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p() + if x.is_nan() { x } else { 0.0 }
}

const fn case(
    f: Unary,
    precise: fn(Dd) -> Dd,
    double: fn(f64) -> f64,
    (max_f32, max_f64): (f64, f64),
    range: (f64, f64),
) -> Case {
    Case { f, precise, double, max_f32, max_f64, range }
}

const CASES: &[Case] = &[
    case(Unary::Exp, Dd::exp, f64::exp, (2.0, 2.0), (-708.0, 709.7)),
    case(Unary::Expm1, Dd::expm1, f64::exp_m1, (2.0, 2.0), (-38.0, 709.7)),
    case(Unary::Ln, Dd::ln, f64::ln, (2.0, 2.0), (1e-300, 1e300)),
    case(Unary::Log1p, Dd::log1p, f64::ln_1p, (2.0, 2.0), (-0.999, 1e300)),
    case(Unary::Sin, Dd::sin, f64::sin, (2.0, 2.0), (-25e3, 25e3)),
    case(Unary::Cos, Dd::cos, f64::cos, (2.0, 2.0), (-25e3, 25e3)),
    case(Unary::Tanh, Dd::tanh, f64::tanh, (2.0, 2.0), (-20.0, 20.0)),
    case(Unary::Sigmoid, Dd::sigmoid, sigmoid, (2.0, 2.0), (-708.0, 40.0)),
    case(Unary::Softplus, Dd::softplus, softplus, (2.0, 3.0), (-708.0, 40.0)),
    case(Unary::Erf, Dd::erf, libm::erf, (2.0, 3.0), (-6.0, 6.0)),
];

/// The distance from `value` to the true value `precise` in units in the last place of the true value.
///
/// Special values must be met exactly: a mismatch in NaN, infinity or the sign of a zero is an infinite error.
fn ulps<T: Scalar>(value: T, precise: Dd) -> f64 {
    let nearest = T::from_f64(precise.high);
    if nearest.is_nan() || nearest.is_infinite() {
        return if value == nearest || (value.is_nan() && nearest.is_nan()) {
            0.0
        } else {
            f64::INFINITY
        };
    }
    if value.is_infinite()
        || value.is_nan()
        || (nearest.is_zero() && value.is_sign_negative() != nearest.is_sign_negative())
    {
        return f64::INFINITY;
    }
    let unit = T::MACHINE_EPSILON.to_f64();
    let smallest = T::min_positive_value().to_f64();
    let exponent_bits = precise.high.abs().max(smallest).to_bits() & f64::INFINITY.to_bits();
    let ulp = f64::from_bits(exponent_bits) * unit;
    ((value.to_f64() - precise.high) - precise.low).abs() / ulp
}

/// The largest error over the f32 bit patterns `start`, `start + stride`, …
fn sweep_f32(isa: Isa, case: &Case, start: u32, stride: usize) -> (f64, f32) {
    let mut worst = (0.0, 0.0);
    let mut bits = (start..=u32::MAX).step_by(stride).peekable();
    let (mut x, mut y) = (Vec::with_capacity(4096), vec![0.0; 4096]);
    while bits.peek().is_some() {
        x.clear();
        x.extend(bits.by_ref().take(4096).map(f32::from_bits));
        unary(isa, case.f, Arg::Slice(&x), &mut y[..x.len()]);
        for (&x, &y) in x.iter().zip(&y) {
            let error = ulps(y, (case.double)(f64::from(x)).into());
            if error > worst.0 {
                worst = (error, x);
            }
        }
    }
    worst
}

/// The largest error over random f64 of all magnitudes and evenly spread ones, within the range of the case.
fn sample_f64(isa: Isa, case: &Case, count: usize) -> (f64, f64) {
    let mut state = 1u64;
    let (low, high) = case.range;
    let x: Vec<f64> = std::iter::repeat_with(|| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let unit = (state >> 11) as f64 / (1u64 << 53) as f64;
        match (state >> 8) % 3 {
            0 => low + (high - low) * unit,
            1 => 10.0 * unit - 5.0,
            _ => (if state & 256 == 0 { 1.0 } else { -1.0 }) * (200.0 * (unit - 0.98)).exp(),
        }
    })
    .filter(|x| (low..=high).contains(x))
    .take(count)
    .collect();
    let mut y = vec![0.0; x.len()];
    unary(isa, case.f, Arg::Slice(&x), &mut y);
    let errors = x.iter().zip(&y).map(|(&x, &y)| (ulps(y, (case.precise)(x.into())), x));
    errors.fold((0.0, 0.0), |worst, error| if error.0 > worst.0 { error } else { worst })
}

#[test]
fn f32_errors_are_within_their_bounds() {
    for isa in Isa::available() {
        for case in CASES {
            let (error, x) = sweep_f32(isa, case, 0, 40_009);
            assert!(error <= case.max_f32, "{:?} {isa:?}: {error:.3} ULP at {x:e}", case.f);
        }
    }
}

#[test]
fn f64_errors_are_within_their_bounds() {
    for isa in Isa::available() {
        for case in CASES {
            let (error, x) = sample_f64(isa, case, 2_000);
            assert!(error <= case.max_f64, "{:?} {isa:?}: {error:.3} ULP at {x:e}", case.f);
        }
    }
}

#[test]
#[ignore = "every f32 and a million f64 for every function and level: minutes; prints the table of the crate's documentation"]
fn full_sweep() {
    for case in CASES {
        for isa in Isa::available() {
            let (single, at) = sweep_f32(isa, case, 0, 997);
            let (double, at_double) = sample_f64(isa, case, 30_000);
            println!(
                "{:?} {isa:?}: f32 {single:.3} ULP at {at:e}, f64 {double:.3} ULP at {at_double:e}",
                case.f
            );
        }
    }
}
