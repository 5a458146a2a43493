//! A language model of characters: a small transformer reads Shakespeare's sonnets, is compared with the table of which
//! letter follows which, and writes lines of its own, character by character, through a cache of keys and values.
//!
//! `cargo run --release --example gpt`; a number after `--` is that of updates.

use std::collections::BTreeSet;
use std::error::Error;

use cotangent::Seed;
use cotangent::ndarray::arr0;
use cotangent::nn::attention::{Masks, RotaryEmbedding};
use cotangent::nn::{TransformerEncoder, init::Init};
use cotangent::prelude::*;

const TEXT: &str = include_str!("data/sonnets.txt");
/// The last sonnets are never trained on.
const HELD_OUT: usize = 4;
const WIDTH: usize = 64;
const HEADS: usize = 4;
const LAYERS: usize = 2;
/// How many characters the model looks back.
const CONTEXT: usize = 96;
const BATCH: usize = 12;
const UPDATES: u64 = 700;

/// The next character, by all before it.
struct Gpt {
    characters: Embedding,
    blocks: TransformerEncoder,
    head: Linear,
}

impl Gpt {
    fn new(scope: &mut Scope<'_>, characters: usize) -> Self {
        let blocks = TransformerEncoder::new(WIDTH, HEADS, LAYERS).feedforward(4 * WIDTH);
        let blocks = blocks.activation(Activation::Gelu).dropout(0.2).norm_first().norm();
        let blocks = blocks.rotary(RotaryEmbedding::new(WIDTH / HEADS));
        let small = Init::normal(0.0, 0.02);
        Self {
            characters: Embedding::new(characters, WIDTH).init(small).build(scope, "characters"),
            blocks: blocks.build(scope, "blocks"),
            head: Linear::new(WIDTH, characters).build(scope, "head"),
        }
    }

    /// Logits `[batch, T, characters]` of what follows each of `[batch, T]`.
    fn forward<'g>(&self, text: Var<'g>, mode: Mode) -> Var<'g> {
        let x = self.characters.forward(text);
        self.head.forward(self.blocks.forward_masked(x, Masks::none().causal(), mode))
    }

    /// Logits `[1, characters]` of what follows one more character.
    fn next<'g>(&self, text: Var<'g>, position: Var<'g>, cache: Var<'g>) -> [Var<'g>; 2] {
        let (y, cache) = self.blocks.forward_cached(self.characters.forward(text), position, cache);
        [self.head.forward(y.index_axis(1, 0)), cache]
    }
}

/// −ln p of each character that follows, on average.
fn loss<'g>(logits: Var<'g>, next: Var<'g>) -> Var<'g> {
    logits.permute([0, 2, 1]).cross_entropy(next)
}

/// Windows of a text at these places, and the same one character later.
fn windows(text: &[i64], from: impl Iterator<Item = usize>) -> (Array2<i64>, Array2<i64>) {
    let from: Vec<usize> = from.collect();
    let at = |ahead: usize| {
        Array2::from_shape_fn((from.len(), CONTEXT), |(i, t)| text[from[i] + t + ahead])
    };
    (at(0), at(1))
}

/// −ln p of a text's characters by those before, counted in another; of all ways to smooth the counts, by the best.
fn bigram(counted: &[i64], text: &[i64], characters: usize) -> f64 {
    let mut pairs = Array2::<f64>::zeros((characters, characters));
    counted.windows(2).for_each(|pair| pairs[[pair[0] as usize, pair[1] as usize]] += 1.0);
    let smoothed = |more: f64| {
        let cost = |pair: &[i64]| {
            let row = pairs.row(pair[0] as usize);
            let all = row.sum() + more * characters as f64;
            -((row[pair[1] as usize] + more) / all).ln()
        };
        text.windows(2).map(cost).sum::<f64>() / (text.len() - 1) as f64
    };
    [0.01, 0.03, 0.1, 0.3, 1.0].map(smoothed).into_iter().fold(f64::INFINITY, f64::min)
}

