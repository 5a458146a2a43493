//! The product of a vector with the Hessian of a classifier's loss, over all its parameters: H·v, never forming H.

use cotangent::prelude::*;
use serde_json::json;

use super::tanh::{self, Network, names};
use super::{Entry, Group, Model, Work};
use crate::Failure;
use crate::generate::Draw;
use crate::ours::{Evaluation, Ours};
use crate::plain;
use crate::stepfile::StepFile;

/// The steps of this kind.
pub fn steps() -> Vec<Entry> {
    vec![Entry {
        name: "hvp",
        summary: "Hessian-vector product of 64-128-64-10, tanh",
        group: Group::Second,
        batch: 64,
        optimizer: None,
        model: Box::new(HessianProduct),
    }]
}

const SIZES: [usize; 4] = [64, 128, 64, 10];
const LAYERS: usize = SIZES.len() - 1;
/// Weight and bias of each layer, and a vector for each.
const PARTS: usize = 2 * LAYERS;

struct HessianProduct;

impl Model for HessianProduct {
    fn description(&self) -> serde_json::Value {
        json!({ "kind": "hessian_product", "sizes": SIZES })
    }

    fn draw(&self, batch: usize, draw: &mut Draw) {
        tanh::draw(&SIZES, true, draw);
        draw.normal("x", &[batch, SIZES[0]]);
        draw.labels(batch, SIZES[LAYERS]);
    }

    /// vᵀHv is the second derivative of the loss along v: the loss of p + t·v as a polynomial in t, cut after t².
    fn reference(&self, file: &StepFile) -> Result<f64, Failure> {
        let x = plain::wide(file, "x")?;
        let zeros = vec![0.0; x.len()];
        let mut x = [x, zeros.clone(), zeros];
        for i in 0..LAYERS {
            x = linear(file, i, &x)?;
            if i + 1 < LAYERS {
                tanh_along(&mut x);
            }
        }
        Ok(2.0 * cross_entropy_2(&x, &file.labels))
    }

    fn work(&self, batch: usize) -> Work {
        // Forward, along v, backward, and backward along v: 1 + 2 + 1 + 4 products of a layer. The batch is constant
        // and wants no gradient: 1 + 1 + 0 + 1 of the first.
        let products = |i| if i == 0 { 3.0 } else { 8.0 };
        let flops = |i| products(i) * 2.0 * (batch * SIZES[i] * SIZES[i + 1]) as f64;
        let hidden: usize = SIZES[1..LAYERS].iter().sum();
        let parameters: usize = (0..LAYERS).map(|i| (SIZES[i] + 1) * SIZES[i + 1]).sum();
        // The values, and how they change along v; v and Hv.
        Work {
            flops: (0..LAYERS).map(flops).sum(),
            activations: 2 * batch * hidden + 2 * parameters,
        }
    }

    fn ours(&self, file: &StepFile) -> Result<Box<dyn Ours>, Failure> {
        let mut params = Params::seeded(0);
        let network = Network::new(&mut params, &SIZES);
        let names: [String; PARTS] = names();
        let vectors = names.each_ref().map(|name| format!("v.{name}"));
        let input = |i: usize| if i < 2 { ["x", "labels"][i] } else { vectors[i - 2].as_str() };
        let inputs = std::array::from_fn(input);
        let results = names.each_ref().map(|name| name.as_str());
        let evaluation = Evaluation::new(file, params, inputs, results, move |_, inputs| {
            product(&network, inputs)
        });
        Ok(Box::new(evaluation?))
    }
}

fn product<'g>(network: &Network, inputs: [Var<'g>; 2 + PARTS]) -> [Var<'g>; PARTS] {
    let [x, labels, vectors @ ..] = inputs;
    let loss = network.forward(x).cross_entropy(labels);
    let parameters = network.parameters(x.graph());
    let products = Gradient::of(loss).hvp(&parameters, &vectors).expect("the loss depends on all");
    std::array::from_fn(|i| products[i])
}

/// A value along v: what it is, what it changes by with t, and with t².
type Polynomial = [Vec<f64>; 3];

/// (x₀ + x₁t + x₂t²)·(W + V·t)ᵀ + b + c·t.
fn linear(file: &StepFile, layer: usize, [x0, x1, x2]: &Polynomial) -> Result<Polynomial, Failure> {
    let name = format!("linear{layer}");
    let inputs = SIZES[layer];
    let along = plain::wide(file, &format!("v.{name}.weight"))?;
    let shift = plain::wide(file, &format!("v.{name}.bias"))?;
    let weight = plain::wide(file, &format!("{name}.weight"))?;
    let y0 = plain::linear(file, &name, x0)?;
    let mut y1 = plain::product(x1, &weight, inputs);
    plain::add(&mut y1, &plain::product(x0, &along, inputs));
    y1.chunks_mut(shift.len()).for_each(|row| plain::add(row, &shift));
    let mut y2 = plain::product(x2, &weight, inputs);
    plain::add(&mut y2, &plain::product(x1, &along, inputs));
    Ok([y0, y1, y2])
}

fn tanh_along([x0, x1, x2]: &mut Polynomial) {
    for ((x0, x1), x2) in x0.iter_mut().zip(x1).zip(x2) {
        *x0 = x0.tanh();
        let slope = 1.0 - *x0 * *x0;
        *x2 = slope * *x2 - *x0 * slope * *x1 * *x1;
        *x1 *= slope;
    }
}

/// The part with t² of the mean cross-entropy: of ln Σ exp(x), p·x₂ + (p·x₁² − (p·x₁)²)/2 with the softmax p.
fn cross_entropy_2([x0, x1, x2]: &Polynomial, labels: &[i64]) -> f64 {
    let classes = SIZES[LAYERS];
    let mut total = 0.0;
    for (row, &label) in labels.iter().enumerate() {
        let of = |x: &[f64]| x[row * classes..(row + 1) * classes].to_vec();
        let (x0, x1, x2) = (of(x0), of(x1), of(x2));
        let log = plain::log_sum_exp(&x0);
        let mean = |value: &dyn Fn(usize) -> f64| {
            (0..classes).map(|class| (x0[class] - log).exp() * value(class)).sum::<f64>()
        };
        let spread = mean(&|class| x1[class].powi(2)) - mean(&|class| x1[class]).powi(2);
        total += mean(&|class| x2[class]) + spread / 2.0 - x2[label as usize];
    }
    total / labels.len() as f64
}
