//! A compiled program against the plain evaluator: values, gradients and gradients of gradients.

use cotangent::ops::Sample;
use cotangent::testing::numbers;
pub use cotangent::testing::{derivatives, drawn, weighed};
use cotangent::{Arithmetic, Evaluator, Feed, Params, Program, Seed, Value, Var};

/// The compiled program and the plain evaluator agree, and threads make no difference. Inputs are given numbers as `drawn`.
#[track_caller]
pub fn agree(context: &str, outputs: &[Var<'_>]) {
    let g = outputs[0].graph();
    let inputs = g.inputs();
    let given: Vec<Value<f64>> = (inputs.iter().enumerate())
        .map(|(i, x)| numbers(&Sample::real(x.shape(), -0.5..0.5), i as u64))
        .collect();
    let mut evaluator = Evaluator::<f64>::new(g);
    for (&input, value) in inputs.iter().zip(&given) {
        evaluator = evaluator.bind(input, value.clone());
    }
    let expected = evaluator.run(outputs).unwrap();
    let feeds: Vec<Feed<'_, f64>> = given.iter().map(Feed::from).collect();
    let params = Params::with_seed(0);
    for arithmetic in [Arithmetic::Reassociated, Arithmetic::AsWritten] {
        let mut program = Program::<f64>::compile_with(outputs, &params, arithmetic);
        for threads in 1..=3 {
            program.set_threads(threads);
            program.run(&params, &feeds, Seed::default()).unwrap();
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
