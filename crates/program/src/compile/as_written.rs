//! As written is as the evaluator computes: to the bit, whatever the numbers.

use ndarray::{Array2, array};
use proptest::prelude::*;

use crate::{Arithmetic, Feed, Function, Precision, Program, Step};
use graph::Seed;
use graph::{Evaluator, Gradient, Graph, Params, Place, Value, Var, keep};

/// One step of a random graph: an operation, which earlier values it takes, and a constant.
type Line = (u8, u8, u8, i8);

/// Writes a graph of what IEEE arithmetic rounds in one way only, over inputs [n, c] and [1, c].
fn random_graph<'g>(inputs: [Var<'g>; 2], lines: &[Line]) -> Var<'g> {
    let mut values = inputs.to_vec();
    for &(operation, first, second, exponent) in lines {
        let a = values[usize::from(first) % values.len()];
        let b = values[usize::from(second) % values.len()];
        let constant = 1.1 * f64::powi(2.0, i32::from(exponent));
        values.push(match operation % 12 {
            0 => a + b,
            1 => a - b,
            2 | 3 => a * b,
            4 => a / b,
            5 => a * constant,
            6 => constant * (a * constant),
            7 => a / constant + constant,
            8 => a.abs().sqrt(),
            9 => a.square().recip(),
            10 => a.gt(b).select(a, -b),
            _ => a.maximum(b) - b.minimum(constant * constant),
        });
    }
    values[values.len() - 1].broadcast_to(inputs[0].shape())
}

/// Numbers of every size that the precision has, and what is none.
fn wild<T: Precision>(n: usize, c: usize, seed: u64) -> Array2<T> {
    let seed = Seed { seed, run: 0 };
    let exponents = T::max_value().log2() + T::min_positive_value().log2().abs();
    Array2::from_shape_fn((n, c), |(i, j)| {
        let draw = |stream| seed.uniform(stream, (i * c + j) as u64);
        let sign = if draw(0) < 0.5 { -1.0 } else { 1.0 };
        match draw(1) {
            kind if kind < 0.04 => T::from_f64(sign * f64::INFINITY),
            kind if kind < 0.08 => T::from_f64(sign * 0.0),
            kind if kind < 0.1 => T::nan(),
            kind if kind < 0.4 => T::from_f64(sign * (0.5 + draw(2))),
            _ => {
                let exponent = exponents * T::from_f64(draw(3) - 0.5);
                T::from_f64(sign * (0.5 + draw(2))) * exponent.exp2()
            }
        }
    })
}

fn check<T: Precision>(n: usize, c: usize, lines: &[Line], seed: u64) {
    let graph = Graph::new();
    let [x, row] = [graph.input("x", [n, c]), graph.input("row", [1, c])];
    let y = random_graph([x, row], lines);
    // The gradient by the row is a sum, whose order of terms is not said.
    let gradient = Gradient::of(y).cotangent(x).zeros_without_path().with_respect_to(&[x]);
    let outputs = [y, gradient.unwrap()[0]];
    let (a, b) = (wild::<T>(n, c, seed), wild::<T>(1, c, seed + 1));
    let evaluator = Evaluator::<T>::new(&graph).bind(x, Value::Real(a.clone().into_dyn()));
    let expected = evaluator.bind(row, Value::Real(b.clone().into_dyn())).run(&outputs).unwrap();
    let params = Params::with_seed(0);
    let mut program = Program::compile_with(&outputs, &params, Arithmetic::AsWritten);
    let inputs = [Feed::Real(a.view().into_dyn()), Feed::Real(b.view().into_dyn())];
    program.run(&params, &inputs, Seed::default()).unwrap();
    for (position, expected) in expected.into_iter().enumerate() {
        let ours = program.output(position);
        for (&ours, &expected) in ours.iter().zip(&expected.into_real()) {
            let same = ours.to_f64().to_bits() == expected.to_f64().to_bits();
            assert!(
                same || ours.is_nan() && expected.is_nan(),
                "output {position}: {ours:e} is not {expected:e}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(2),
        ..Default::default()
    })]

    #[test]
    fn as_written_answers_the_bits_of_the_evaluator(
        n in 1usize..5,
        c in 1usize..20,
        lines in proptest::collection::vec(any::<Line>(), 1..12),
        seed in any::<u32>(),
    ) {
        check::<f32>(n, c, &lines, u64::from(seed));
        check::<f64>(n, c, &lines, u64::from(seed));
    }
}

