//! LeNet: two convolutions with pooling, three Linear layers; on 28×28 images.

use cotangent::prelude::*;
use serde_json::json;

use super::{Entry, Group, Model, Work, linear_flops};
use crate::Failure;
use crate::generate::Draw;
use crate::ours::{Ours, Trained};
use crate::plain;
use crate::spec::Optimizer;
use crate::stepfile::StepFile;

/// The steps of this kind.
pub fn steps() -> Vec<Entry> {
    vec![Entry {
        name: "lenet",
        summary: "5×5×6, 5×5×16, 400-120-84-10, SGD",
        group: Group::Image,
        batch: 64,
        optimizer: Some(Optimizer::sgd(0.9)),
        model: Box::new(LeNet),
    }]
}

struct LeNet;

/// A convolution with a square kernel, followed by ReLU and a maximum over pairs.
struct Convolution {
    name: &'static str,
    inputs: usize,
    outputs: usize,
    padding: usize,
    /// Height and width of the image that it gets.
    side: usize,
}

const KERNEL: usize = 5;

const CONVOLUTIONS: [Convolution; 2] = [
    Convolution { name: "conv1", inputs: 1, outputs: 6, padding: 2, side: 28 },
    Convolution { name: "conv2", inputs: 6, outputs: 16, padding: 0, side: 14 },
];

const LINEARS: [(usize, usize); 3] = [(400, 120), (120, 84), (84, 10)];

impl Convolution {
    /// Height and width of its output, before pooling.
    fn side_out(&self) -> usize {
        self.side + 2 * self.padding + 1 - KERNEL
    }
}

impl Model for LeNet {
    fn description(&self) -> serde_json::Value {
        json!({ "kind": "lenet" })
    }

    fn draw(&self, batch: usize, draw: &mut Draw) {
        for conv in &CONVOLUTIONS {
            draw.layer(conv.name, &[conv.outputs, conv.inputs, KERNEL, KERNEL]);
        }
        for (i, (inputs, outputs)) in LINEARS.into_iter().enumerate() {
            draw.layer(&format!("linear{i}"), &[outputs, inputs]);
        }
        draw.normal("x", &[batch, 1, 28, 28]);
        draw.labels(batch, 10);
    }

    fn reference(&self, file: &StepFile) -> Result<f64, Failure> {
        let mut x = plain::wide(file, "x")?;
        for conv in &CONVOLUTIONS {
            let image = plain::Image { channels: conv.inputs, side: conv.side };
            let bias = plain::wide(file, &format!("{}.bias", conv.name))?;
            let kernel = plain::wide(file, &format!("{}.weight", conv.name))?;
            x = plain::convolution(&x, image, &kernel, conv.outputs, 1, conv.padding);
            plain::bias_channels(&mut x, &bias, conv.side_out());
            plain::relu(&mut x);
            x = max_of_pairs(&x, conv.side_out());
        }
        for i in 0..LINEARS.len() {
            if i > 0 {
                plain::relu(&mut x);
            }
            x = plain::linear(file, &format!("linear{i}"), &x)?;
        }
        Ok(plain::cross_entropy(&x, &file.labels))
    }

    fn work(&self, batch: usize) -> Work {
        let (mut flops, mut activations) = (0.0, 0);
        for (i, conv) in CONVOLUTIONS.iter().enumerate() {
            let pixels = conv.side_out().pow(2);
            let window = conv.inputs * KERNEL * KERNEL;
            flops += linear_flops(batch * pixels, window, conv.outputs, i == 0);
            // Before and after pooling.
            activations += batch * conv.outputs * (pixels + pixels / 4);
        }
        for (inputs, outputs) in LINEARS {
            flops += linear_flops(batch, inputs, outputs, false);
            activations += if outputs == 10 { 0 } else { batch * outputs };
        }
        Work { flops, activations }
    }

    fn ours(&self, file: &StepFile) -> Result<Box<dyn Ours>, Failure> {
        let mut params = Params::seeded(0);
        let network = Network::new(&mut params.root());
        Ok(Box::new(Trained::classifier(file, params, move |x| network.forward(x))?))
    }
}

/// The largest of each 2×2 square in planes of this side.
fn max_of_pairs(x: &[f64], side: usize) -> Vec<f64> {
    let mut y = Vec::with_capacity(x.len() / 4);
    for rows in x.chunks(2 * side) {
        let (upper, lower) = rows.split_at(side);
        let pairs = upper.chunks(2).zip(lower.chunks(2));
        y.extend(pairs.map(|(a, b)| a[0].max(a[1]).max(b[0]).max(b[1])));
    }
    y
}

#[derive(Debug)]
struct Network(Sequential);

impl Network {
    fn new(scope: &mut Scope<'_>) -> Self {
        let mut layers = Sequential::new();
        for conv in &CONVOLUTIONS {
            let layer = Conv2d::new(conv.inputs, conv.outputs, KERNEL).padding(conv.padding);
            layers = layers.then(layer.build(scope, conv.name));
            layers = layers.then(Activation::Relu).then(MaxPool2d::new(2));
        }
        layers = layers.then(Flatten);
        for (i, (inputs, outputs)) in LINEARS.into_iter().enumerate() {
            if i > 0 {
                layers = layers.then(Activation::Relu);
            }
            layers = layers.then(Linear::new(inputs, outputs).build(scope, &format!("linear{i}")));
        }
        Self(layers)
    }

    fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        self.0.forward(x, Mode::Train)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_of_each_square() {
        let x: Vec<f64> = (0..16).map(f64::from).collect();
        assert_eq!(max_of_pairs(&x, 4), [5.0, 7.0, 13.0, 15.0]);
    }

    #[test]
    fn the_layers_chain() {
        assert_eq!(CONVOLUTIONS[0].side_out() / 2, CONVOLUTIONS[1].side);
        assert_eq!((CONVOLUTIONS[1].side_out() / 2).pow(2) * CONVOLUTIONS[1].outputs, LINEARS[0].0);
    }
}
