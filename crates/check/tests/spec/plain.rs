//! Plain functions with derivatives that somebody wrote.

use cotangent::check::{CheckFn, Doubt, Verdict, check_fn};
use ndarray::{Array1, array};

/// Σ sin(xᵢ)·xᵢ₊₁, around the circle.
fn chain(x: &[f64]) -> f64 {
    (0..x.len()).map(|i| x[i].sin() * x[(i + 1) % x.len()]).sum()
}

fn chain_gradient(x: &[f64]) -> Vec<f64> {
    let n = x.len();
    (0..n).map(|i| x[i].cos() * x[(i + 1) % n] + x[(i + n - 1) % n].sin()).collect()
}

/// (a·b, a/b, a).
fn values(x: &[f64]) -> Vec<f64> {
    vec![x[0] * x[1], x[0] / x[1], x[0]]
}

fn jacobian(x: &[f64]) -> Vec<Vec<f64>> {
    vec![vec![x[1], x[0]], vec![1.0 / x[1], -x[0] / x[1].powi(2)], vec![1.0, 0.0]]
}

#[test]
fn a_right_gradient_is_right_to_the_last_element() {
    let x = [0.3, -1.7, 2.2, 1e-3];
    let report = check_fn(chain, chain_gradient, &x);
    report.assert_right();
    assert_eq!(report.right(), 4);
    assert_eq!(report.properties()[0].holds, Some(true), "{report}");
}

#[test]
fn a_wrong_element_is_named_with_both_numbers() {
    let wrong = |x: &[f64]| {
        let mut gradient = chain_gradient(x);
        gradient[2] += 1e-6;
        gradient
    };
    let x = [0.3, -1.7, 2.2, 1e-3];
    let report = check_fn(chain, wrong, &x);
    let row = report.rows().iter().find(|row| row.verdict == Verdict::Wrong).unwrap();
    assert_eq!((row.input.as_str(), &row.index[..]), ("x", &[2][..]));
    approx::assert_relative_eq!(row.numeric, chain_gradient(&x)[2], max_relative = 1e-9);
    assert_eq!((report.right(), report.wrong()), (3, 1), "{report}");
    assert!(report.to_string().contains("x[2]"), "{report}");
}

#[test]
fn gradients_are_whatever_yields_numbers() {
    let f = |x: &[f64]| x[0] * x[0];
    check_fn(f, |x| vec![2.0 * x[0]], &[0.7]).assert_right();
    check_fn(f, |x| [2.0 * x[0]], &[0.7]).assert_right();
    check_fn(f, |x| array![2.0 * x[0]], &[0.7]).assert_right();
    check_fn(f, |x| x.iter().map(|x| 2.0 * x).collect::<Array1<f64>>(), &[0.7]).assert_right();
}

#[test]
fn a_jacobian_is_checked_entry_by_entry() {
    let report = check_fn(values, jacobian, &[0.8, -1.3]);
    report.assert_right();
    assert_eq!(report.right(), 6, "{report}");
    let wrong = check_fn(
        values,
        |x| {
            let mut rows = jacobian(x);
            rows[1][1] = -rows[1][1];
            rows
        },
        &[0.8, -1.3],
    );
    assert_eq!(wrong.wrong(), 1, "{wrong}");
    assert!(wrong.to_string().contains("f[1] by x[1]"), "{wrong}");
    assert_eq!(wrong.properties()[0].holds, Some(false), "{wrong}");
}

#[test]
fn a_transposed_jacobian_is_wrong() {
    let f = |x: &[f64]| vec![x[0] + 2.0 * x[1], x[0] * x[1]];
    let transposed = |x: &[f64]| [[1.0, x[1]], [2.0, x[0]]];
    let report = check_fn(f, transposed, &[0.5, 3.0]);
    assert_eq!(report.wrong(), 2, "{report}");
}

#[test]
fn directions_find_one_wrong_element_of_many() {
    let x: Vec<f64> = (0..2000).map(|i| (i as f64).cos()).collect();
    let check = CheckFn::new().directions(2);
    let report = check.run(chain, chain_gradient, &x);
    report.assert_right();
    assert_eq!(report.rows().len(), 2);
    let forgotten = |x: &[f64]| {
        let mut gradient = chain_gradient(x);
        gradient[1234] = 0.0;
        gradient
    };
    assert!(check.run(chain, forgotten, &x).is_wrong());
    let of_values = CheckFn::new().directions(3).run(values, jacobian, &[0.8, -1.3]);
    of_values.assert_right();
    assert_eq!(of_values.rows().len(), 3);
}

#[test]
fn kinks_are_allowed_by_element() {
    let f = |x: &[f64]| x.iter().map(|x| x.max(0.0)).sum::<f64>();
    let gradient =
        |x: &[f64]| x.iter().map(|&x| if x > 0.0 { 1.0 } else { 0.0 }).collect::<Vec<_>>();
    let x = [0.0, 1.0, 0.0];
    let report = CheckFn::new().kinks([0]).run(f, gradient, &x);
    assert_eq!((report.right(), report.allowed(), report.inconclusive()), (1, 1, 1), "{report}");
    assert!(!report.is_right());
    CheckFn::new().kinks([0, 2]).run(f, gradient, &x).assert_right();
}

#[test]
fn what_is_not_finite_is_no_proof() {
    let report = check_fn(|x| x[0].ln(), |x| [1.0 / x[0]], &[-0.3]);
    assert_eq!(report.rows()[0].verdict, Verdict::Inconclusive(Doubt::NonFinite));
    assert!(!report.is_right());
}

#[test]
fn one_infinite_value_does_not_hide_the_others() {
    let f = |x: &[f64]| vec![x[0].ln(), x[0].sin()];
    let report = check_fn(f, |x| [[1.0 / x[0]], [x[0].cos()]], &[-0.3]);
    assert_eq!((report.right(), report.inconclusive()), (1, 1), "{report}");
}

#[test]
#[should_panic(expected = "row 0 of the gradient has 1 numbers, and x has 2: one for each")]
fn a_gradient_has_a_number_for_each_element() {
    check_fn(|x| x[0] + x[1], |_| [1.0], &[0.1, 0.2]);
}

#[test]
#[should_panic(expected = "the Jacobian has 2 rows, and the function 3 values: one row for each")]
fn a_jacobian_has_a_row_for_each_value() {
    check_fn(values, |_| [[1.0, 1.0], [1.0, 1.0]], &[0.1, 0.2]);
}
