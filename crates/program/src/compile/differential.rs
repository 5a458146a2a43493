//! The main differential test: compiled programs against the plain evaluator.

use crate::{Arithmetic, Feed, Precision, Program};
use graph::Seed;
use graph::ops::{Example, Sample, registry};
use graph::testing::{numbers, weighed};
use graph::{Evaluator, Gradient, Graph, Params, Shape, Value, Var, keep};

/// Asserts that a program computes what the evaluator does, to a tolerance relative to the largest
/// magnitude or to `scale`, that of the terms which may cancel; and to the bit the same on one
/// thread and on two. All that in both modes of arithmetic.
fn agree<T: Precision>(outputs: &[Var<'_>], inputs: &[Value<T>], bounds: (f64, f64), what: &str) {
    for arithmetic in [Arithmetic::Reassociated, Arithmetic::AsWritten] {
        let what = format!("{what}, {arithmetic:?}");
        agree_in(arithmetic, outputs, inputs, bounds, &what);
    }
}

fn agree_in<T: Precision>(
    arithmetic: Arithmetic,
    outputs: &[Var<'_>],
    inputs: &[Value<T>],
    (tolerance, scale): (f64, f64),
    what: &str,
) {
    let graph = outputs[0].graph();
    let seed = Seed { seed: 3, run: 4 };
    let mut evaluator = Evaluator::<T>::new(graph).seed(seed);
    for (var, value) in graph.inputs().into_iter().zip(inputs) {
        evaluator = evaluator.bind(var, value.clone());
    }
    let expected = evaluator.run(outputs).unwrap();
    let params = Params::with_seed(0);
    let views: Vec<Feed<'_, T>> = inputs.iter().map(Feed::from).collect();
    let mut program = Program::compile_with(outputs, &params, arithmetic);
    let mut alone: Vec<Vec<u64>> = Vec::new();
    for run in 0..2 {
        program.set_threads(1 + run);
        program.run(&params, &views, seed).unwrap();
        for (position, expected) in expected.iter().enumerate() {
            match expected {
                Value::Index(expected) => assert_eq!(program.index_output(position), expected),
                Value::Real(expected) => {
                    let ours = program.output(position);
                    let bits = ours.iter().map(|&x| x.to_f64().to_bits()).collect::<Vec<_>>();
                    match run {
                        0 => alone.push(bits),
                        _ => assert_eq!(alone.remove(0), bits, "{what}: threads change bits"),
                    }
                    assert_eq!(ours.shape(), expected.shape());
                    let largest = expected.iter().fold(scale, |m: f64, &x| m.max(x.to_f64().abs()));
                    for (&a, &b) in ours.iter().zip(expected) {
                        let (a, b) = (a.to_f64(), b.to_f64());
                        let same =
                            (a - b).abs() <= tolerance * largest || (a.is_nan() && b.is_nan());
                        assert!(
                            same || a == b,
                            "{what}, output {position}, run {run}: {a} is not {b} (largest {largest})"
                        );
                    }
                }
            }
        }
    }
}

/// Records an example with its gradients, to second order, and compares.
fn check<T: Precision>(example: &Example, tolerance: f64) {
    let graph = Graph::new();
    let inputs: Vec<Var<'_>> =
        example.samples.iter().map(|sample| graph.typed_input("", sample.ty.clone())).collect();
    let y = example.record(&graph, &inputs);
    let reals: Vec<Var<'_>> = inputs.iter().copied().filter(|x| x.is_real()).collect();
    let mut outputs = vec![y];
    let first = Gradient::of(weighed(y)).zeros_without_path().with_respect_to(&reals).unwrap();
    let total = first.iter().copied().map(weighed).reduce(|a, b| a + b).unwrap();
    let second = Gradient::of(total).zeros_without_path().with_respect_to(&reals).unwrap();
    outputs.extend(first);
    outputs.extend(second);
    let values: Vec<Value<T>> =
        example.samples.iter().zip(1..).map(|(sample, seed)| numbers(sample, seed)).collect();
    agree(&outputs, &values, (tolerance, 1e-3), &format!("{example:?}"));
}

#[test]
fn every_operation_and_its_derivatives_agree() {
    for example in registry() {
        check::<f64>(&example, 1e-12);
        check::<f32>(&example, 2e-5);
    }
}

/// One step of a random graph: an operation, and which earlier values it takes.
type Line = (u8, u8, u8);

/// Writes a random graph over inputs of shapes [n, c], [1, c] and [n, 1]: every value broadcasts
/// against every other. All functions are smooth, so that rounding cannot tip a comparison, and
/// keep numbers of ordinary size, so that no cancellation enlarges it.
fn random_graph<'g>(inputs: &[Var<'g>; 3], lines: &[Line]) -> Var<'g> {
    let full = inputs[0].shape();
    let (n, c) = (full[0] as isize, full[1] as isize);
    let condition = inputs[0].gt(0.1);
    let mut values = inputs.to_vec();
    for &(operation, first, second) in lines {
        let a = values[usize::from(first) % values.len()];
        let b = values[usize::from(second) % values.len()];
        let wide = |x: Var<'g>| x.broadcast_to(&full);
        values.push(match operation % 18 {
            0 => a.tanh(),
            1 => a.sigmoid(),
            2 => a.sin(),
            3 => -a,
            4 => 0.5 * a.softplus(),
            5 => 0.5 * (a + b),
            6 => 0.5 * (a - b),
            7 => (a * b).tanh(),
            8 => a.mean_over(keep(0)),
            9 => a.sum_over(keep(1)) / c as f64,
            10 => condition.select(a, b),
            11 => (wide(a).matmul(wide(b).t()) / c as f64).mean_over(keep(1)),
            12 => wide(a).t().reshape([n, c]),
            13 => a.softmax(-1),
            14 => a.tanh().variance_over(keep(0), 0),
            15 => a.tanh().exp(),
            16 => a.tanh().square().mean().broadcast_to([1, 1]) + b,
            _ => (a + 3.0 * b.tanh()).log_softmax(0).tanh(),
        });
    }
    let sum = values.iter().skip(3).copied().map(Var::tanh).reduce(|a, b| a + b);
    sum.unwrap_or(inputs[0])
}

