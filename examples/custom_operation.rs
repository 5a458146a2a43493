//! An operation of one's own: one trait, and it is recorded, differentiated to any order, compiled,
//! fused around and checked like a built-in.
//!
//! `cargo run --release --example custom_operation`

use cotangent::check::Check;
use cotangent::prelude::*;
use cotangent::{Args, Cotangents, Operation, Out, RunResult, Scalar, Type};

/// The Gaussian bump e^(−(x − c)²/2w²), elementwise, as in radial basis networks.
#[derive(Clone, Debug, PartialEq)]
struct Bump {
    center: f64,
    width: f64,
}

impl Operation for Bump {
    fn name(&self) -> &'static str {
        "bump"
    }

    /// The shape rule: the result has the type of the argument.
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        match inputs {
            [x] => Ok(x.clone()),
            _ => Err(format!("takes one input, and was given {}", inputs.len())),
        }
    }

    /// The reverse rule, in graph operations, so that it is differentiated again for higher orders:
    /// y′ = −y·(x − c)/w².
    fn vjp<'g>(&self, inputs: &[Var<'g>], y: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let slope = -y * (inputs[0] - self.center) / self.width.powi(2);
        [Some(v * slope)].into_iter().collect()
    }

    /// The plain evaluation, in any precision.
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let (center, width) = (T::from_f64(self.center), T::from_f64(self.width));
        out.real().zip_mut_with(&args.real(0), |y, &x| {
            let distance = (x - center) / width;
            *y = (T::from_f64(-0.5) * distance * distance).exp();
        });
        Ok(())
    }
}

fn bump<'g>(x: Var<'g>, center: f64, width: f64) -> Var<'g> {
    x.graph().apply(Bump { center, width }, &[x])
}

fn main() -> Result<(), RunError> {
    let points = array![-1.0, -0.2, 0.4, 1.5];

    let check = Check::new().order(3);
    let report = check.run(|_, x| bump(x[0], 0.3, 0.8), &[(&points).into()])?;
    println!("{report}\n");

    // Compiled together with built-in operations.
    let mut network = Function::new(|_, [x]| (bump(x, 0.3, 0.8) - 0.5 * bump(x, -0.5, 0.4)).tanh());
    let y = network.run(&Params::seeded(0), (&points.mapv(|x| x as f32),))?;
    println!("values at {points}: {y:.4}");
    assert!(report.is_right());
    Ok(())
}