/// The first output of a program of these inputs.
fn run(
    arithmetic: Arithmetic,
    inputs: &[Array2<f32>],
    build: impl for<'g> Fn(&[Var<'g>]) -> Var<'g>,
) -> Vec<f32> {
    let graph = Graph::new();
    let vars: Vec<Var<'_>> = inputs.iter().map(|x| graph.input("x", x.shape())).collect();
    let params = Params::with_seed(0);
    let mut program = Program::compile_with(&[build(&vars)], &params, arithmetic);
    let feeds: Vec<Feed<'_, f32>> = inputs.iter().map(Feed::from).collect();
    program.run(&params, &feeds, Seed::default()).unwrap();
    program.output(0).iter().copied().collect()
}

#[test]
fn constants_that_keep_a_product_in_range_do_so_in_both_modes() {
    for arithmetic in [Arithmetic::Reassociated, Arithmetic::AsWritten] {
        let tiny = run(arithmetic, &[array![[1e30, 1.0]]], |x| (x[0] * 1e-30) * 1e-30);
        assert!((tiny[0] / 1e-30 - 1.0).abs() < 1e-6, "{arithmetic:?}: {tiny:?}");
        let inputs = [array![[1e30, 1.0], [1e30, 1.0]], array![[1e-20, 1.0]]];
        let tiny = run(arithmetic, &inputs, |x| (x[0] * 1e-30) * x[1]);
        assert!((tiny[0] / 1e-20 - 1.0).abs() < 1e-6, "{arithmetic:?}: {tiny:?}");
        let column = Array2::from_elem((64, 2), 1e38);
        let sums = run(arithmetic, &[column], |x| {
            (x[0] * x[0].graph().constant(array![1e-10, 2e-10])).sum_over(0)
        });
        assert!((sums[0] / 6.4e29 - 1.0).abs() < 1e-5, "{arithmetic:?}: {sums:?}");
    }
}

#[test]
fn values_of_the_run_stay_in_range_as_written() {
    let inputs = [Array2::from_elem((64, 2), 1e38), array![[1e-10, 2e-10]]];
    let sums = |arithmetic| run(arithmetic, &inputs, |x| (x[0] * x[1]).sum_over(keep(0)));
    // The documented price of the default.
    assert_eq!(sums(Arithmetic::Reassociated)[0], f32::INFINITY);
    assert!((sums(Arithmetic::AsWritten)[0] / 6.4e29 - 1.0).abs() < 1e-5);
    let inputs = [Array2::from_elem((64, 2), 1e30), array![[1e-30, 1.0]], array![[1e-30, 1.0]]];
    let products = |arithmetic| run(arithmetic, &inputs, |x| x[0] * x[1] * x[2]);
    assert_eq!(products(Arithmetic::Reassociated)[0], 0.0);
    assert!((products(Arithmetic::AsWritten)[0] / 1e-30 - 1.0).abs() < 1e-6);
}

#[test]
fn a_step_and_a_function_compute_as_they_are_told() {
    let row = array![1e-10_f32, 2e-10];
    let x = Array2::<f32>::from_elem((64, 2), 1e38);
    let mut params = Params::seeded(0);
    let mut function = Function::new(|_, [x, row]| (x * row).sum_over(0));
    assert_eq!(function.run(&params, (&x, &row)).unwrap()[0], f32::INFINITY);
    let mut function = function.arithmetic(Arithmetic::AsWritten);
    assert!(function.run(&params, (&x, &row)).unwrap()[0].is_finite());

    let w = params.root().parameter("w", array![0.0].into_dyn());
    let step = Step::new(|g, [x, row]| {
        g.param(&w).sum() + (x * row).sum_over(0).slice_axis(0, 0..1).sum()
    });
    let mut step = step.arithmetic(Arithmetic::AsWritten);
    assert!(step.run(&mut params, (&x, &row)).unwrap().is_finite());
}

#[test]
fn a_negative_zero_keeps_its_sign_beside_parts_that_overlap() {
    let sums = run(Arithmetic::AsWritten, &[array![[-0.0, 1.0]]], |x| {
        let at = |offset| Place { offset, ..Place::whole([1, 2]) };
        x[0].graph().embed([3], &[x[0], x[0]], &[at(0), at(1)])
    });
    assert_eq!(sums, [0.0, 1.0, 1.0]);
    assert!(sums[0].is_sign_negative());
}
