//! What the nn crate promises, one subject to a file.

mod attention;
mod batch_norm;
mod binary;
mod cached;
mod classes;
mod compiled;
mod composition;
mod ctc;
mod divergence;
mod dropout;
mod embedding;
mod gradients;
mod init;
mod layer_norm;
mod layers;
mod linear;
mod lines;
mod mistakes;
mod parity;
mod penalty;
mod recurrent;
mod regression;
mod tree;

use std::panic::{AssertUnwindSafe, catch_unwind};

use cotangent::{Evaluator, Graph, Params, Var};
use ndarray::{ArrayD, IxDyn};

/// The values of variables of a graph that takes no inputs.
fn values(params: &Params<f64>, vars: &[Var<'_>]) -> Vec<ArrayD<f64>> {
    let values = Evaluator::new(vars[0].graph()).params(params).run(vars).unwrap();
    values.into_iter().map(|value| value.into_real()).collect()
}

/// The value of one of them.
fn value(params: &Params<f64>, var: Var<'_>) -> ArrayD<f64> {
    values(params, &[var]).remove(0)
}

/// Evaluates a graph, and writes back what it updates, as a training step does.
fn step(params: &mut Params<f64>, graph: &Graph) {
    let (ids, vars): (Vec<_>, Vec<_>) = graph.updates().into_iter().unzip();
    let values = Evaluator::new(graph).params(params).run(&vars).unwrap();
    for (id, value) in ids.into_iter().zip(values) {
        params.set(id, value.into_real().view()).unwrap();
    }
}

/// An array of distinct numbers of either sign, away from 0, in no order.
fn sample(shape: &[usize]) -> ArrayD<f64> {
    let count = shape.iter().product();
    let number = |i: usize| {
        let x = 1.5 * (i as f64 * 2.399 + 0.7).sin();
        x + 0.1 * x.signum()
    };
    ArrayD::from_shape_vec(IxDyn(shape), (0..count).map(number).collect()).unwrap()
}

/// The message of the panic that must come.
fn panic_message<R>(f: impl FnOnce() -> R) -> String {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => panic!("a mistake must panic"),
        Err(panic) => panic.downcast_ref::<String>().expect("a message").clone(),
    }
}

/// Fails unless the text holds every one of these.
#[track_caller]
fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
}
