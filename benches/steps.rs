//! Recording, compiling and running whole training steps: `cargo bench -p cotangent-benches --bench steps`.

use cotangent::prelude::*;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

/// The digits model: 64-128-64-10, batch normalization, ReLU.
fn model(params: &mut Params) -> Sequential {
    let mut root = params.root();
    Sequential::new()
        .then(Linear::new(64, 128).build(&mut root, "fc1"))
        .then(BatchNorm::new(128).build(&mut root, "bn1"))
        .then(Activation::Relu)
        .then(Linear::new(128, 64).build(&mut root, "fc2"))
        .then(BatchNorm::new(64).build(&mut root, "bn2"))
        .then(Activation::Relu)
        .then(Linear::new(64, 10).build(&mut root, "head"))
}

fn batch() -> (Array2<f32>, Array1<i64>) {
    let x = Array2::from_shape_fn((64, 64), |(i, j)| ((64 * i + j) as f32).sin());
    (x, Array1::from_shape_fn(64, |i| (i * 7 % 10) as i64))
}

/// From nothing to the first loss: recorded, differentiated, compiled, run once.
fn first_step(c: &mut Criterion) {
    let (x, labels) = batch();
    c.bench_function("record, compile and run once", |b| {
        b.iter_batched(
            || {
                let mut params = Params::seeded(0);
                let model = model(&mut params);
                (params, model)
            },
            |(mut params, model)| {
                let mut step =
                    Step::new(|_, [x, labels]| model.forward(x, Mode::Train).cross_entropy(labels));
                step.run(&mut params, (&x, &labels)).expect("the batch fits the model")
            },
            BatchSize::SmallInput,
        );
    });
}

/// The passes, the grouping, the plan: a recorded chain with its gradient into a program.
fn compiling(c: &mut Criterion) {
    let graph = Graph::new();
    let x = graph.input("x", [8, 4]);
    let y = (0..1000).fold(x, |y, _| (y * 0.9 + x).tanh());
    let loss = y.sum();
    let outputs = [loss, loss.grad(x)];
    let params = Params::seeded(0);
    c.bench_function("compile a chain of 3000 operations and its gradient", |b| {
        b.iter(|| cotangent::Program::<f32>::compile(&outputs, &params));
    });
}

fn every_step(c: &mut Criterion) {
    let (x, labels) = batch();
    let mut params = Params::seeded(0);
    let model = model(&mut params);
    let mut step = Step::new(|_, [x, labels]| model.forward(x, Mode::Train).cross_entropy(labels));
    let mut adam = Adam::new(1e-3);
    c.bench_function("a step of digits with Adam", |b| {
        b.iter(|| {
            step.run(&mut params, (&x, &labels)).expect("the batch fits the model");
            adam.step(&mut params, step.gradients()).expect("the optimizer fits the model");
        });
    });
}

criterion_group!(benches, first_step, compiling, every_step);
criterion_main!(benches);
