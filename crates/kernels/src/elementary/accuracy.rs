//! How far each function is from the truth, in units in the last place, over the whole of f32 and densely in f64.

use super::double_double::Dd;
use crate::testing::{Precise, Rng};
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

fn sech_squared(x: f64) -> f64 {
    let e = (-2.0 * x.abs()).exp();
    4.0 * e / ((1.0 + e) * (1.0 + e))
}

fn sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    (if x >= 0.0 { 1.0 } else { e }) / (1.0 + e)
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
    case(Unary::Exp, Dd::exp, f64::exp, (1.02, 1.01), (-708.0, 709.7)),
    case(Unary::Exp2, Dd::exp2, f64::exp2, (1.15, 1.1), (-1022.0, 1023.9)),
    case(Unary::Expm1, Dd::expm1, f64::exp_m1, (1.57, 1.88), (-38.0, 709.7)),
    case(Unary::Ln, Dd::ln, f64::ln, (0.85, 0.78), (1e-300, 1e300)),
    case(Unary::Log2, Dd::log2, f64::log2, (1.81, 1.61), (1e-300, 1e300)),
    case(Unary::Log10, Dd::log10, f64::log10, (1.98, 1.72), (1e-300, 1e300)),
    case(Unary::Log1p, Dd::log1p, f64::ln_1p, (0.85, 0.77), (-0.999, 1e300)),
    case(Unary::Sin, Dd::sin, f64::sin, (0.57, 0.77), (-25e3, 25e3)),
    case(Unary::Cos, Dd::cos, f64::cos, (0.57, 0.75), (-25e3, 25e3)),
    case(Unary::Tanh, Dd::tanh, f64::tanh, (1.34, 1.32), (-20.0, 20.0)),
    case(Unary::Sigmoid, Dd::sigmoid, sigmoid, (1.99, 1.81), (-708.0, 40.0)),
    case(Unary::SechSquared, Dd::sech_squared, sech_squared, (4.22, 3.86), (-354.0, 354.0)),
    case(Unary::Erf, Dd::erf, libm::erf, (1.19, 2.79), (-6.0, 6.0)),
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
    let unit = T::epsilon().to_f64();
    let smallest = T::min_positive_value().to_f64();
    let exponent_bits = precise.high.abs().max(smallest).to_bits() & f64::INFINITY.to_bits();
    let ulp = f64::from_bits(exponent_bits) * unit;
    ((value.to_f64() - precise.high) - precise.low).abs() / ulp
}

/// The largest error found on each level, and where.
type Worst<T> = Vec<(Isa, f64, T)>;

fn none<T: Scalar>() -> Worst<T> {
    Isa::available().map(|isa| (isa, 0.0, T::zero())).collect()
}

/// Applies the case to `x` on every level and notes errors larger than those before.
fn measure<T: Scalar>(case: &Case, x: &[T], truth: &[Dd], worst: &mut Worst<T>) {
    let mut y = vec![T::zero(); x.len()];
    for (isa, largest, at) in worst {
        unary(*isa, case.f, Arg::Slice(x), &mut y);
        for ((&x, &y), &truth) in x.iter().zip(&y).zip(truth) {
            // A unit in the last place is at least half of ε times the number: most errors are soon seen to be small.
            let small = 0.49 * *largest * T::epsilon().to_f64() * truth.high.abs();
            if (y.to_f64() - truth.high).abs() < small {
                continue;
            }
            let error = ulps(y, truth);
            if error > *largest {
                (*largest, *at) = (error, x);
            }
        }
    }
}

/// Over every `stride`-th f32 bit pattern, and on past the end of the last 4096. Double precision is truth enough for single.
fn sweep_f32(case: &Case, stride: usize, truth: impl Fn(&[f64]) -> Vec<f64>) -> Worst<f32> {
    let mut worst = none();
    for start in (0..1u64 << 32).step_by(4096 * stride) {
        let pattern = |i: usize| start + (i * stride) as u64;
        let x: Vec<f32> = (0..4096).map(|i| f32::from_bits(pattern(i) as u32)).collect();
        let truth = truth(&x.iter().copied().map(f64::from).collect::<Vec<f64>>());
        let truth: Vec<Dd> = truth.into_iter().map(Dd::from).collect();
        measure(case, &x, &truth, &mut worst);
    }
    worst
}

