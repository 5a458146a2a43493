//! What the rows promise at kinks, far out and at special values.

use crate::{Graph, Var};
use ndarray::array;

#[test]
fn numbers_of_single_precision_stand_on_the_right() {
    let g = Graph::new();
    let (x, scale) = (g.constant(array![1.0, 4.0]), 0.5_f32);
    let y = (x * scale + 1.0_f32 - scale) / 0.25_f32;
    assert_eq!(y.eval().unwrap(), array![4.0, 10.0].into_dyn());
}

#[test]
fn the_type_of_a_result_is_known_before_that_of_a_literal() {
    let g = Graph::new();
    let x = g.constant(array![1.0, 4.0]);
    assert_eq!((x * 2.0).sum().eval().unwrap()[[]], 10.0);
    assert_eq!((1.0 - x / 2.0).maximum(-0.5).sum().eval().unwrap()[[]], 0.0);
}

#[test]
fn numbers_stand_on_both_sides() {
    let g = Graph::new();
    let x = g.constant(array![1.0, 4.0]);
    let y = 1.0 - (2.0 * x + 3.0) / 2.0 - 8.0 / x;
    assert_eq!(y.eval().unwrap(), array![-9.5, -6.5].into_dyn());
}

#[test]
fn a_zero_cotangent_annihilates_an_infinite_derivative() {
    let g = Graph::new();
    let (zero, inf) = (g.constant(0.0), g.constant(f64::INFINITY));
    assert_eq!(zero.mul_no_nan(inf).eval().unwrap()[[]], 0.0);
    assert!(inf.mul_no_nan(zero).eval().unwrap()[[]].is_nan());
}

#[test]
fn the_derivative_of_a_quotient_of_tiny_numbers_is_finite() {
    let g = Graph::new();
    let (a, b) = (g.constant(1e-200), g.constant(2e-200));
    let db = (a / b).grad(b).eval().unwrap()[[]];
    approx::assert_relative_eq!(db, -0.25 / 1e-200, max_relative = 1e-14);
}

#[test]
fn ties_share_the_cotangent() {
    let g = Graph::new();
    let (a, b) = (g.constant(array![1.0, 2.0, 3.0]), g.constant(array![2.0, 2.0, 2.0]));
    let grad = |y: Var<'_>| (y.sum().grad(a).eval().unwrap(), y.sum().grad(b).eval().unwrap());
    let (up, even, down) = (1.0, 0.5, 0.0);
    assert_eq!(
        grad(a.maximum(b)),
        (array![down, even, up].into_dyn(), array![up, even, down].into_dyn())
    );
    assert_eq!(
        grad(a.minimum(b)),
        (array![up, even, down].into_dyn(), array![down, even, up].into_dyn())
    );
}

#[test]
fn nan_wins() {
    let g = Graph::new();
    let (a, b) = (g.constant(array![f64::NAN, 1.0]), g.constant(array![1.0, f64::NAN]));
    assert!(a.maximum(b).eval().unwrap().iter().all(|x| x.is_nan()));
    assert!(a.minimum(b).eval().unwrap().iter().all(|x| x.is_nan()));
}

#[test]
fn indices_compare_with_indices() {
    let g = Graph::new();
    let (a, b) = (g.constant(array![0_i64, 1, 2]), g.constant(array![2_i64, 1, 0]));
    assert_eq!(a.le(b).eval().unwrap(), array![1.0, 1.0, 0.0].into_dyn());
}

#[test]
#[should_panic(expected = "the second argument must be index, not real")]
fn indices_do_not_compare_with_reals() {
    let g = Graph::new();
    g.constant(array![0_i64]).eq(1.0);
}

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

#[test]
fn logaddexp_neither_overflows_nor_cancels() {
    let g = Graph::new();
    let infinity = f64::INFINITY;
    let a = g.constant(array![800.0, -800.0, 0.0, infinity, -infinity, -infinity]);
    let b = g.constant(array![0.0, -800.0, -40.0, infinity, -infinity, 1.0]);
    let tiny = (-40f64).exp();
    let expected = array![800.0, -800.0 + 2f64.ln(), tiny, infinity, -infinity, 1.0].into_dyn();
    assert_eq!(a.logaddexp(b).eval().unwrap(), expected);
    let slope = a.logaddexp(b).sum().grad(a).eval().unwrap();
    assert_eq!(slope, array![1.0, 0.5, 1.0 / (1.0 + tiny), 0.5, 0.5, 0.0].into_dyn());
}
