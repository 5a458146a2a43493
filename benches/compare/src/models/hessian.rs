//! The Hessian of the mean cross-entropy of softmax regression, with respect to weight and bias together: one matrix.

use cotangent::prelude::*;
use serde_json::json;

use super::{Entry, Group, Model, Work};
use crate::Failure;
use crate::generate::Draw;
use crate::ours::{Evaluation, Ours};
use crate::plain;
use crate::stepfile::StepFile;

/// The steps of this kind.
pub fn steps() -> Vec<Entry> {
    vec![Entry {
        name: "hessian",
        summary: "Hessian of softmax regression 32-10, 330 × 330",
        group: Group::Second,
        batch: 256,
        optimizer: None,
        model: Box::new(Hessian),
    }]
}

const INPUTS: usize = 32;
const CLASSES: usize = 10;
/// Those of the weight, a row for each class, and then those of the bias.
const PARAMETERS: usize = CLASSES * (INPUTS + 1);

struct Hessian;

impl Model for Hessian {
    fn description(&self) -> serde_json::Value {
        json!({ "kind": "hessian", "inputs": INPUTS, "classes": CLASSES })
    }

    fn draw(&self, batch: usize, draw: &mut Draw) {
        draw.layer("linear0", &[CLASSES, INPUTS]);
        draw.normal("x", &[batch, INPUTS]);
        draw.labels(batch, CLASSES);
        draw.normal("v.hessian", &[PARAMETERS, PARAMETERS]);
    }

    /// The mean of (diag p − p·pᵀ) ⊗ x·xᵀ, with the softmax p, and x followed by the 1 that the bias is multiplied by.
    fn reference(&self, file: &StepFile) -> Result<f64, Failure> {
        let x = plain::wide(file, "x")?;
        let logits = plain::linear(file, "linear0", &x)?;
        let weights = plain::wide(file, "v.hessian")?;
        let place = |class: usize, input: usize| match input {
            INPUTS => CLASSES * INPUTS + class,
            _ => class * INPUTS + input,
        };
        let mut total = 0.0;
        for (x, logits) in x.chunks(INPUTS).zip(logits.chunks(CLASSES)) {
            let x: Vec<f64> = x.iter().copied().chain([1.0]).collect();
            let log = plain::log_sum_exp(logits);
            let p: Vec<f64> = logits.iter().map(|v| (v - log).exp()).collect();
            for a in 0..CLASSES {
                for b in 0..CLASSES {
                    let mut sum = 0.0;
                    for i in 0..=INPUTS {
                        for j in 0..=INPUTS {
                            sum += weights[place(a, i) * PARAMETERS + place(b, j)] * x[i] * x[j];
                        }
                    }
                    total += p[a] * (f64::from(u8::from(a == b)) - p[b]) * sum;
                }
            }
        }
        Ok(total / file.labels.len() as f64)
    }

    fn work(&self, batch: usize) -> Work {
        // Forward, and a sum over the batch for each pair of classes and each pair of inputs: it is symmetric in both.
        let pairs = |n: usize| n * (n + 1) / 2;
        let sums = INPUTS * CLASSES + pairs(CLASSES) * pairs(INPUTS + 1);
        Work { flops: 2.0 * (batch * sums) as f64, activations: PARAMETERS * PARAMETERS }
    }

    fn ours(&self, file: &StepFile) -> Result<Box<dyn Ours>, Failure> {
        let mut params = Params::seeded(0);
        let linear = Linear::new(INPUTS, CLASSES).build(&mut params.root(), "linear0");
        let evaluation =
            Evaluation::new(file, params, ["x", "labels"], ["hessian"], move |g, [x, labels]| {
                [hessian(g, &linear, x, labels)]
            });
        Ok(Box::new(evaluation?))
    }
}

fn hessian<'g>(g: &'g Graph, linear: &Linear, x: Var<'g>, labels: Var<'g>) -> Var<'g> {
    let bias = linear.bias.as_ref().expect("it is built with one");
    let parameters = [g.param(&linear.weight), g.param(bias)];
    let loss = linear.forward(x).cross_entropy(labels);
    Gradient::of(loss).hessian_matrix(&parameters).expect("the loss depends on both")
}
