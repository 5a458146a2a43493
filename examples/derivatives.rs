//! Checks derivatives that were written by hand, without a graph: a gradient, and a Jacobian with a
//! mistake.
//!
//! `cargo run --release --example derivatives`

use cotangent::prelude::*;

/// Points of a decay that starts at 2 with rate 0.7.
const TIMES: [f64; 4] = [0.0, 1.0, 2.0, 4.0];
const VALUES: [f64; 4] = [2.0, 1.0, 0.5, 0.1];

/// What a·e^(−b·t) is off at each point.
fn residuals(x: &[f64]) -> Vec<f64> {
    TIMES.iter().zip(VALUES).map(|(t, y)| x[0] * (-x[1] * t).exp() - y).collect()
}

/// A row for each point: the derivatives by a and by b.
fn jacobian(x: &[f64]) -> Vec<[f64; 2]> {
    let row = |t: &f64| {
        let decay = (-x[1] * t).exp();
        [decay, -x[0] * t * decay]
    };
    TIMES.iter().map(row).collect()
}

/// Half the sum of squares.
fn loss(x: &[f64]) -> f64 {
    0.5 * residuals(x).iter().map(|r| r * r).sum::<f64>()
}

/// Its gradient, Jᵀ·r.
fn gradient(x: &[f64]) -> [f64; 2] {
    let products = jacobian(x).into_iter().zip(residuals(x));
    products.fold([0.0, 0.0], |[a, b], (row, r)| [a + row[0] * r, b + row[1] * r])
}

/// The Jacobian without the inner derivative −t.
fn wrong_jacobian(x: &[f64]) -> Vec<[f64; 2]> {
    TIMES.iter().map(|t| [(-x[1] * t).exp(), x[0] * (-x[1] * t).exp()]).collect()
}

fn main() {
    let x = [1.8, 0.6];
    println!("the gradient of the loss:\n");
    let report = check_fn(loss, gradient, &x);
    println!("{report}\n");
    report.assert_right();

    println!("the Jacobian of the residuals:\n");
    let report = check_fn(residuals, jacobian, &x);
    println!("{report}\n");
    report.assert_right();

    println!("with a mistake:\n");
    let report = check_fn(residuals, wrong_jacobian, &x);
    println!("{report}");
    assert_eq!((report.right(), report.wrong()), (4, 4));
}
