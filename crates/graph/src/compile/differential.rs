//! The main differential test: compiled programs against the plain evaluator.

use ndarray::{ArrayD, Dimension, IxDyn};

use crate::ops::{Example, Sample, registry};
use crate::random::Seed;
use crate::{Evaluator, Gradient, Graph, Kind, Params, Program, Scalar, Value, Var, View};

/// Values for a sample, spread over its range without repetition.
fn values<T: Scalar>(sample: &Sample, seed: u64) -> Value<T> {
    let shape = IxDyn(&sample.ty.shape);
    let seed = Seed { seed, run: 0 };
    let draw = |i: usize| {
        let width = sample.range.end - sample.range.start;
        sample.range.start + width * seed.uniform(0, i as u64)
    };
    let numbers = (0..sample.ty.shape.size()).map(draw);
    match sample.ty.kind {
        Kind::Index => {
            let numbers = numbers.map(|x| x as i64).collect();
            Value::Index(ArrayD::from_shape_vec(shape, numbers).unwrap())
        }
        _ => {
            let numbers = numbers.map(T::from_f64).collect();
            Value::Real(ArrayD::from_shape_vec(shape, numbers).unwrap())
        }
    }
}

/// Asserts that a program computes what the evaluator does, to a tolerance relative to the largest
/// magnitude.
fn agree<T: Scalar>(outputs: &[Var<'_>], inputs: &[Value<T>], tolerance: f64, what: &str) {
    let graph = outputs[0].graph();
    let seed = Seed { seed: 3, run: 4 };
    let mut evaluator = Evaluator::<T>::new(graph).seed(seed);
    for (var, value) in graph.inputs().into_iter().zip(inputs) {
        evaluator = evaluator.bind(var, value.clone());
    }
    let expected = evaluator.run(outputs).unwrap();
    let params = Params::with_seed(0);
    let views: Vec<View<'_, T>> = inputs.iter().map(Value::view).collect();
    let mut program = Program::compile(outputs, &params);
    for run in 0..2 {
        program.run(&params, &views, seed).unwrap();
        for (position, expected) in expected.iter().enumerate() {
            match expected {
                Value::Index(expected) => assert_eq!(program.index_output(position), expected),
                Value::Real(expected) => {
                    let ours = program.output(position);
                    assert_eq!(ours.shape(), expected.shape());
                    let largest = expected.iter().fold(1e-3, |m: f64, &x| m.max(x.to_f64().abs()));
                    for (&a, &b) in ours.iter().zip(expected) {
                        let (a, b) = (a.to_f64(), b.to_f64());
                        let same =
                            (a - b).abs() <= tolerance * largest || (a.is_nan() && b.is_nan());
                        assert!(
                            same || a == b,
                            "{what}, output {position}, run {run}: {ours} is not {expected}"
                        );
                    }
                }
            }
        }
    }
}

/// The sum with weights that differ, so that no two elements are alike to the derivative.
fn weighted(y: Var<'_>) -> Var<'_> {
    let weights = ArrayD::from_shape_fn(IxDyn(&y.shape()), |place| {
        1.0 + 0.3 * place.slice().iter().fold(0.0, |sum, &i| 1.7 * sum + i as f64)
    });
    (y * y.graph().constant(Value::<f64>::Real(weights))).sum()
}

/// Records an example with its gradients, to second order, and compares.
fn check<T: Scalar>(example: &Example, tolerance: f64) {
    let graph = Graph::new();
    let inputs: Vec<Var<'_>> =
        example.samples.iter().map(|sample| graph.typed_input("", sample.ty.clone())).collect();
    let y = example.record(&graph, &inputs);
    let reals: Vec<Var<'_>> = inputs.iter().copied().filter(|x| x.is_real()).collect();
    let mut outputs = vec![y];
    let first = Gradient::of(weighted(y)).zeros_without_path().with_respect_to(&reals).unwrap();
    let total = first.iter().copied().map(weighted).reduce(|a, b| a + b).unwrap();
    let second = Gradient::of(total).zeros_without_path().with_respect_to(&reals).unwrap();
    outputs.extend(first);
    outputs.extend(second);
    let values: Vec<Value<T>> =
        example.samples.iter().zip(1..).map(|(sample, seed)| values(sample, seed)).collect();
    agree(&outputs, &values, tolerance, &format!("{example:?}"));
}

#[test]
fn every_operation_and_its_derivatives_agree() {
    for example in registry() {
        check::<f64>(&example, 1e-12);
        check::<f32>(&example, 2e-5);
    }
}
