//! ResNet-20 for images of 32×32 pixels (K. He et al., "Deep residual learning for image recognition", 2016, section
//! 4.2): a convolution, nine blocks of two in three stages, the mean of the pixels, and a Linear layer.

use cotangent::Span;
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
        name: "resnet20",
        summary: "ResNet-20, 3×32×32, BatchNorm, SGD",
        group: Group::Image,
        batch: 32,
        optimizer: Some(Optimizer::sgd(0.9)),
        model: Box::new(ResNet),
    }]
}

const SIDE: usize = 32;
const WIDTHS: [usize; 3] = [16, 32, 64];
const BLOCKS: usize = 3;
const EPS: f64 = 1e-5;
const CLASSES: usize = 10;

struct ResNet;

/// A block, in numbers.
struct Block {
    name: String,
    inputs: usize,
    outputs: usize,
    stride: usize,
    /// Height and width of the image that it gets.
    side: usize,
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    let (mut inputs, mut side) = (WIDTHS[0], SIDE);
    for (stage, outputs) in WIDTHS.into_iter().enumerate() {
        for i in 0..BLOCKS {
            let stride = if stage > 0 && i == 0 { 2 } else { 1 };
            blocks.push(Block { name: format!("block{stage}{i}"), inputs, outputs, stride, side });
            (inputs, side) = (outputs, side / stride);
        }
    }
    blocks
}

impl Model for ResNet {
    fn description(&self) -> serde_json::Value {
        let block = |block: &Block| json!({ "name": block.name, "stride": block.stride });
        let blocks: Vec<_> = blocks().iter().map(block).collect();
        json!({ "kind": "resnet", "blocks": blocks, "bn_eps": EPS })
    }

    fn draw(&self, batch: usize, draw: &mut Draw) {
        draw.weight("conv", &[WIDTHS[0], 3, 3, 3]);
        draw.norm("norm", WIDTHS[0]);
        for Block { name, inputs, outputs, .. } in blocks() {
            draw.weight(&format!("{name}.conv1"), &[outputs, inputs, 3, 3]);
            draw.norm(&format!("{name}.norm1"), outputs);
            draw.weight(&format!("{name}.conv2"), &[outputs, outputs, 3, 3]);
            draw.norm(&format!("{name}.norm2"), outputs);
        }
        draw.layer("head", &[CLASSES, WIDTHS[2]]);
        draw.normal("x", &[batch, 3, SIDE, SIDE]);
        draw.labels(batch, CLASSES);
    }

    fn reference(&self, file: &StepFile) -> Result<f64, Failure> {
        let mut x = normed(file, "", 0, &plain::wide(file, "x")?, 3, SIDE, 1)?;
        plain::relu(&mut x);
        for Block { name, inputs, outputs, stride, side } in blocks() {
            let prefix = format!("{name}.");
            let mut y = normed(file, &prefix, 1, &x, inputs, side, stride)?;
            plain::relu(&mut y);
            let mut y = normed(file, &prefix, 2, &y, outputs, side / stride, 1)?;
            plain::add(&mut y, &shortcut(&x, inputs, outputs, side, stride));
            plain::relu(&mut y);
            x = y;
        }
        let pixels = x.len() / (file.labels.len() * WIDTHS[2]);
        let means: Vec<f64> =
            x.chunks(pixels).map(|plane| plane.iter().sum::<f64>() / pixels as f64).collect();
        Ok(plain::cross_entropy(&plain::linear(file, "head", &means)?, &file.labels))
    }

    fn work(&self, batch: usize) -> Work {
        let pixels = |side: usize| batch * side * side;
        let mut flops = linear_flops(pixels(SIDE), 3 * 9, WIDTHS[0], true);
        let mut activations = pixels(SIDE) * WIDTHS[0];
        for Block { inputs, outputs, stride, side, .. } in blocks() {
            for inputs in [inputs, outputs] {
                flops += linear_flops(pixels(side / stride), inputs * 9, outputs, false);
                activations += pixels(side / stride) * outputs;
            }
        }
        Work { flops: flops + linear_flops(batch, WIDTHS[2], CLASSES, false), activations }
    }

