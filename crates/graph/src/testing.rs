//! What tests of graphs share, here and in the crates above: numbers to begin with, derivatives in which every element has its
//! share, and whether results are the same. Behind the feature `testing`.

use ndarray::{ArrayD, IxDyn};

use crate::ops::Sample;
use crate::{Evaluator, Gradient, Graph, Kind, Scalar, Seed, Shape, Value, Var};

/// Numbers of no particular pattern, in the range of a sample.
pub fn numbers<T: Scalar>(sample: &Sample, stream: u64) -> Value<T> {
    let (range, shape) = (&sample.range, IxDyn(&sample.ty.shape));
    let draw = |i| range.start + (range.end - range.start) * Seed::default().uniform(stream, i);
    let numbers = (0..sample.ty.shape.size() as u64).map(draw);
    match sample.ty.kind {
        Kind::Index => {
            let indices = numbers.map(|x| x.floor() as i64).collect();
            Value::Index(ArrayD::from_shape_vec(shape, indices).expect("one for each place"))
        }
        _ => {
            let reals = numbers.map(T::from_f64).collect();
            Value::Real(ArrayD::from_shape_vec(shape, reals).expect("one for each place"))
        }
    }
}

/// Reals between −½ and ½.
pub fn drawn(g: &Graph, shape: impl Into<Shape>, stream: u64) -> Var<'_> {
    g.constant(numbers::<f64>(&Sample::real(shape, -0.5..0.5), stream))
}

/// A scalar that every element has its own share in.
pub fn weighed(y: Var<'_>) -> Var<'_> {
    let weights = numbers::<f64>(&Sample::real(y.shape(), 0.5..1.5), 77);
    (y * y.graph().constant(weights)).sum()
}

/// Values, gradients, and gradients of gradients with respect to all real inputs.
pub fn derivatives<'g>(results: &[Var<'g>], inputs: &[Var<'g>]) -> Vec<Var<'g>> {
    let real: Vec<Var<'g>> = inputs.iter().copied().filter(|x| x.is_real()).collect();
    let gradient = |all: &[Var<'g>]| {
        let zero = results[0].graph().full([], 0.0);
        let total = all.iter().fold(zero, |sum, &y| sum + weighed(y.sin()));
        let gradient = Gradient::of(total).zeros_without_path();
        gradient.with_respect_to(&real).expect("a real scalar")
    };
    let first = gradient(results);
    let second = gradient(&first);
    [results.to_vec(), first, second].concat()
}

/// Fails unless the results are finite, and the same but for rounding.
#[track_caller]
pub fn agree(context: &str, ours: &[Var<'_>], expected: &[Var<'_>]) {
    assert_eq!(ours.len(), expected.len(), "{context}");
    let all: Vec<Var<'_>> = [ours, expected].concat();
    let values = Evaluator::<f64>::new(ours[0].graph()).run(&all);
    let values = values.unwrap_or_else(|error| panic!("{context}: {error}"));
    let (ours, expected) = values.split_at(ours.len());
    for (number, (ours, expected)) in ours.iter().zip(expected).enumerate() {
        let (ours, expected) = (ours.clone().into_real(), expected.clone().into_real());
        assert_eq!(ours.shape(), expected.shape(), "{context}, result {number}");
        let scale = expected.iter().fold(1e-3, |most: f64, x| most.max(x.abs()));
        let far = ours.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        // The maximum passes over what is no number.
        let finite = ours.iter().all(|x| x.is_finite());
        assert!(
            finite && far <= 1e-12 * scale,
            "{context}, result {number}: {far:e} apart at scale {scale}, {finite}"
        );
    }
}
