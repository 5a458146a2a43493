//! Learns where to begin, and how large a step to take: a network that fits a sine wave after one step on ten points of it
//! (Finn, Abbeel and Levine, "Model-agnostic meta-learning", arXiv:1703.03400; the rate by Li et al., arXiv:1707.09835).
//!
//! `cargo run --release --example meta` writes `target/meta.svg`.

use std::error::Error;
use std::f64::consts::PI;
use std::fmt::Write;

use cotangent::prelude::*;
use cotangent::{Seed, write_atomically};

const POINTS: usize = 10;
const TASKS: u32 = 8;
const UPDATES: u64 = 3000;

/// The network, and what a step of descent begins with.
struct Learner {
    layers: [Linear; 3],
    weights: Vec<Param>,
    log_rate: Param,
}

impl Learner {
    fn new(params: &mut Params) -> Self {
        let mut scope = params.root();
        let layers = [(1, 40, "fc1"), (40, 40, "fc2"), (40, 1, "head")]
            .map(|(inputs, outputs, name)| Linear::new(inputs, outputs).build(&mut scope, name));
        let log_rate =
            scope.parameter("log_rate", cotangent::ndarray::arr0(0.01_f64.ln()).into_dyn());
        let weights = params.trainable_entries().filter(|p| p.path() != "log_rate").cloned();
        Self { layers, weights: weights.collect(), log_rate }
    }

    fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        let [first, second, head] = &self.layers;
        head.forward(second.forward(first.forward(x).tanh()).tanh())
    }

    /// What the network answers at `at` after a step on the points (x, y): a function of the weights before it, and of the
    /// rate.
    fn adapted<'g>(&self, g: &'g Graph, [x, y, at]: [Var<'g>; 3]) -> Var<'g> {
        let before: Vec<Var<'g>> = self.weights.iter().map(|w| g.param(w)).collect();
        let loss = self.forward(x).mse(y);
        let gradients = Gradient::of(loss).with_respect_to(&before).expect("it depends on all");
        let rate = g.param(&self.log_rate).exp();
        let mut descent = Sgd::<f32>::new(0.01).unrolled(g, &before).learning_rate(rate);
        let after = descent.step(&gradients).iter().copied();
        let bindings: Vec<(&Param, Var<'g>)> = self.weights.iter().zip(after).collect();
        g.rebind(&bindings, || self.forward(at))
    }
}

/// A wave of some height and phase.
struct Task {
    draw: Seed,
    height: f64,
    phase: f64,
}

impl Task {
    fn new(number: u64) -> Self {
        let draw = Seed { seed: 7, run: number };
        Self { draw, height: 0.1 + 4.9 * draw.uniform(0, 0), phase: PI * draw.uniform(0, 1) }
    }

    fn at(&self, x: &Array2<f32>) -> Array2<f32> {
        x.mapv(|x| (self.height * (f64::from(x) - self.phase).sin()) as f32)
    }

    /// Points on [−5, 5], other ones for each stream.
    fn points(&self, stream: u64) -> Array2<f32> {
        Array2::from_shape_fn((POINTS, 1), |(i, _)| {
            (10.0 * self.draw.uniform(stream, i as u64) - 5.0) as f32
        })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut params = Params::seeded(0);
    let learner = Learner::new(&mut params);
    let untrained = params.clone();

    let mut step = Step::new(|g, [x, y, at, answer]| learner.adapted(g, [x, y, at]).mse(answer));
    let mut adam = Adam::new(2e-3).with(ClipGlobalNorm::new(10.0)).with(Accumulate::new(TASKS));
    for number in 0..UPDATES * u64::from(TASKS) {
        let task = Task::new(number);
        let (x, at) = (task.points(1), task.points(2));
        adam.train(&mut step, &mut params, (&x, &task.at(&x), &at, &task.at(&at)))?;
    }

    let mut adapted = Function::new(|g, [x, y, at]| learner.adapted(g, [x, y, at]));
    let mut error = |params: &Params| -> Result<f64, RunError> {
        let mut sum = 0.0;
        for number in 0..200 {
            let task = Task::new(u64::MAX - number);
            let (x, at) = (task.points(1), task.points(2));
            let answer = adapted.run(params, (&x, &task.at(&x), &at))?;
            let off = |(a, b): (&f32, &f32)| f64::from(a - b).powi(2) / POINTS as f64;
            sum += answer.iter().zip(&task.at(&at)).map(off).sum::<f64>();
        }
        Ok(sum / 200.0)
    };
    let (before, after) = (error(&untrained)?, error(&params)?);
    let drawn = picture(&learner, [&untrained, &params])?;
    write_atomically("target/meta.svg", drawn.as_bytes())?;
    let rate = params.get(learner.log_rate.id()).expect("it is there")[[]].exp();
    println!("learning rate: 0.01 at first, {rate:.3} learnt");
    println!("squared error after one step on {POINTS} points: {before:.2} before, {after:.2} now");
    Ok(())
}

/// A wave, points of it, and what the network answers after a step on them: begun anywhere, and where it was learnt to begin.
fn picture(learner: &Learner, of: [&Params; 2]) -> Result<String, Box<dyn Error>> {
    let task = Task::new(u64::MAX - 3);
    let grid = Array2::from_shape_fn((201, 1), |(i, _)| i as f32 / 20.0 - 5.0);
    let points = task.points(1);
    let place = |x: f32, y: f32| (350.0 + 64.0 * x, 190.0 - 30.0 * y);
    let line = |y: &mut dyn Iterator<Item = f32>| {
        let at = |(&x, y): (&f32, f32)| place(x, y);
        let pairs = grid.iter().zip(y).map(at).map(|(x, y)| format!("{x:.1},{y:.1}"));
        pairs.collect::<Vec<_>>().join(" ")
    };
    let mut svg = String::from(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 700 400' font-family='sans-serif' \
         font-size='15' fill='none' stroke-width='2.5'><rect width='700' height='400' fill='#fff'/>",
    );
    let mut adapted = Function::new(|g, [x, y, at]| learner.adapted(g, [x, y, at]));
    let wave = line(&mut task.at(&grid).into_iter());
    writeln!(svg, "<polyline points='{wave}' stroke='#999' stroke-width='6'/>")?;
    for (params, style) in of.into_iter().zip(["#d55e00' stroke-dasharray='9 5", "#0072b2"]) {
        let answer = adapted.run(params, (&points, &task.at(&points), &grid))?.to_owned();
        let answer = line(&mut answer.into_iter());
        writeln!(svg, "<polyline points='{answer}' stroke='{style}'/>")?;
    }
    for (&x, &y) in points.iter().zip(&task.at(&points)) {
        let (x, y) = place(x, y);
        writeln!(svg, "<circle cx='{x:.1}' cy='{y:.1}' r='6' fill='#1d1f23'/>")?;
    }
    let legend = [
        ("#999", "the wave"),
        ("#d55e00", "one step from a random beginning"),
        ("#0072b2", "one step from the one that was learnt"),
    ];
    for (i, (colour, text)) in legend.into_iter().enumerate() {
        writeln!(svg, "<text x='20' y='{}' fill='{colour}'>{text}</text>", 30 + 22 * i)?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}
