//! Rules that differ from the derivative, declared as meant: everything around them is checked.

use cotangent::Var;
use cotangent::check::{Check, check};
use ndarray::array;

use crate::recorded::wrong_square;

/// Two levels, told apart by the sign, and the cotangent passed on.
fn quantised(x: Var<'_>) -> Var<'_> {
    let levels = 0.5 * x.gt(0.0).to_real() - 0.25;
    levels.with_vjp(&[x], |_, _, v| vec![v]).named("quantised")
}

fn report(meant: &[&str], orders: usize, f: fn(Var<'_>) -> Var<'_>) -> cotangent::check::Report {
    let check = Check::new().order(orders).meant(meant.iter().copied());
    check.run(|_, x| f(x[0]), &[array![0.3, -0.7, 1.2].into()]).unwrap()
}

#[test]
fn a_missing_path_is_a_wrong_zero() {
    let report = check(|_, x| x[0].stop_gradient() * 2.0, &[array![1.0].into()]).unwrap();
    assert_eq!(report.wrong(), 1, "{report}");
    assert_eq!(report.suspects()[0].operation, "stop_gradient");
}

#[test]
fn a_stopped_gradient_that_is_meant_counts_as_constant() {
    let f: fn(Var<'_>) -> Var<'_> = |x| x.sin() * x.exp().stop_gradient();
    assert!(report(&[], 3, f).is_wrong());
    let report = report(&["stop_gradient"], 3, f);
    assert!(report.is_right() && report.rows().len() == 9, "{report}");
}

#[test]
fn a_straight_through_rule_that_is_meant_is_taken_at_its_word() {
    let f: fn(Var<'_>) -> Var<'_> = |x| (quantised(x.sin()) * x).tanh();
    assert!(report(&[], 1, f).is_wrong());
    let report = report(&["quantised"], 3, f);
    assert!(report.is_right() && report.rows().len() == 9, "{report}");
}

#[test]
fn a_mistake_beside_a_meant_rule_is_found() {
    let f: fn(Var<'_>) -> Var<'_> = |x| quantised(x) * wrong_square(x) * x.stop_gradient();
    let report = report(&["quantised", "stop_gradient"], 1, f);
    assert!(report.is_wrong(), "{report}");
    let [suspect] = report.suspects() else { panic!("{report}") };
    assert_eq!(suspect.operation, "custom_vjp");
}

#[test]
fn a_mistake_after_and_before_a_meant_rule_is_found() {
    let before: fn(Var<'_>) -> Var<'_> = |x| quantised(wrong_square(x)).sin();
    let after: fn(Var<'_>) -> Var<'_> = |x| wrong_square(quantised(x) + 1.0);
    for f in [before, after] {
        let report = report(&["quantised"], 1, f);
        assert!(report.wrong() > 0, "{report}");
    }
}

#[test]
fn meant_rules_meet_comparisons() {
    let f: fn(Var<'_>) -> Var<'_> = |x| x.gt(0.0).select(x.square().stop_gradient(), x) * x;
    assert!(report(&["stop_gradient"], 2, f).is_right());
    assert!(report(&["select", "stop_gradient"], 2, f).is_right());
}

#[test]
fn a_name_that_nothing_has_is_said() {
    let report = report(&["sqrt", "x0"], 1, |x| x.sin());
    let text = report.to_string();
    assert!(text.contains("is called \"sqrt\"") && text.contains("is called \"x0\""), "{text}");
}
