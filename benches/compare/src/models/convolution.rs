//! One convolution: its result, and the gradients of its image and of its kernels.

use cotangent::Gradient;
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
        name: "conv64",
        summary: "3×3 convolution, 64 to 64 channels, 56×56, with both gradients",
        group: Group::Image,
        batch: 8,
        optimizer: None,
        model: Box::new(Convolution),
    }]
}

const CHANNELS: usize = 64;
const SIDE: usize = 56;
const KERNEL: usize = 3;

struct Convolution;

impl Model for Convolution {
    fn description(&self) -> serde_json::Value {
        json!({ "kind": "convolution" })
    }

    /// The cotangent of the result is `u`.
    fn draw(&self, batch: usize, draw: &mut Draw) {
        let (images, kernels) =
            ([batch, CHANNELS, SIDE, SIDE], [CHANNELS, CHANNELS, KERNEL, KERNEL]);
        draw.weight("conv", &kernels);
        for name in ["x", "u", "v.y", "v.dx"] {
            draw.normal(name, &images);
        }
        draw.normal("v.dw", &kernels);
    }

    /// Both gradients are adjoints: ⟨v, dx(u)⟩ is ⟨conv(v, w), u⟩, and ⟨v, dw(u)⟩ is ⟨conv(x, v), u⟩.
    fn reference(&self, file: &StepFile) -> Result<f64, Failure> {
        let image = plain::Image { channels: CHANNELS, side: SIDE };
        let dot = |images: &str, kernels: &str, with: &str| -> Result<f64, Failure> {
            let (x, w) = (plain::wide(file, images)?, plain::wide(file, kernels)?);
            let y = plain::convolution(&x, image, &w, CHANNELS, 1, KERNEL / 2);
            Ok(y.iter().zip(plain::wide(file, with)?).map(|(y, v)| y * v).sum())
        };
        Ok(dot("x", "conv.weight", "v.y")?
            + dot("v.dx", "conv.weight", "u")?
            + dot("x", "v.dw", "u")?)
    }

    fn work(&self, batch: usize) -> Work {
        let pixels = batch * SIDE * SIDE;
        let products = 3.0 * 2.0 * (pixels * CHANNELS * CHANNELS * KERNEL * KERNEL) as f64;
        Work { flops: products, activations: 4 * pixels * CHANNELS }
    }

    fn ours(&self, file: &StepFile) -> Result<Box<dyn Ours>, Failure> {
        let mut params = Params::seeded(0);
        let conv = Conv2d::new(CHANNELS, CHANNELS, KERNEL).padding(KERNEL / 2).bias(false);
        let conv = conv.build(&mut params.root(), "conv");
        let results = ["y", "dx", "dw"];
        Ok(Box::new(Evaluation::new(file, params, ["x", "u"], results, move |g, [x, u]| {
            let y = conv.forward(x);
            let gradient = Gradient::of((y * u).sum());
            let gradients = gradient.with_respect_to(&[x, g.param(&conv.weight)]);
            let gradients = gradients.expect("the sum is a scalar that depends on both");
            [y, gradients[0], gradients[1]]
        })?))
    }
}
