//! What a report shows.

use cotangent::Var;
use cotangent::check::{check, check_fn};
use ndarray::array;

/// The cells of the first row of a report's table.
fn first_row(report: &cotangent::check::Report) -> Vec<String> {
    let text = report.to_string();
    text.lines().nth(1).unwrap().split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a_difference_is_printed_with_the_digits_it_takes_to_see_it() {
    // The numbers agree in the ten digits that the table shows otherwise.
    let report = check_fn(|x| 3.0 * x[0], |_| [3.0 + 1e-10], &[1.0]);
    assert!(report.is_wrong(), "{report}");
    let row = first_row(&report);
    assert_ne!(row[2], row[3], "{report}");
}

#[test]
fn small_numbers_of_a_suspect_are_not_rounded_to_zero() {
    fn wrong(x: Var<'_>) -> Var<'_> {
        (1e-9 * x).with_vjp(&[x], |_, _, v| vec![2e-9 * v])
    }
    let report = check(|_, x| wrong(x[0]), &[array![0.7].into()]).unwrap();
    let text = report.suspects()[0].to_string();
    assert!(text.contains("it says 2.000000e-9, differences 1.000000e-9"), "{text}");
}

#[test]
fn the_sides_of_a_small_kink_are_told_apart() {
    let report = check(|_, x| 1e-8 * x[0].relu(), &[array![0.0].into()]).unwrap();
    let text = report.to_string();
    assert!(text.contains("to the left and 1.000000e-8 to the right"), "{text}");
}
