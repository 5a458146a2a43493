use super::*;
use crate::testing::{Precise, Rng, levels};
use crate::{Isa, Scalar};

/// What a function must be, by the standard library and libm; computed in f64, except where the format matters.
fn plain_unary<T: Scalar>(f: Unary, x: T) -> T {
    let wide = |g: fn(f64) -> f64| T::from_f64(g(x.to_f64()));
    match f {
        Unary::Neg => -x,
        Unary::Abs => x.abs(),
        Unary::Sign if x.is_nan() || x.is_zero() => x,
        Unary::Sign => x.signum(),
        Unary::Floor => x.floor(),
        Unary::Ceil => x.ceil(),
        Unary::Trunc => x.trunc(),
        Unary::Round => wide(f64::round_ties_even),
        Unary::Sqrt => x.sqrt(),
        Unary::Rsqrt => T::one() / x.sqrt(),
        Unary::Recip => T::one() / x,
        Unary::Square => x * x,
        Unary::Exp => wide(f64::exp),
        Unary::Exp2 => wide(f64::exp2),
        Unary::Expm1 => wide(f64::exp_m1),
        Unary::Ln => wide(f64::ln),
        Unary::Log2 => wide(f64::log2),
        Unary::Log10 => wide(f64::log10),
        Unary::Log1p => wide(f64::ln_1p),
        Unary::Sin => wide(f64::sin),
        Unary::Cos => wide(f64::cos),
        Unary::Tanh => wide(f64::tanh),
        Unary::Sigmoid => {
            wide(|x| if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) })
        }
        Unary::SechSquared => wide(|x| {
            let e = (-2.0 * x.abs()).exp();
            4.0 * e / (1.0 + e).powi(2)
        }),
        Unary::Erf => wide(libm::erf),
        Unary::Relu if x.is_nan() => x,
        Unary::Relu => x.max(T::zero()),
    }
}

fn plain_binary<T: Scalar>(f: Binary, a: T, b: T) -> T {
    let mask = |holds: bool| if holds { T::one() } else { T::zero() };
    match f {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Max | Binary::Min if a.is_nan() || b.is_nan() => T::nan(),
        Binary::Max => a.max(b),
        Binary::Min => a.min(b),
        Binary::Pow => a.powf(b),
        Binary::Fmod => a % b,
        Binary::Atan2 => a.atan2(b),
        Binary::Eq => mask(a == b),
        Binary::Ne => mask(a != b),
        Binary::Lt => mask(a < b),
        Binary::Le => mask(a <= b),
        Binary::Gt => mask(a > b),
        Binary::Ge => mask(a >= b),
        Binary::MulNoNan if a.is_zero() => T::zero(),
        Binary::MulNoNan => a * b,
    }
}

/// Equal, or both NaN, or within four units in the last place.
#[track_caller]
fn assert_close<T: Scalar>(value: T, expected: T, what: impl Fn() -> String) {
    let unit = T::epsilon() * expected.abs().max(T::min_positive_value());
    let close = value == expected || (value - expected).abs() <= unit * T::from_f64(4.0);
    assert!(
        close || (value.is_nan() && expected.is_nan()),
        "{}: {value:e}, not {expected:e}",
        what()
    );
}

