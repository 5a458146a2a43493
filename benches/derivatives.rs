//! What derivatives cost, in gradients: `cargo bench -p cotangent-benches --bench derivatives`.
//!
//! A Hessian-vector product of the digits loss (64-128-64-10, batch normalization, ReLU, batch 64,
//! cross-entropy) should cost at most 4 gradients, and a Jacobian of n outputs at most n
//! vector-Jacobian products. Both sides of a ratio run in turns, and the median over all turns counts,
//! so that a busy machine disturbs both alike.
//!
//! With `--profile` as argument after `--`, the time of every instruction of the Hessian-vector product
//! is printed too.

use std::time::{Duration, Instant};

use cotangent::nn::{Activation, BatchNorm, Linear, Loss, Mode, Sequential};
use cotangent::{Feed, Program};
use cotangent::{Gradient, Graph, Params, RunError, Seed, Var};
use ndarray::{Array1, Array2, ArrayD};

const BATCH: usize = 64;
const CLASSES: usize = 10;
const TURNS: usize = 60;

fn main() -> Result<(), RunError> {
    let mut params = Params::seeded(0);
    let model = digits(&mut params);
    let data = Data::new();
    hessian_vector_product(&params, &model, &data)?;
    jacobian(&params, &model, &data)
}

fn digits(params: &mut Params<f32>) -> Sequential {
    let mut p = params.root();
    Sequential::new()
        .then(Linear::new(64, 128).build(&mut p, "fc1"))
        .then(BatchNorm::new(128).build(&mut p, "bn1"))
        .then(Activation::Relu)
        .then(Linear::new(128, 64).build(&mut p, "fc2"))
        .then(BatchNorm::new(64).build(&mut p, "bn2"))
        .then(Activation::Relu)
        .then(Linear::new(64, CLASSES).build(&mut p, "fc3"))
}

/// A batch without a pattern; what is in it does not change the cost.
struct Data {
    images: Array2<f32>,
    labels: Array1<i64>,
}

impl Data {
    fn new() -> Self {
        Self {
            images: Array2::from_shape_fn((BATCH, 64), |(i, j)| ((64 * i + j) as f32).sin()),
            labels: Array1::from_shape_fn(BATCH, |i| (i * 7 % CLASSES) as i64),
        }
    }
}

fn hessian_vector_product(
    params: &Params<f32>,
    model: &Sequential,
    data: &Data,
) -> Result<(), RunError> {
    let graph = Graph::new();
    let (x, labels) = (graph.input("x", [BATCH, 64]), graph.index_input("labels", [BATCH]));
    let loss = model.forward(x, Mode::Train).cross_entropy(labels);
    let weights: Vec<Var<'_>> = params.trainable_entries().map(|p| graph.param(p)).collect();
    let gradients = Gradient::of(loss).with_respect_to(&weights)?;
    let mut gradient = Program::compile(&[&gradients[..], &[loss]].concat(), params);

    // The vectors are inputs, so that nothing about them is known beforehand.
    let vectors: Vec<Var<'_>> =
        weights.iter().map(|weight| graph.input("v", weight.shape())).collect();
    let products = Gradient::of(loss).hvp(&weights, &vectors)?;
    let mut product = Program::compile(&products, params);

    let directions: Vec<ArrayD<f32>> =
        weights.iter().map(|weight| ArrayD::from_elem(weight.shape().to_vec(), 0.1)).collect();
    let mut inputs: Vec<Feed<'_, f32>> = vec![(&data.images).into(), (&data.labels).into()];
    inputs.extend(directions.iter().map(Feed::from));
    let ratio = Ratio::of(
        || product.run(params, &inputs, Seed::default()),
        || gradient.run(params, &inputs[..2], Seed::default()),
    )?;
    ratio.print("Hessian-vector product of the digits loss ÷ gradient", 4.0);
    if std::env::args().any(|argument| argument == "--profile") {
        println!("{}", gradient.profile(params, &inputs[..2], 200)?);
        println!("{}", product.profile(params, &inputs, 200)?);
    }
    Ok(())
}

/// The Jacobian of the mean logits with respect to the weights of the first layer.
fn jacobian(params: &Params<f32>, model: &Sequential, data: &Data) -> Result<(), RunError> {
    let graph = Graph::new();
    let x = graph.input("x", [BATCH, 64]);
    let outputs = model.forward(x, Mode::Train).mean_over(0);
    let first = params.trainable_entries().next().expect("the model has parameters");
    let weight = graph.param(first);
    let mut whole = Program::compile(&[outputs.jacobian(weight)], params);
    let v = graph.input("v", [CLASSES]);
    let product = Gradient::of(outputs).cotangent(v).with_respect_to(&[weight])?;
    let mut product = Program::compile(&product, params);

    let direction = Array1::from_elem(CLASSES, 0.1_f32);
    let inputs: [Feed<'_, f32>; 2] = [(&data.images).into(), (&direction).into()];
    let ratio = Ratio::of(
        || whole.run(params, &inputs[..1], Seed::default()),
        || (0..CLASSES).try_for_each(|_| product.run(params, &inputs, Seed::default())),
    )?;
    ratio.print("Jacobian of 10 outputs ÷ 10 vector-Jacobian products", 1.0);
    Ok(())
}

/// The time of one thing relative to another.
struct Ratio {
    ratio: f64,
    times: [Duration; 2],
}

impl Ratio {
    /// Runs both in turns, after some runs to warm up.
    fn of(
        mut one: impl FnMut() -> Result<(), RunError>,
        mut other: impl FnMut() -> Result<(), RunError>,
    ) -> Result<Self, RunError> {
        let mut turns = Vec::with_capacity(TURNS);
        for _ in 0..TURNS + 5 {
            turns.push([time(&mut one)?, time(&mut other)?]);
        }
        let turns = &turns[5..];
        let quotient = |turn: &[Duration; 2]| turn[0].as_secs_f64() / turn[1].as_secs_f64();
        Ok(Self {
            ratio: median(turns.iter().map(quotient)),
            times: [0, 1].map(|side| {
                Duration::from_secs_f64(median(turns.iter().map(|turn| turn[side].as_secs_f64())))
            }),
        })
    }

    fn print(&self, what: &str, target: f64) {
        let [one, other] = self.times;
        let verdict = if self.ratio <= target { "met" } else { "missed" };
        println!("{what}: {:.2} ({one:.1?} / {other:.1?}; target {target}: {verdict})", self.ratio);
    }
}

/// The mean time of one of ten runs.
fn time(run: &mut impl FnMut() -> Result<(), RunError>) -> Result<Duration, RunError> {
    let start = Instant::now();
    for _ in 0..10 {
        run()?;
    }
    Ok(start.elapsed() / 10)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
