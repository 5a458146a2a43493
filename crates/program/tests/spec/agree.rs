//! A compiled program against the plain evaluator: values, gradients and gradients of gradients.

use cotangent::{Arithmetic, Evaluator, Gradient, Graph, Params, Program, Seed, Shape, Var};
use ndarray::{ArrayD, IxDyn};

/// Numbers between -0.5 and 0.5.
pub fn drawn(g: &Graph, shape: impl Into<Shape>, stream: u64) -> Var<'_> {
    let shape = shape.into();
    let numbers = (0..shape.size() as u64).map(|i| Seed::default().uniform(stream, i) - 0.5);
    g.constant(ArrayD::from_shape_vec(IxDyn(&shape), numbers.collect()).unwrap())
}

/// A scalar that every element has its share in.
pub fn weighed(y: Var<'_>) -> Var<'_> {
    (y * drawn(y.graph(), y.shape(), 99)).sum()
}

/// Values, gradients, and gradients of gradients.
pub fn derivatives<'g>(results: &[Var<'g>], inputs: &[Var<'g>]) -> Vec<Var<'g>> {
    let g = inputs[0].graph();
    let total =
        |all: &[Var<'g>]| all.iter().fold(g.full([], 0.0), |sum, &y| sum + weighed(y.sin()));
    let gradient = |y: Var<'g>| {
        Gradient::of(y).zeros_without_path().with_respect_to(inputs).expect("a real scalar")
    };
    let first = gradient(total(results));
    let second = gradient(total(&first));
    [results.to_vec(), first, second].concat()
}

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