fn check_random<T: Precision>(n: usize, c: usize, lines: &[Line], tolerance: f64) {
    let graph = Graph::new();
    let shapes = [[n, c], [1, c], [n, 1]];
    let inputs = shapes.map(|shape| graph.input("x", shape));
    let y = random_graph(&inputs, lines);
    let mut outputs = vec![y];
    let gradients = Gradient::of(weighed(y)).zeros_without_path().with_respect_to(&inputs);
    outputs.extend(gradients.unwrap());
    let values: Vec<Value<T>> = shapes
        .iter()
        .zip(1..)
        .map(|(shape, seed)| numbers(&Sample::real(*shape, -1.5..1.5), seed))
        .collect();
    agree(&outputs, &values, (tolerance, 1.0), &format!("[{n}, {c}] {lines:?}"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: 1500,
        failure_persistence: None,
        // The same graphs in every run: what fails can be found again.
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        ..Default::default()
    })]

    #[test]
    fn random_graphs_and_their_gradients_agree(
        n in 1usize..9,
        c in proptest::prop_oneof![1usize..20, proptest::strategy::Just(130)],
        lines in proptest::collection::vec(proptest::arbitrary::any::<Line>(), 0..14),
    ) {
        check_random::<f64>(n, c, &lines, 1e-10);
        check_random::<f32>(n, c, &lines, 2e-3);
    }
}

#[test]
fn axes_of_extent_1_stand_anywhere() {
    for n in [0, 1, 2, 65] {
        for rank in 1..=5 {
            for long in 0..rank {
                let shape: Shape = (0..rank).map(|axis| if axis == long { n } else { 1 }).collect();
                check_shape::<f64>(&shape, 1e-12);
                check_shape::<f32>(&shape, 1e-5);
            }
        }
    }
    // The last batch of one sample.
    check_shape::<f32>(&[1, 7, 1].into(), 1e-5);
    check_shape::<f32>(&[1, 7, 5].into(), 1e-5);
}

#[test]
fn arrays_may_have_more_axes_than_a_loop() {
    let graph = Graph::new();
    let x = graph.input("x", [2; 10]);
    let backwards: Vec<isize> = (0..10).rev().collect();
    let y = (x.permute(backwards) * x).tanh();
    let mut outputs = vec![y, y.sum_over([0, 5]), y.max_over(keep([3, 4]))];
    outputs.push(weighed(y).grad(x));
    let values: Value<f64> = numbers(&Sample::real([2; 10], -1.5..1.5), 1);
    agree(&outputs, &[values], (1e-12, 1.0), "ten axes");
}

/// What is computed later lies where the zeros lay, so that a second run would find it there.
#[test]
fn zeros_of_a_part_of_an_array_of_parts_are_there_in_every_run() {
    let graph = Graph::new();
    let (x, y) = (graph.input("x", [3]), graph.input("y", [3]));
    let both = graph.stack(&[x.pad([(0, 2)], 0.0), y.pad([(0, 2)], 0.0)], -2);
    let sums = both.cumsum(1).square();
    let gradients = Gradient::of(sums.sum()).with_respect_to(&[x, y]).unwrap();
    let values = [1, 2].map(|seed| numbers::<f64>(&Sample::real([3], 0.5..1.5), seed));
    let outputs = [sums, gradients[0], gradients[1]];
    agree(&outputs, &values, (1e-14, 1.0), "padded and stacked");
}

/// Whatever reduces an array, beside what it is computed from, with the gradients of all.
fn check_shape<T: Precision>(shape: &Shape, tolerance: f64) {
    let graph = Graph::new();
    let (x, target) = (graph.input("x", shape), graph.input("target", shape));
    let y = x.tanh();
    let mut outputs = vec![y, y.sum()];
    if shape.size() > 0 {
        let square_error = (y - target).square().mean();
        outputs.extend([
            y.mean(),
            y.variance_over(.., 0),
            x.norm(),
            square_error,
            y.softmax(-1),
            y.max(),
        ]);
    }
    for axis in 0..shape.rank() as isize {
        outputs.extend([y.sum_over(axis), x.prod_over(keep(axis)) * y]);
    }
    let total = outputs.iter().copied().map(weighed).reduce(|a, b| a + b).unwrap();
    let gradients = Gradient::of(total).zeros_without_path().with_respect_to(&[x, target]);
    outputs.extend(gradients.unwrap());
    let sample = Sample::real(shape, -1.5..1.5);
    let values: Vec<Value<T>> = [1, 2].map(|seed| numbers(&sample, seed)).into();
    agree(&outputs, &values, (tolerance, 1.0), &format!("{shape}"));
}