    fn ours(&self, file: &StepFile) -> Result<Box<dyn Ours>, Failure> {
        let mut params = Params::seeded(0);
        let network = Network::new(&mut params.root());
        Ok(Box::new(Trained::classifier(file, params, move |x| network.forward(x))?))
    }
}

/// The convolution of this number with its norm; of the first, which has none, the names have no number either.
fn normed(
    file: &StepFile,
    prefix: &str,
    number: usize,
    x: &[f64],
    channels: usize,
    side: usize,
    stride: usize,
) -> Result<Vec<f64>, Failure> {
    let number = if number == 0 { String::new() } else { number.to_string() };
    let array = |what: &str| plain::wide(file, &format!("{prefix}{what}"));
    let scale = array(&format!("norm{number}.weight"))?;
    let shift = array(&format!("norm{number}.bias"))?;
    let (outputs, image) = (scale.len(), plain::Image { channels, side });
    let kernels = array(&format!("conv{number}.weight"))?;
    let mut y = plain::convolution(x, image, &kernels, outputs, stride, 1);
    let pixels = (side / stride).pow(2);
    for (channel, (scale, shift)) in scale.iter().zip(&shift).enumerate() {
        let planes = y.chunks(pixels).skip(channel).step_by(outputs);
        let (mean, factor) = plain::standard(planes.flatten(), EPS);
        let planes = y.chunks_mut(pixels).skip(channel).step_by(outputs);
        planes.flatten().for_each(|v| *v = (*v - mean) * factor * scale + shift);
    }
    Ok(y)
}

/// Every `stride`-th pixel, and channels of zeros behind.
fn shortcut(x: &[f64], inputs: usize, outputs: usize, side: usize, stride: usize) -> Vec<f64> {
    let mut y = Vec::new();
    for image in x.chunks(inputs * side * side) {
        let rows = image.chunks(side).step_by(stride);
        y.extend(rows.flat_map(|row| row.iter().step_by(stride)));
        y.extend(vec![0.0; (outputs - inputs) * (side / stride).pow(2)]);
    }
    y
}

/// A convolution with its norm.
struct Normed(Conv2d, BatchNorm);

impl Normed {
    fn new(
        scope: &mut Scope<'_>,
        number: &str,
        [inputs, outputs]: [usize; 2],
        stride: usize,
    ) -> Self {
        let conv = Conv2d::new(inputs, outputs, 3).stride(stride).padding(1).bias(false);
        let conv = conv.build(scope, &format!("conv{number}"));
        Self(conv, BatchNorm::new(outputs).eps(EPS).build(scope, &format!("norm{number}")))
    }

    fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        self.1.forward(self.0.forward(x), Mode::Train)
    }
}

/// Two convolutions beside a shortcut.
struct Residual {
    first: Normed,
    second: Normed,
    stride: usize,
    /// Channels of zeros that the shortcut adds.
    more: usize,
}

impl Residual {
    fn new(scope: &mut Scope<'_>, block: &Block) -> Self {
        let Block { ref name, inputs, outputs, stride, .. } = *block;
        let mut scope = scope.child(name);
        let first = Normed::new(&mut scope, "1", [inputs, outputs], stride);
        let second = Normed::new(&mut scope, "2", [outputs, outputs], 1);
        Self { first, second, stride, more: outputs - inputs }
    }

    fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        let y = self.second.forward(self.first.forward(x).relu());
        (self.shortcut(x) + y).relu()
    }

    fn shortcut<'g>(&self, x: Var<'g>) -> Var<'g> {
        if self.stride == 1 {
            return x;
        }
        let some = Span::from(..).step(self.stride as isize);
        let x = x.slice(&[(..).into(), (..).into(), some, some]);
        x.pad([(0, 0), (0, self.more), (0, 0), (0, 0)], 0.0)
    }
}

struct Network {
    stem: Normed,
    blocks: Vec<Residual>,
    head: Linear,
}

impl Network {
    fn new(scope: &mut Scope<'_>) -> Self {
        let stem = Normed::new(scope, "", [3, WIDTHS[0]], 1);
        let blocks = blocks().iter().map(|block| Residual::new(scope, block)).collect();
        Self { stem, blocks, head: Linear::new(WIDTHS[2], CLASSES).build(scope, "head") }
    }

    fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        let x = self.stem.forward(x).relu();
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        self.head.forward(x.mean_over([2, 3]))
    }
}
