//! What cannot be judged: it is no proof, unless its kinks are allowed by name.

use cotangent::check::{Check, Doubt, Report, Verdict, assert_gradients, check};
use cotangent::{Value, Var};
use ndarray::{Array1, Array2, array};

fn at(x: Array1<f64>, f: fn(Var<'_>) -> Var<'_>) -> Report {
    check(|_, x| f(x[0]), &[x.into()]).unwrap()
}

fn allowing(kinks: &[&str], x: Array1<f64>, f: fn(Var<'_>) -> Var<'_>) -> Report {
    let kinks = kinks.iter().copied();
    Check::new().kinks(kinks).run(|_, x| f(x[0]), &[x.into()]).unwrap()
}

#[test]
fn nothing_is_proven_where_everything_is_inconclusive() {
    let cases: [(&str, f64, fn(Var<'_>) -> Var<'_>); 4] = [
        ("kink", 0.0, |x| x.abs()),
        ("jump", 0.0, |x| x.sign()),
        ("not finite", -0.3, |x| x.ln()),
        ("not finite", 800.0, |x| x.exp()),
    ];
    for (reason, x, f) in cases {
        let report = at(array![x], f);
        assert!(!report.is_right() && !report.is_wrong(), "{reason}\n{report}");
        assert_eq!((report.right(), report.inconclusive()), (0, 1), "{reason}\n{report}");
        assert!(report.to_string().contains(reason), "{report}");
    }
}

#[test]
fn one_undecided_derivative_among_right_ones_is_enough() {
    let report = at(array![0.5, 0.0, 2.0], |x| x.abs());
    assert_eq!((report.right(), report.inconclusive()), (2, 1), "{report}");
    assert!(!report.is_right());
}

#[test]
fn nothing_checked_is_nothing_proven() {
    let report = check(|_, x| x[0].exp(), &[Array2::<f64>::zeros((0, 3)).into()]).unwrap();
    assert!(report.rows().is_empty() && !report.is_right() && !report.is_wrong(), "{report}");
}

#[test]
#[should_panic(
    expected = "undecided gradients: 1 of 1 could not be judged; check at another point, or allow"
)]
fn one_line_refuses_a_kink() {
    assert_gradients!(|_, x| x[0].abs(), array![0.0]);
}

#[test]
#[should_panic(
    expected = "undecided gradients: 1 of 1 could not be judged; check at another point\n"
)]
fn one_line_refuses_what_is_not_finite() {
    assert_gradients!(|_, x| x[0].ln(), array![-0.3]);
}

#[test]
#[should_panic(expected = "unproven gradients: no derivative was found right")]
fn one_line_refuses_to_check_nothing() {
    assert_gradients!(|_, x| x[0].exp(), Array1::<f64>::zeros(0));
}

#[test]
fn kinks_are_inconclusive_at_the_point_and_judged_nearby() {
    let report = at(array![0.0, 1e-5, -1e-5, 2.0], |x| x.relu());
    let verdicts: Vec<Verdict> = report.rows().iter().map(|row| row.verdict).collect();
    assert!(matches!(verdicts[0], Verdict::Inconclusive(Doubt::Kink { .. })), "{report}");
    assert_eq!(verdicts[1..], [Verdict::Right; 3], "{report}");
}

#[test]
fn a_kink_is_located_and_can_be_allowed_by_the_name_of_its_operation() {
    let (line, f): (u32, fn(Var<'_>) -> Var<'_>) = (line!(), |x| (2.0 * x).sin().abs());
    let report = at(array![0.0, 0.3], f);
    let [kink] = report.kinks() else { panic!("{report}") };
    assert_eq!((kink.operation.as_str(), kink.location.line()), ("abs", line));
    assert!(report.to_string().contains("abs at crates/check/tests/spec/undecided.rs"), "{report}");
    assert!(!allowing(&["relu"], array![0.0, 0.3], f).is_right());
    let allowed = allowing(&["abs"], array![0.0, 0.3], f);
    assert!(allowed.is_right() && allowed.allowed() == 1, "{allowed}");
    assert!(allowed.to_string().ends_with("1 at kinks that are allowed"), "{allowed}");
}

#[test]
fn a_kink_can_be_allowed_by_the_name_of_its_variable() {
    let f: fn(Var<'_>) -> Var<'_> = |x| x.abs().named("distance") + (x - 1.0).abs();
    assert!(allowing(&["distance"], array![0.0, 3.0], f).is_right());
    assert!(!allowing(&["distance"], array![1.0, 3.0], f).is_right(), "the other one");
}

#[test]
fn a_comparison_that_changes_is_a_jump_of_its_name() {
    let f: fn(Var<'_>) -> Var<'_> = |x| x.gt(0.5).select(2.0 * x, x);
    let report = at(array![0.5, 1.0], f);
    let [kink] = report.kinks() else { panic!("{report}") };
    assert_eq!(kink.operation, "gt");
    assert!(matches!(kink.doubt, Doubt::Jump { .. }), "{report}");
    assert!(allowing(&["gt"], array![0.5, 1.0], f).is_right());
}

#[test]
fn an_allowed_kink_excuses_no_value_beyond_its_sides() {
    fn steep(x: Var<'_>) -> Var<'_> {
        x.relu().with_vjp(&[x], |x, _, v| vec![3.0 * v * x[0].ge(0.0).to_real()]).named("relu")
    }
    let report = allowing(&["relu"], array![0.0], steep);
    assert!(report.is_wrong(), "{report}");
}

#[test]
fn allowed_kinks_excuse_nothing_else() {
    let f: fn(Var<'_>) -> Var<'_> = |x| x.relu() + x.abs();
    let report = allowing(&["relu"], array![0.0, 2.0], f);
    assert!(!report.is_right() && report.inconclusive() == 1, "{report}");
}

#[test]
fn kinks_of_large_inputs_are_found_along_directions() {
    // At 0 in one element, and close to it in many others.
    let x = Array1::from_shape_fn(600, |i| (i as f64).sin());
    let inputs = [Value::from(&x)];
    let check = Check::new().directions(3);
    let functions: [fn(Var<'_>) -> Var<'_>; 2] = [|x| x.relu(), |x| x.relu() + x.sin()];
    for f in functions {
        let report = check.run(|_, x| f(x[0]).sum(), &inputs).unwrap();
        assert_eq!((report.kinks().len(), report.inconclusive()), (1, 3), "{report}");
        let allowing = check.clone().kinks(["relu"]);
        let report = allowing.run(|_, x| f(x[0]).sum(), &inputs).unwrap();
        assert_eq!((report.is_wrong(), report.allowed()), (false, 3), "{report}");
    }
}

#[test]
fn second_derivatives_at_a_kink_jump() {
    let run = |check: Check| check.run(|_, x| x[0].relu() * x[0], &[array![0.0, 1.0].into()]);
    let report = run(Check::new().order(2)).unwrap();
    assert!(!report.is_right() && !report.is_wrong(), "{report}");
    let report = run(Check::new().order(2).kinks(["relu"])).unwrap();
    assert!(report.is_right(), "{report}");
}
