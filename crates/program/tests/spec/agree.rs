//! A compiled program against the plain evaluator: values, gradients and gradients of gradients.

pub use cotangent::testing::{derivatives, drawn, weighed};
use cotangent::{Arithmetic, Evaluator, Params, Program, Seed, Var};

/// The compiled program and the plain evaluator agree, and threads make no difference.
#[track_caller]
pub fn agree(context: &str, outputs: &[Var<'_>]) {
    let g = outputs[0].graph();
    let expected = Evaluator::<f64>::new(g).run(outputs).unwrap();
    let params = Params::with_seed(0);
    for arithmetic in [Arithmetic::Reassociated, Arithmetic::AsWritten] {
        let mut program = Program::<f64>::compile_with(outputs, &params, arithmetic);
        for threads in 1..=3 {
            program.set_threads(threads);
            program.run(&params, &[], Seed::default()).unwrap();
            for (number, expected) in expected.iter().enumerate() {
                let (ours, expected) = (program.output(number), expected.clone().into_real());
                let scale = expected.iter().fold(1e-3, |most: f64, x| most.max(x.abs()));
                let far =
                    ours.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                // The maximum passes over what is no number.
                assert!(
                    far <= 1e-11 * scale && ours.iter().all(|x| x.is_finite()),
                    "{context}, output {number}, {arithmetic:?}: {far:e} apart at scale {scale}"
                );
            }
        }
    }
}
