//! Checks a model's gradients, one of which is wrong on purpose: the report names the line.
//!
//! `cargo run --release --example gradcheck`

use cotangent::check::Check;
use cotangent::prelude::*;

/// ln cosh(x), a smooth absolute value, in a form that does not overflow, with a rule of its own.
///
/// The rule is the mistake: the derivative is tanh x, not σ(x).
fn log_cosh(x: Var<'_>) -> Var<'_> {
    let y = x.abs() + (-2.0 * x.abs()).exp().log1p() - std::f64::consts::LN_2;
    y.with_vjp(&[x], |x, _, v| vec![v * x[0].sigmoid()])
}

/// The same with the right rule.
fn log_cosh_corrected(x: Var<'_>) -> Var<'_> {
    let y = x.abs() + (-2.0 * x.abs()).exp().log1p() - std::f64::consts::LN_2;
    y.with_vjp(&[x], |x, _, v| vec![v * x[0].tanh()])
}

/// A small regression network, trained under a robust loss.
struct Model {
    hidden: Linear,
    output: Linear,
}

impl Model {
    fn new(params: &mut Params) -> Self {
        let mut root = params.root();
        let hidden = Linear::new(3, 4).build(&mut root, "hidden");
        Self { hidden, output: Linear::new(4, 1).build(&mut root, "output") }
    }

    fn residuals<'g>(&self, x: Var<'g>, target: Var<'g>) -> Var<'g> {
        self.output.forward(self.hidden.forward(x).tanh()) - target
    }
}

fn main() -> Result<(), RunError> {
    let mut params = Params::seeded(0);
    let model = Model::new(&mut params);
    let x = Array2::from_shape_fn((5, 3), |(i, j)| ((3 * i + j) as f64).sin());
    let target = Array2::from_shape_fn((5, 1), |(i, _)| 2.0 * (i as f64).cos());
    let data = [x.into(), target.into()];
    let check = Check::new().params(&params);

    println!("the loss with a mistake in a reverse rule:\n");
    let report = check.run(|_, x| log_cosh(model.residuals(x[0], x[1])).mean(), &data)?;
    println!("{report}\n");
    assert!(!report.is_right());

    println!("corrected, to second order along random directions:\n");
    let check = check.order(2).directions(3);
    let report = check.run(|_, x| log_cosh_corrected(model.residuals(x[0], x[1])).mean(), &data)?;
    println!("{report}");
    assert!(report.is_right());
    Ok(())
}
