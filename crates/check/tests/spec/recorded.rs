//! Recorded functions: right ones, wrong ones, and what the report says of them.

use cotangent::check::{Check, check};
use cotangent::{Params, RunError, Value, Var};
use ndarray::{Array, array};

#[test]
fn a_right_gradient_is_right_in_every_respect() {
    let inputs = [array![[0.3, -0.7], [1.2, 0.4]].into(), array![0.5, -1.5].into()];
    let check = Check::new().order(3);
    let report = check.run(|_, x| x[0].matmul(x[1]).tanh().softmax(0), &inputs).unwrap();
    assert!(report.is_right() && report.inconclusive() == 0, "{report}");
    assert_eq!(report.rows().len(), 3 * 6);
    assert!(report.properties().iter().all(|p| p.holds == Some(true)), "{report}");
    assert!(report.suspects().is_empty());
}

/// x² under a rule with the factor 3 instead of 2.
pub fn wrong_square(x: Var<'_>) -> Var<'_> {
    x.square().with_vjp(&[x], |x, _, v| vec![3.0 * v * x[0]])
}

#[test]
fn a_wrong_rule_is_named_with_its_line() {
    let line = line!() - 5;
    let inputs = [array![0.3, -0.7, 1.1].into()];
    let report = check(|_, x| (x[0].exp() * wrong_square(x[0].sin())).log1p(), &inputs).unwrap();
    assert!(!report.is_right());
    assert_eq!(report.wrong(), 3, "{report}");
    let [suspect] = report.suspects() else { panic!("{report}") };
    assert_eq!((suspect.operation.as_str(), suspect.location.line()), ("custom_vjp", line));
    let text = report.to_string();
    assert!(text.contains("WRONG") && text.contains(file!()), "{text}");
    assert!(text.contains("Taylor remainder, order 1: BROKEN (slope 1.00"), "{text}");
}

#[test]
fn a_wrong_rule_is_named_among_operations_on_truth_values() {
    let inputs = [array![0.3, -0.7, 1.1].into()];
    let report = check(|_, x| x[0].gt(0.5).select(wrong_square(x[0]), x[0]), &inputs).unwrap();
    let [suspect] = report.suspects() else { panic!("{report}") };
    assert_eq!(suspect.operation, "custom_vjp");
}

#[test]
fn a_rule_that_is_wrong_at_second_order_alone_is_found_there() {
    // The cotangent is right in value, but the factor x counts as constant.
    let inputs = [array![0.3, -0.7].into()];
    let run = |order: usize| {
        Check::new().order(order).run(
            |_, x| {
                x[0].square()
                    .with_vjp(&[x[0]], |x, _, v| vec![2.0 * v * x[0].stop_gradient()])
                    .exp()
            },
            &inputs,
        )
    };
    assert!(run(1).unwrap().is_right());
    let report = run(2).unwrap();
    assert!(!report.is_right(), "{report}");
    assert_eq!(report.suspects()[0].operation, "custom_vjp");
}

#[test]
fn directions_cost_a_few_rows_whatever_the_size() {
    let x = Array::from_shape_fn((40, 30), |(i, j)| ((3 * i + 7 * j) as f64).sin());
    let inputs = [Value::from(&x), x.t().to_owned().into()];
    let check = Check::new().order(2).directions(3);
    let right = check.run(|_, x| x[0].matmul(x[1]).sin().mean(), &inputs).unwrap();
    assert!(right.is_right() && right.inconclusive() == 0, "{right}");
    assert_eq!(right.rows().len(), 6);
    let wrong = check.run(|_, x| wrong_square(x[0].matmul(x[1])).mean(), &inputs).unwrap();
    assert!(!wrong.is_right(), "{wrong}");
    assert_eq!(wrong.suspects()[0].operation, "custom_vjp");
}

#[test]
fn parameters_are_checked_by_their_names() {
    let mut params = Params::<f32>::seeded(0);
    let w = params.root().child("fc").parameter("weight", array![[0.5], [-0.25]].into_dyn());
    let inputs = [array![[1.0, 2.0], [0.3, -0.4]].into()];
    let check = Check::new().order(2).params(&params);
    let report = check.run(|g, x| x[0].matmul(g.param(&w)).tanh(), &inputs).unwrap();
    assert!(report.is_right(), "{report}");
    assert!(report.rows().iter().any(|row| row.input == "fc.weight"), "{report}");
}

#[test]
fn indices_stay_as_they_are_and_bad_ones_are_errors() {
    let loss = |index: i64| {
        let inputs = [array![[0.1, 0.9], [0.4, -0.2]].into(), array![[0], [index]].into()];
        check(|_, x| x[0].log_softmax(1).gather(1, x[1]).mean(), &inputs)
    };
    let report = loss(1).unwrap();
    assert!(report.is_right() && report.rows().len() == 4, "{report}");
    assert!(matches!(loss(7), Err(RunError::IndexOutOfRange { .. })));
}

#[test]
fn one_line_checks_a_function() {
    cotangent::check::assert_gradients!(
        |_, x| x[0] / x[1].exp(),
        array![1.0_f32, 2.0],
        array![0.5]
    );
}

#[test]
#[should_panic(expected = "wrong gradients")]
fn one_line_refuses_a_wrong_one() {
    cotangent::check::assert_gradients!(|_, x| wrong_square(x[0]), array![1.0, 2.0]);
}
