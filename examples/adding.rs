//! The adding problem: of T random numbers in [0, 1) two are marked, and what is asked for is their sum. Only a network that
//! remembers can tell (Hochreiter and Schmidhuber, 1997; in this form Le, Jaitly and Hinton, arXiv:1504.00941).
//!
//! `cargo run --release --example adding` writes `target/adding.svg`.

use std::error::Error;
use std::fmt::Write;

use cotangent::ndarray::Array3;
use cotangent::prelude::*;
use cotangent::{Seed, write_atomically};

const T: usize = 50;
const BATCH: usize = 32;
const HIDDEN: usize = 32;
const UPDATES: u64 = 1500;
/// Sequences that are never trained on.
const TESTED: usize = 500;

/// An Lstm, and an affine map of what it says of the last number.
struct Adder {
    lstm: Lstm,
    head: Linear,
}

impl Adder {
    fn new(scope: &mut Scope<'_>) -> Self {
        Self {
            lstm: Lstm::new(2, HIDDEN).build(scope, "lstm"),
            head: Linear::new(HIDDEN, 1).build(scope, "head"),
        }
    }

    fn forward<'g>(&self, x: Var<'g>, mode: Mode) -> Var<'g> {
        self.head.forward(self.lstm.forward(x, mode).output.index_axis(0, -1))
    }
}

/// Sequences `[T, count, 2]` of numbers and marks, one mark in either half, with the sums of the marked numbers; other
/// ones for each `run`.
fn sequences(count: usize, run: u64) -> (Array3<f32>, Array2<f32>) {
    let draw = Seed { seed: 3, run };
    let half = |stream, i| (draw.uniform(stream, i as u64) * (T / 2) as f64) as usize;
    let mut x = Array3::from_shape_fn((T, count, 2), |(t, i, feature)| match feature {
        0 => draw.uniform(0, (i * T + t) as u64) as f32,
        _ => 0.0,
    });
    let mut sums = Array2::zeros((count, 1));
    for i in 0..count {
        for marked in [half(1, i), T / 2 + half(2, i)] {
            x[[marked, i, 1]] = 1.0;
            sums[[i, 0]] += x[[marked, i, 0]];
        }
    }
    (x, sums)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut params = Params::seeded(0);
    let model = Adder::new(&mut params.root());
    // The forget gate, second of four, begins open, so that memory reaches back before it is learnt how far
    // (Jozefowicz, Zaremba and Sutskever, 2015).
    let bias = model.lstm.stack.cells[0].bias_ih.as_ref().expect("it is built with one");
    let mut rows = params.get_mut(bias.id()).expect("it was built here");
    rows.iter_mut().skip(HIDDEN).take(HIDDEN).for_each(|b| *b = 1.0);

    let (x, sums) = sequences(TESTED, u64::MAX);
    let mut predict = Function::new(|_, [x]| model.forward(x, Mode::Eval));
    let before = predict.run(&params, (&x,))?.to_owned();

    let mut step = Step::new(|_, [x, sums]| model.forward(x, Mode::Train).mse(sums));
    let mut adam =
        Adam::new(1e-2).schedule(Cosine::new(1.0, 0.05, UPDATES)).with(ClipGlobalNorm::new(1.0));
    let mut errors = Vec::new();
    for update in 0..UPDATES {
        let (x, sums) = sequences(BATCH, update);
        errors.push(adam.train(&mut step, &mut params, (&x, &sums))?);
    }

    let after = predict.run(&params, (&x,))?.to_owned();
    let error = |predicted: &ArrayD<f32>| {
        let off = |(predicted, sum): (&f32, &f32)| f64::from(predicted - sum).powi(2);
        predicted.iter().zip(&sums).map(off).sum::<f64>() / TESTED as f64
    };
    let drawn = picture([&before, &after], &sums, &errors)?;
    write_atomically("target/adding.svg", drawn.as_bytes())?;
    let one = ArrayD::ones(vec![TESTED, 1]);
    println!("sequences of {T} numbers, {UPDATES} updates with {BATCH} of them each");
    println!("squared error: {:.4} predicting 1, {:.4} learnt", error(&one), error(&after));
    Ok(())
}

/// The side of a plot.
const SIDE: f64 = 240.0;

/// Predicted against true sums before and after, and the error of batches on its way, by powers of ten.
fn picture(
    predicted: [&ArrayD<f32>; 2],
    sums: &Array2<f32>,
    errors: &[f32],
) -> Result<String, std::fmt::Error> {
    let mut svg = String::from(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 930 330' font-family='sans-serif' \
         font-size='14' fill='#1d1f23'><rect width='930' height='330' fill='#fff'/>",
    );
    let titles = ["predicted before", "predicted after", "squared error, batch by batch"];
    for (i, title) in titles.into_iter().enumerate() {
        let from = 50.0 + 300.0 * i as f64;
        writeln!(svg, "<text x='{from}' y='30'>{title}</text>")?;
        writeln!(
            svg,
            "<rect x='{from}' y='44' width='{SIDE}' height='{SIDE}' fill='none' stroke='#999'/>"
        )?;
    }
    for (i, predicted) in predicted.into_iter().enumerate() {
        let from = 50.0 + 300.0 * i as f64;
        let (right, bottom) = (from + SIDE, 44.0 + SIDE);
        writeln!(svg, "<path d='M{from} {bottom}L{right} 44' stroke='#999'/>")?;
        for (sum, predicted) in sums.iter().zip(predicted) {
            let x = from + f64::from(*sum) / 2.0 * SIDE;
            let y = bottom - f64::from(predicted.clamp(0.0, 2.0)) / 2.0 * SIDE;
            writeln!(
                svg,
                "<circle cx='{x:.1}' cy='{y:.1}' r='2.5' fill='#0072b2' opacity='0.5'/>"
            )?;
        }
        writeln!(svg, "<text x='{from}' y='304'>0</text>")?;
        writeln!(svg, "<text x='{right}' y='304' text-anchor='end'>2</text>")?;
        let middle = from + 0.5 * SIDE;
        writeln!(svg, "<text x='{middle}' y='320' text-anchor='middle'>true sum</text>")?;
    }
    for (i, error) in ["1", "0.1", "0.01", "10⁻³", "10⁻⁴"].into_iter().enumerate() {
        let y = 44.0 + SIDE * i as f64 / 4.0;
        writeln!(svg, "<path d='M650 {y}h{SIDE}' stroke='#1d1f23' opacity='0.12'/>")?;
        writeln!(svg, "<text x='644' y='{}' text-anchor='end'>{error}</text>", y + 5.0)?;
    }
    let at = |(i, error): (usize, &f32)| {
        let x = 650.0 + SIDE * i as f64 / errors.len() as f64;
        let y = 44.0 - SIDE * f64::from(error.clamp(1e-4, 1.0)).log10() / 4.0;
        format!("{x:.1},{y:.1}")
    };
    let line = errors.iter().enumerate().map(at).collect::<Vec<_>>().join(" ");
    writeln!(svg, "<polyline points='{line}' fill='none' stroke='#d55e00'/>")?;
    writeln!(svg, "<text x='890' y='304' text-anchor='end'>{} updates</text>", errors.len())?;
    svg.push_str("</svg>\n");
    Ok(svg)
}
