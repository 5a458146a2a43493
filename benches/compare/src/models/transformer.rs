//! A transformer: blocks of attention and of two Linear layers, each behind a LayerNorm and beside a shortcut; the mean
//! over the steps is classified.

use cotangent::nn::attention::DotProductAttention;
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
    let entry = |name, summary, batch, steps| Entry {
        name,
        summary,
        group: Group::Sequence,
        batch,
        optimizer: Some(Optimizer::adam()),
        model: Box::new(Transformer { steps }),
    };
    vec![
        entry("transformer", "2 blocks of width 128, 4 heads, 64 steps, Adam", 16, 64),
        entry("transformer-512", "2 blocks of width 128, 4 heads, 512 steps, Adam", 2, 512),
    ]
}

pub(super) const BLOCKS: usize = 2;
pub(super) const WIDTH: usize = 128;
pub(super) const HEADS: usize = 4;
pub(super) const HEAD: usize = WIDTH / HEADS;
const WIDE: usize = 512;
const CLASSES: usize = 10;
pub(super) const EPS: f64 = 1e-5;

/// The Linear layers of a block: name, inputs, outputs.
pub(super) const LINEARS: [(&str, usize, usize); 4] =
    [("qkv", WIDTH, 3 * WIDTH), ("out", WIDTH, WIDTH), ("up", WIDTH, WIDE), ("down", WIDE, WIDTH)];

struct Transformer {
    steps: usize,
}

impl Model for Transformer {
    fn description(&self) -> serde_json::Value {
        json!({ "kind": "transformer", "blocks": BLOCKS, "width": WIDTH, "heads": HEADS, "eps": EPS })
    }

    fn draw(&self, batch: usize, draw: &mut Draw) {
        draw_blocks(draw);
        draw.layer("head", &[CLASSES, WIDTH]);
        draw.normal("x", &[batch, self.steps, WIDTH]);
        draw.labels(batch, CLASSES);
    }

    fn reference(&self, file: &StepFile) -> Result<f64, Failure> {
        let mut x = plain::wide(file, "x")?;
        for block in 0..BLOCKS {
            plain_block(file, block, &mut x, |qkv| attention(qkv, self.steps))?;
        }
        let x = layer_norm(file, "norm", &x)?;
        let mut means = vec![0.0; x.len() / self.steps];
        for (mean, sequence) in means.chunks_mut(WIDTH).zip(x.chunks(self.steps * WIDTH)) {
            sequence.chunks(WIDTH).for_each(|row| plain::add(mean, row));
            mean.iter_mut().for_each(|v| *v /= self.steps as f64);
        }
        Ok(plain::cross_entropy(&plain::linear(file, "head", &means)?, &file.labels))
    }

    fn work(&self, batch: usize) -> Work {
        let rows = batch * self.steps;
        // Each product of q·kᵀ and weights·v has two of its size in the backward pass.
        let attention = 2.0 * linear_flops(rows, self.steps, WIDTH, false);
        let of = |(_, inputs, outputs)| linear_flops(rows, inputs, outputs, false);
        let block = attention + LINEARS.into_iter().map(of).sum::<f64>();
        let widths: usize = LINEARS.iter().map(|(_, _, outputs)| outputs).sum();
        // What each Linear gives, what attention mixes, two norms and two sums: weights need not be stored.
        let of_block = rows * (widths + WIDTH + 4 * WIDTH);
        Work {
            flops: BLOCKS as f64 * block + linear_flops(batch, WIDTH, CLASSES, false),
            activations: BLOCKS * of_block + rows * WIDTH,
        }
    }

    fn ours(&self, file: &StepFile) -> Result<Box<dyn Ours>, Failure> {
        let mut params = Params::seeded(0);
        let network = Network::new(&mut params.root());
        Ok(Box::new(Trained::classifier(file, params, move |x| network.forward(x))?))
    }
}

/// The blocks and the norm behind them.
pub(super) fn draw_blocks(draw: &mut Draw) {
    for block in 0..BLOCKS {
        for (name, inputs, outputs) in LINEARS {
            draw.layer(&format!("block{block}.{name}"), &[outputs, inputs]);
        }
        draw.norm(&format!("block{block}.norm1"), WIDTH);
        draw.norm(&format!("block{block}.norm2"), WIDTH);
    }
    draw.norm("norm", WIDTH);
}

/// What a block makes of rows, given what attention mixes of their queries, keys and values.
pub(super) fn plain_block(
    file: &StepFile,
    block: usize,
    x: &mut [f64],
    attention: impl FnOnce(&[f64]) -> Vec<f64>,
) -> Result<(), Failure> {
    let name = |part: &str| format!("block{block}.{part}");
    let y = layer_norm(file, &name("norm1"), x)?;
    let qkv = plain::linear(file, &name("qkv"), &y)?;
    plain::add(x, &plain::linear(file, &name("out"), &attention(&qkv))?);
    let y = layer_norm(file, &name("norm2"), x)?;
    let mut y = plain::linear(file, &name("up"), &y)?;
    y.iter_mut().for_each(|v| *v = gelu(*v));
    plain::add(x, &plain::linear(file, &name("down"), &y)?);
    Ok(())
}

