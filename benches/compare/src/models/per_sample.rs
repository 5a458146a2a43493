//! The squared norm of the gradient of each sample's loss by itself, over all parameters of a classifier: what clips
//! gradients sample by sample, or tells which samples matter.

use cotangent::prelude::*;
use serde_json::json;

use super::tanh::{self, Network};
use super::{Entry, Group, Model, Work};
use crate::Failure;
use crate::generate::Draw;
use crate::ours::{Evaluation, Ours};
use crate::plain;
use crate::stepfile::StepFile;

/// The steps of this kind.
pub fn steps() -> Vec<Entry> {
    vec![Entry {
        name: "per-sample",
        summary: "gradient norms of each sample, 64-128-64-10, tanh",
        group: Group::Second,
        batch: 64,
        optimizer: None,
        model: Box::new(PerSample),
    }]
}

const SIZES: [usize; 4] = [64, 128, 64, 10];
const LAYERS: usize = SIZES.len() - 1;

struct PerSample;

impl Model for PerSample {
    fn description(&self) -> serde_json::Value {
        json!({ "kind": "per_sample", "sizes": SIZES })
    }

    fn draw(&self, batch: usize, draw: &mut Draw) {
        tanh::draw(&SIZES, false, draw);
        draw.normal("x", &[batch, SIZES[0]]);
        draw.labels(batch, SIZES[LAYERS]);
        draw.normal("v.norms", &[batch]);
    }

    /// The gradient of a weight is the outer product of the cotangent of the layer's value and of the layer's input,
    /// and that of the bias is the cotangent: their squared norm is |cotangent|² · (|input|² + 1).
    fn reference(&self, file: &StepFile) -> Result<f64, Failure> {
        let weights = plain::wide(file, "v.norms")?;
        let batch = plain::wide(file, "x")?;
        let mut total = 0.0;
        for (sample, x) in batch.chunks(SIZES[0]).enumerate() {
            let mut inputs = vec![x.to_vec()];
            for i in 0..LAYERS {
                let mut y = plain::linear(file, &format!("linear{i}"), &inputs[i])?;
                if i + 1 < LAYERS {
                    y.iter_mut().for_each(|v| *v = v.tanh());
                }
                inputs.push(y);
            }
            let mut cotangent = inputs.pop().expect("there are layers");
            let log = plain::log_sum_exp(&cotangent);
            cotangent.iter_mut().for_each(|v| *v = (*v - log).exp());
            cotangent[file.labels[sample] as usize] -= 1.0;
            for i in (0..LAYERS).rev() {
                total += weights[sample] * squares(&cotangent) * (squares(&inputs[i]) + 1.0);
                let weight = plain::wide(file, &format!("linear{i}.weight"))?;
                let back = |(column, x): (usize, &f64)| {
                    let rows = weight.chunks(SIZES[i]).zip(&cotangent);
                    (1.0 - x * x) * rows.map(|(row, c)| row[column] * c).sum::<f64>()
                };
                cotangent = inputs[i].iter().enumerate().map(back).collect();
            }
        }
        Ok(total)
    }

    fn work(&self, batch: usize) -> Work {
        // Forward and, but for the first layer, back. The norms can be had without the gradients themselves.
        let products = |i| if i == 0 { 1.0 } else { 2.0 };
        let flops = |i| products(i) * 2.0 * (batch * SIZES[i] * SIZES[i + 1]) as f64;
        let hidden: usize = SIZES[1..LAYERS].iter().sum();
        Work { flops: (0..LAYERS).map(flops).sum(), activations: batch * (hidden + 1) }
    }

    fn ours(&self, file: &StepFile) -> Result<Box<dyn Ours>, Failure> {
        let mut params = Params::seeded(0);
        let network = Network::new(&mut params, &SIZES);
        let evaluation =
            Evaluation::new(file, params, ["x", "labels"], ["norms"], move |_, inputs| {
                [norms(&network, inputs)]
            });
        Ok(Box::new(evaluation?))
    }
}

fn norms<'g>(network: &Network, [x, labels]: [Var<'g>; 2]) -> Var<'g> {
    let g = x.graph();
    let parameters = network.parameters(g);
    let norms = g.vmap(&[(x, 0), (labels, 0)], |sample| {
        let logits = network.forward(sample[0].unsqueeze(0));
        let loss = Gradient::of(logits.cross_entropy(sample[1].unsqueeze(0)));
        let gradients = loss.with_respect_to(&parameters).expect("the loss depends on all");
        let squares = gradients.into_iter().map(|gradient| gradient.square().sum());
        vec![squares.reduce(|a, b| a + b).expect("there are parameters")]
    });
    norms[0]
}

fn squares(x: &[f64]) -> f64 {
    x.iter().map(|v| v * v).sum()
}