/// The three ways to pass `x`, each with what the output holds before.
fn ways<T: Scalar>(x: &[T]) -> [(Arg<'_, T>, Vec<T>); 2] {
    [(Arg::Slice(x), vec![T::nan(); x.len()]), (Arg::Out, x.to_vec())]
}

fn check_unary<T: Scalar>(isa: Isa, f: Unary, x: &[T]) {
    for (arg, mut out) in ways(x) {
        unary(isa, f, arg, &mut out);
        for (&x, &y) in x.iter().zip(&out) {
            assert_close(y, plain_unary(f, x), || {
                format!("{isa:?} {f:?}({x:e}) of {} elements", out.len())
            });
        }
    }
    let (splat, mut out) = (x.first().copied().unwrap_or(T::one()), vec![T::zero(); x.len()]);
    unary(isa, f, Arg::Splat(splat), &mut out);
    out.iter().for_each(|&y| {
        assert_close(y, plain_unary(f, splat), || format!("{isa:?} {f:?}({splat:e}) splat"))
    });
}

/// Every way to pass two operands, with the operands as they are read.
fn check_binary<T: Scalar>(isa: Isa, f: Binary, a: &[T], b: &[T]) {
    let n = a.len();
    let (x, y) = (a[n / 2], b[n / 2]);
    let nothing = vec![T::nan(); n];
    let (all_x, all_y) = (vec![x; n], vec![y; n]);
    let check = |first: Arg<'_, T>, second: Arg<'_, T>, held: &[T], a: &[T], b: &[T]| {
        let mut out = held.to_vec();
        binary(isa, f, first, second, &mut out);
        for i in 0..n {
            let what = || format!("{isa:?} {f:?}({:e}, {:e})", a[i], b[i]);
            assert_close(out[i], plain_binary(f, a[i], b[i]), what);
        }
    };
    check(Arg::Slice(a), Arg::Slice(b), &nothing, a, b);
    check(Arg::Slice(a), Arg::Splat(y), &nothing, a, &all_y);
    check(Arg::Splat(x), Arg::Slice(b), &nothing, &all_x, b);
    check(Arg::Splat(x), Arg::Splat(y), &nothing, &all_x, &all_y);
    check(Arg::Out, Arg::Slice(b), a, a, b);
    check(Arg::Out, Arg::Splat(y), a, a, &all_y);
    check(Arg::Slice(a), Arg::Out, b, a, b);
    check(Arg::Splat(x), Arg::Out, b, &all_x, b);
    check(Arg::Out, Arg::Out, a, a, a);
}

fn check_select<T: Scalar>(isa: Isa, condition: &[T], a: &[T], b: &[T]) {
    let n = condition.len();
    let splat = T::from_f64(0.25);
    let all = vec![splat; n];
    let operands = |x| [(Arg::Slice(x), x), (Arg::Splat(splat), &all[..])];
    let condition_args = [(Arg::Slice(condition), condition), (Arg::Splat(splat), &all[..])];
    for (c_arg, c) in condition_args {
        for (a_arg, a) in operands(a) {
            for (b_arg, b) in operands(b) {
                // Each operand in turn also from the output.
                let held = [
                    (c_arg, a_arg, b_arg, b),
                    (Arg::Out, a_arg, b_arg, c),
                    (c_arg, Arg::Out, b_arg, a),
                    (c_arg, a_arg, Arg::Out, b),
                ];
                for (c_arg, a_arg, b_arg, held) in held {
                    let mut out = held.to_vec();
                    select(isa, c_arg, a_arg, b_arg, &mut out);
                    for i in 0..n {
                        let expected = if c[i].is_zero() { b[i] } else { a[i] };
                        assert_close(out[i], expected, || {
                            format!("{isa:?} select({}, {}, {})", c[i], a[i], b[i])
                        });
                    }
                }
            }
        }
    }
}

fn check_all<T: Scalar>(isa: Isa, lengths: impl Iterator<Item = usize>) {
    let mut rng = Rng::new(7);
    for n in lengths {
        let (a, b, mask) = (rng.wild::<T>(n), rng.wild::<T>(n), rng.uniform::<T>(n));
        Unary::ALL.iter().for_each(|&f| check_unary(isa, f, &a));
        if n > 0 {
            Binary::ALL.iter().for_each(|&f| check_binary(isa, f, &a, &b));
            let mask: Vec<T> =
                mask.iter().map(|&x| if x > T::zero() { x } else { T::zero() }).collect();
            check_select(isa, &mask, &a, &b);
        }
    }
}

#[test]
fn every_function_is_right_for_every_length_and_way_to_pass_operands() {
    for isa in levels() {
        check_all::<f32>(isa, (0..67).chain([127, 128, 129, 1000]));
        check_all::<f64>(isa, (0..67).chain([127, 128, 129, 1000]));
    }
}

#[test]
fn an_element_does_not_depend_on_its_neighbours() {
    let x: Vec<f32> = Rng::new(3).uniform(200);
    let (mut alone, mut among) = (vec![0.0; 200], vec![0.0; 201]);
    for isa in levels() {
        for &f in Unary::ALL {
            // A number beyond the reach of the vectorised sine sends the whole call another way.
            let with_far = [&x[..], &[1e9]].concat();
            unary(isa, f, Arg::Slice(&x), &mut alone);
            unary(isa, f, Arg::Slice(&with_far), &mut among);
            let equal = alone.iter().zip(&among).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(equal || alone.iter().any(|x| x.is_nan()), "{isa:?} {f:?}");
        }
    }
}

#[test]
fn zeros_keep_their_sign() {
    for isa in levels() {
        for f in [Unary::Sqrt, Unary::Expm1, Unary::Log1p, Unary::Sin, Unary::Tanh, Unary::Erf] {
            let mut out = [-0.0f32, 0.0];
            unary(isa, f, Arg::Out, &mut out);
            assert_eq!(out.map(f32::to_bits), [-0.0f32, 0.0].map(f32::to_bits), "{isa:?} {f:?}");
        }
    }
}

#[test]
#[should_panic(expected = "must have the length of the output")]
fn an_operand_of_another_length_is_refused() {
    binary(Isa::best(), Binary::Add, Arg::Slice(&[1.0f32; 3]), Arg::Splat(1.0), &mut [0.0; 4]);
}