pub(super) fn layer_norm(file: &StepFile, name: &str, x: &[f64]) -> Result<Vec<f64>, Failure> {
    let scale = plain::wide(file, &format!("{name}.weight"))?;
    let shift = plain::wide(file, &format!("{name}.bias"))?;
    let mut y = x.to_vec();
    for row in y.chunks_mut(WIDTH) {
        let (mean, factor) = plain::standard(row.iter(), EPS);
        for ((v, scale), shift) in row.iter_mut().zip(&scale).zip(&shift) {
            *v = (*v - mean) * factor * scale + shift;
        }
    }
    Ok(y)
}

/// Rows of queries, keys and values, mixed head by head.
fn attention(qkv: &[f64], steps: usize) -> Vec<f64> {
    let mut mixed = vec![0.0; qkv.len() / 3];
    for (sequence, mixed) in qkv.chunks(steps * 3 * WIDTH).zip(mixed.chunks_mut(steps * WIDTH)) {
        for head in 0..HEADS {
            // The part of a row: 0 for its query, 1 for its key, 2 for its value.
            let part = |row: usize, which: usize| {
                let start = (row * 3 + which) * WIDTH + head * HEAD;
                &sequence[start..start + HEAD]
            };
            for row in 0..steps {
                let query = part(row, 0);
                let dot = |key: &[f64]| query.iter().zip(key).map(|(q, k)| q * k).sum::<f64>();
                let scores: Vec<f64> =
                    (0..steps).map(|at| dot(part(at, 1)) / (HEAD as f64).sqrt()).collect();
                let log = plain::log_sum_exp(&scores);
                let start = row * WIDTH + head * HEAD;
                for (at, score) in scores.iter().enumerate() {
                    let weighted: Vec<f64> =
                        part(at, 2).iter().map(|v| v * (score - log).exp()).collect();
                    plain::add(&mut mixed[start..start + HEAD], &weighted);
                }
            }
        }
    }
    mixed
}

/// x·Φ(x), with the normal distribution function Φ.
fn gelu(x: f64) -> f64 {
    x * 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

struct Network {
    blocks: Vec<Block>,
    norm: LayerNorm,
    head: Linear,
}

pub(super) struct Block {
    norm1: LayerNorm,
    norm2: LayerNorm,
    qkv: Linear,
    out: Linear,
    up: Linear,
    down: Linear,
}

pub(super) fn build_blocks(scope: &mut Scope<'_>) -> Vec<Block> {
    (0..BLOCKS).map(|i| Block::new(&mut scope.child(&format!("block{i}")))).collect()
}

impl Network {
    fn new(scope: &mut Scope<'_>) -> Self {
        Self {
            blocks: build_blocks(scope),
            norm: LayerNorm::new(WIDTH).eps(EPS).build(scope, "norm"),
            head: Linear::new(WIDTH, CLASSES).build(scope, "head"),
        }
    }

    fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        let attention = |[q, k, v]: [Var<'g>; 3]| DotProductAttention::new().of(q, k, v);
        let x = self.blocks.iter().fold(x, |x, block| block.around(x, attention));
        self.head.forward(self.norm.forward(x).mean_over(1))
    }
}

impl Block {
    fn new(scope: &mut Scope<'_>) -> Self {
        let [qkv, out, up, down] =
            LINEARS.map(|(name, inputs, outputs)| Linear::new(inputs, outputs).build(scope, name));
        let [norm1, norm2] =
            ["norm1", "norm2"].map(|name| LayerNorm::new(WIDTH).eps(EPS).build(scope, name));
        Self { norm1, norm2, qkv, out, up, down }
    }

    /// The block around an attention, which gets queries, keys and values, `[batch, heads, steps, …]`.
    pub(super) fn around<'g>(
        &self,
        x: Var<'g>,
        attention: impl FnOnce([Var<'g>; 3]) -> Var<'g>,
    ) -> Var<'g> {
        let [batch, steps] = [x.shape()[0], x.shape()[1]];
        let parts = self.qkv.forward(self.norm1.forward(x)).split(&[WIDTH; 3], -1);
        let of_heads =
            |i: usize| parts[i].reshape_to([batch, steps, HEADS, HEAD]).permute([0, 2, 1, 3]);
        let mixed = attention([0, 1, 2].map(of_heads)).permute([0, 2, 1, 3]);
        let x = x + self.out.forward(mixed.reshape_to([batch, steps, WIDTH]));
        x + self.down.forward(self.up.forward(self.norm2.forward(x)).gelu())
    }
}