/// Over random f64: evenly spread over the range of the case, near 0, and of all small magnitudes.
fn sample_f64(case: &Case, count: usize) -> Worst<f64> {
    let (low, high) = case.range;
    let mut rng = Rng::new(1);
    let draw = || match rng.bits() % 3 {
        0 => low + (high - low) * rng.unit(),
        1 => 10.0 * rng.unit() - 5.0,
        _ => (2.0 * (rng.unit() - 0.5)).signum() * (4.0 - 200.0 * rng.unit()).exp(),
    };
    let in_range = |x: &f64| (low..=high).contains(x);
    let x: Vec<f64> = std::iter::repeat_with(draw).filter(in_range).take(count).collect();
    let mut worst = none();
    let truth: Vec<Dd> = x.iter().map(|&x| (case.precise)(x.into())).collect();
    measure(case, &x, &truth, &mut worst);
    worst
}

#[test]
fn f32_errors_are_within_their_bounds() {
    for case in CASES {
        let truth = |x: &[f64]| x.iter().map(|&x| (case.double)(x)).collect();
        for (isa, error, x) in sweep_f32(case, 30_011, truth) {
            assert!(error <= case.max_f32, "{:?} {isa:?}: {error:.3} ULP at {x:e}", case.f);
        }
    }
}

#[test]
fn f64_errors_are_within_their_bounds() {
    for case in CASES {
        for (isa, error, x) in sample_f64(case, 2_000) {
            assert!(error <= case.max_f64, "{:?} {isa:?}: {error:.3} ULP at {x:e}", case.f);
        }
    }
}

/// Where sine or cosine is nearly 0, all its digits come from the parts of π in which the argument was reduced.
#[test]
fn sine_and_cosine_keep_their_digits_next_to_quarter_turns() {
    fn check<T: Scalar>(case: &Case, max: f64, neighbours: fn(f64) -> [T; 3]) {
        let quarters = (0..15_915).map(|k| f64::from(k) * std::f64::consts::FRAC_PI_2);
        let x: Vec<T> = quarters.flat_map(neighbours).collect();
        let truth: Vec<Dd> = x.iter().map(|&x| (case.precise)(x.to_f64().into())).collect();
        let mut worst = none();
        measure(case, &x, &truth, &mut worst);
        for (isa, error, x) in worst {
            assert!(error <= max, "{:?} {isa:?}: {error:.3} ULP at {x:e}", case.f);
        }
    }
    for case in CASES.iter().filter(|case| matches!(case.f, Unary::Sin | Unary::Cos)) {
        check(case, case.max_f64, |x| [x.next_down(), x, x.next_up()]);
        check(case, case.max_f32, |x| {
            let x = x as f32;
            [x.next_down(), x, x.next_up()]
        });
    }
}

#[test]
#[ignore = "every f32 and a million f64: ten minutes; prints the table of the crate's documentation"]
fn full_sweep() {
    let mut beyond = Vec::new();
    for case in CASES {
        let double = sample_f64(case, 1_000_000);
        // Against the kernel for f64, just measured itself: the standard library would take hours.
        let single = sweep_f32(case, 1, |x| {
            let mut y = vec![0.0; x.len()];
            unary(Isa::best(), case.f, Arg::Slice(x), &mut y);
            y
        });
        for ((isa, single, x), (_, double, y)) in single.into_iter().zip(double) {
            let told = format!(
                "{:?} {isa:?}: f32 {single:.3} ULP at {x:e}, f64 {double:.3} ULP at {y:e}",
                case.f
            );
            println!("{told}");
            if single > case.max_f32 || double > case.max_f64 {
                beyond.push(told);
            }
        }
    }
    assert!(beyond.is_empty(), "{beyond:#?}");
}