fn main() -> Result<(), Box<dyn Error>> {
    let updates = std::env::args().nth(1).map_or(Ok(UPDATES), |number| number.parse())?;
    let alphabet: Vec<char> = TEXT.chars().collect::<BTreeSet<_>>().into_iter().collect();
    let index = |c: char| alphabet.binary_search(&c).expect("it is a character of the text") as i64;
    let numbered = |text: &str| text.chars().map(index).collect::<Vec<i64>>();
    let last = TEXT.rmatch_indices("\n\n").nth(HELD_OUT - 1).expect("there are more sonnets").0;
    let (text, unread) = (numbered(&TEXT[..last + 2]), numbered(&TEXT[last + 2..]));

    let mut params = Params::seeded(0);
    let model = Gpt::new(&mut params.root(), alphabet.len());
    let mut step = Step::new(|_, [text, next]| loss(model.forward(text, Mode::Train), next));
    let mut adam =
        Adam::adamw(3e-3).schedule(Cosine::new(1.0, 0.1, updates)).with(ClipGlobalNorm::new(1.0));
    for update in 0..updates {
        let draw = Seed { seed: 7, run: update };
        let place = |i| (draw.uniform(0, i) * (text.len() - CONTEXT) as f64) as usize;
        let (x, next) = windows(&text, (0..BATCH as u64).map(place));
        let loss = adam.train(&mut step, &mut params, (&x, &next))?;
        if (update + 1) % 100 == 0 {
            println!("update {:>4}: {loss:.2} nats a character", update + 1);
        }
    }

    // Windows overlap by half, so that what counts has as much before it.
    const HALF: usize = CONTEXT / 2;
    let mut judge = Function::new(|_, [text, next]| {
        let logits = model.forward(text, Mode::Eval);
        loss(logits.slice_axis(1, HALF..), next.slice_axis(1, HALF..))
    });
    let places: Vec<usize> = (0..unread.len() - CONTEXT).step_by(CONTEXT / 2).collect();
    let (x, next) = windows(&unread, places.iter().copied());
    let ours: f32 = judge.run(&params, (&x, &next))?[[]];
    let judged = HALF..places[places.len() - 1] + CONTEXT + 1;
    let table = bigram(&text, &unread[judged], alphabet.len());

    println!("\n{}\n", write(&model, &params, &alphabet, &numbered("Shall I "))?);
    println!(
        "{} parameters, {updates} updates; nats a character of {HELD_OUT} sonnets never read: {table:.3} by pairs of letters, \
         {ours:.3} by the transformer",
        params.trainable_count()
    );
    Ok(())
}

/// Goes on from a beginning, drawing each character by its probability: one program, run once for each.
fn write(
    model: &Gpt,
    params: &Params<f32>,
    alphabet: &[char],
    begun: &[i64],
) -> Result<String, RunError> {
    let mut next =
        Function::several(|_, [text, position, cache]| model.next(text, position, cache));
    let mut cache = ArrayD::<f32>::zeros(model.blocks.cache_shape(1, CONTEXT).to_vec());
    let (mut written, draw) = (begun.to_vec(), Seed { seed: 1, run: 0 });
    for position in 0..CONTEXT {
        let text = Array2::from_elem((1, 1), written[position]);
        let [logits, more] = next.run(params, (&text, &arr0(position as i64), &cache))?;
        cache = more.to_owned();
        if position + 1 < written.len() {
            continue;
        }
        // A little colder than what was learnt.
        let weights: Vec<f64> = logits.iter().map(|&x| (f64::from(x) / 0.7).exp()).collect();
        let mut left = draw.uniform(0, position as u64) * weights.iter().sum::<f64>();
        let drawn = weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        written.push(drawn.unwrap_or(0) as i64);
    }
    Ok(written.iter().map(|&i| alphabet[i as usize]).collect())
}
