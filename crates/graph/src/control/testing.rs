//! What the tests of choices and loops share: numbers to begin with, derivatives, and whether results are the same.

use ndarray::{ArrayD, IxDyn};

use crate::{Evaluator, Gradient, Graph, Seed, Shape, Var};

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

/// The results are finite, and the same but for rounding.
#[track_caller]
pub fn agree(context: &str, ours: &[Var<'_>], expected: &[Var<'_>]) {
    assert_eq!(ours.len(), expected.len());
    let all: Vec<Var<'_>> = [ours, expected].concat();
    let values = Evaluator::<f64>::new(ours[0].graph()).run(&all);
    let values = values.unwrap_or_else(|error| panic!("{context}: {error}"));
    let (ours, expected) = values.split_at(ours.len());
    for (number, (ours, expected)) in ours.iter().zip(expected).enumerate() {
        let (ours, expected) = (ours.clone().into_real(), expected.clone().into_real());
        assert_eq!(ours.shape(), expected.shape(), "{context}, result {number}");
        let scale = expected.iter().fold(1e-3, |most: f64, x| most.max(x.abs()));
        let far = (&ours - &expected).iter().fold(0.0, |far: f64, x| far.max(x.abs()));
        let finite = ours.iter().all(|x| x.is_finite());
        assert!(
            finite && far <= 1e-11 * scale,
            "{context}, result {number}: {far:e} apart at scale {scale}"
        );
    }
}
