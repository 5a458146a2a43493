//! A character more from the transformer of `transformer.rs`, through a cache of keys and values of a fixed length: what
//! generation does for each.

use cotangent::nn::attention::{DotProductAttention, Masks};
use cotangent::prelude::*;
use serde_json::json;

use super::transformer::{self, BLOCKS, Block, EPS, HEAD, HEADS, LINEARS, WIDTH};
use super::{Entry, Group, Model, Work};
use crate::Failure;
use crate::generate::Draw;
use crate::ours::{Evaluation, Ours};
use crate::plain;
use crate::stepfile::StepFile;

/// The steps of this kind.
pub fn steps() -> Vec<Entry> {
    vec![Entry {
        name: "sampling",
        summary: "a character more, 2 blocks of width 128, 4 heads, a cache of 256",
        group: Group::Sequence,
        batch: 1,
        optimizer: None,
        model: Box::new(Sampling),
    }]
}

const LENGTH: usize = 256;
const CHARACTERS: usize = 64;

struct Sampling;

impl Model for Sampling {
    fn description(&self) -> serde_json::Value {
        json!({ "kind": "sampling", "blocks": BLOCKS, "width": WIDTH, "heads": HEADS, "eps": EPS })
    }

    /// The cache is full to its end: what lies behind the position is not to be seen.
    fn draw(&self, batch: usize, draw: &mut Draw) {
        draw.normal("table.weight", &[CHARACTERS, WIDTH]);
        transformer::draw_blocks(draw);
        draw.layer("head", &[CHARACTERS, WIDTH]);
        draw.indices("x", &[batch, 1], CHARACTERS);
        draw.indices("position", &[1], LENGTH);
        draw.normal("cache", &[BLOCKS, 2, batch, HEADS, LENGTH, HEAD]);
        draw.normal("v.logits", &[batch, CHARACTERS]);
        draw.normal("v.cache", &[BLOCKS, 2, batch, HEADS, LENGTH, HEAD]);
    }

    fn reference(&self, file: &StepFile) -> Result<f64, Failure> {
        let (character, position) = (plain::wide(file, "x")?[0], plain::wide(file, "position")?[0]);
        let (character, position) = (character as usize, position as usize);
        let mut cache = plain::wide(file, "cache")?;
        let table = plain::wide(file, "table.weight")?;
        let mut x = table[character * WIDTH..][..WIDTH].to_vec();
        for (block, cache) in cache.chunks_mut(2 * HEADS * LENGTH * HEAD).enumerate() {
            transformer::plain_block(file, block, &mut x, |qkv| attention(qkv, position, cache))?;
        }
        let logits = plain::linear(file, "head", &transformer::layer_norm(file, "norm", &x)?)?;
        let dot = |x: &[f64], v: Vec<f64>| x.iter().zip(v).map(|(x, v)| x * v).sum::<f64>();
        let of_logits = dot(&logits, plain::wide(file, "v.logits")?);
        Ok(of_logits + dot(&cache, plain::wide(file, "v.cache")?))
    }

    fn work(&self, batch: usize) -> Work {
        let linears: usize = LINEARS.iter().map(|(_, inputs, outputs)| inputs * outputs).sum();
        let products = BLOCKS * (linears + 2 * LENGTH * WIDTH) + WIDTH * CHARACTERS;
        Work { flops: 2.0 * (batch * products) as f64, activations: BLOCKS * LENGTH * WIDTH }
    }

    fn ours(&self, file: &StepFile) -> Result<Box<dyn Ours>, Failure> {
        let mut params = Params::seeded(0);
        let sampler = Sampler::new(&mut params.root());
        let inputs = ["rows", "position", "cache"];
        let results = ["logits", "cache"];
        let next = Evaluation::new(file, params, inputs, results, move |_, x| sampler.next(x));
        Ok(Box::new(next?))
    }
}

struct Sampler {
    table: Embedding,
    blocks: Vec<Block>,
    norm: LayerNorm,
    head: Linear,
}

impl Sampler {
    fn new(scope: &mut Scope<'_>) -> Self {
        Self {
            table: Embedding::new(CHARACTERS, WIDTH).build(scope, "table"),
            blocks: transformer::build_blocks(scope),
            norm: LayerNorm::new(WIDTH).eps(EPS).build(scope, "norm"),
            head: Linear::new(WIDTH, CHARACTERS).build(scope, "head"),
        }
    }

    fn next<'g>(&self, [character, position, cache]: [Var<'g>; 3]) -> [Var<'g>; 2] {
        let position = position.index_axis(0, 0);
        let mut caches = Vec::with_capacity(BLOCKS);
        let mut x = self.table.forward(character);
        for (i, block) in self.blocks.iter().enumerate() {
            x = block.around(x, |qkv| {
                let (mixed, cache) = cached(qkv, position, cache.index_axis(0, i as isize));
                caches.push(cache);
                mixed
            });
        }
        let logits = self.head.forward(self.norm.forward(x).index_axis(1, 0));
        [logits, logits.graph().stack(&caches, 0)]
    }
}

/// Of one element's query, key and value, what it mixes of itself and those before it; and the cache with it.
fn cached<'g>(qkv: [Var<'g>; 3], position: Var<'g>, cache: Var<'g>) -> (Var<'g>, Var<'g>) {
    let g = position.graph();
    let [q, k, v] = qkv;
    let cache = cache.dynamic_update_slice(3, position, g.stack(&[k, v], 0));
    let seen = Masks::none().mask(g.arange(LENGTH).le(position));
    let attention = DotProductAttention::new().masks(seen);
    (attention.of(q, cache.index_axis(0, 0), cache.index_axis(0, 1)), cache)
}

/// The same by numbers: keys, then values of each head.
fn attention(qkv: &[f64], position: usize, cache: &mut [f64]) -> Vec<f64> {
    let place =
        |which: usize, head: usize, at: usize| ((which * HEADS + head) * LENGTH + at) * HEAD;
    let mut mixed = vec![0.0; WIDTH];
    for head in 0..HEADS {
        let part = |which: usize| &qkv[which * WIDTH + head * HEAD..][..HEAD];
        for which in 0..2 {
            cache[place(which, head, position)..][..HEAD].copy_from_slice(part(which + 1));
        }
        let row = |which, at| &cache[place(which, head, at)..][..HEAD];
        let scores: Vec<f64> = (0..=position)
            .map(|at| part(0).iter().zip(row(0, at)).map(|(q, k)| q * k).sum::<f64>())
            .map(|dot| dot / (HEAD as f64).sqrt())
            .collect();
        let log = plain::log_sum_exp(&scores);
        for (at, score) in scores.iter().enumerate() {
            let weighted: Vec<f64> = row(1, at).iter().map(|v| v * (score - log).exp()).collect();
            plain::add(&mut mixed[head * HEAD..][..HEAD], &weighted);
        }
    }
    mixed
}
