//! Two networks against each other: one makes points of noise, the other tells them from points of a ring of eight normal
//! distributions (Goodfellow et al., "Generative adversarial networks", arXiv:1406.2661). So that they meet, the critic pays for
//! steep slopes at true points, a gradient within a loss (Mescheder, Geiger and Nowozin, arXiv:1801.04406).
//!
//! `cargo run --release --example gan` writes `target/gan.svg`.

use std::error::Error;
use std::f64::consts::TAU;
use std::fmt::Write;

use cotangent::prelude::*;
use cotangent::{Seed, write_atomically};

const BATCH: usize = 128;
const HIDDEN: usize = 64;
const NOISE: usize = 4;
const UPDATES: u64 = 3000;
const MODES: usize = 8;
/// The deviation of a distribution of the ring, whose radius is 1.
const DEVIATION: f64 = 0.06;
/// How much a slope costs.
const GAMMA: f64 = 0.1;
/// How many points are drawn and counted.
const SHOWN: usize = 800;
/// When the points are drawn.
const MOMENTS: [u64; 4] = [0, UPDATES / 10, UPDATES / 3, UPDATES];

/// A network of two hidden layers, in a part of the store.
fn network(params: &mut Params, name: &str, [inputs, outputs]: [usize; 2]) -> Sequential {
    let mut root = params.root();
    let mut scope = root.child(name);
    let mut layer = |from, to, name| Linear::new(from, to).build(&mut scope, name);
    let hidden =
        Sequential::new().then(layer(inputs, HIDDEN, "fc0")).then(Activation::LeakyRelu(0.2));
    let hidden = hidden.then(layer(HIDDEN, HIDDEN, "fc1")).then(Activation::LeakyRelu(0.2));
    hidden.then(layer(HIDDEN, outputs, "fc2"))
}

/// The centre of a distribution of the ring.
fn centre(mode: usize) -> [f64; 2] {
    let (y, x) = (TAU * mode as f64 / MODES as f64).sin_cos();
    [x, y]
}

/// Points of the ring, other ones for each `run`.
fn ring(run: u64) -> Array2<f32> {
    let draw = Seed { seed: 5, run };
    Array2::from_shape_fn((BATCH, 2), |(i, axis)| {
        let mode = (draw.uniform(0, i as u64) * MODES as f64) as usize;
        (centre(mode)[axis] + DEVIATION * draw.normal(1 + axis as u64, i as u64)) as f32
    })
}

const TRAIN: Mode = Mode::Train;

/// Points made of noise, new ones at each update.
fn made<'g>(generator: &Sequential, g: &'g Graph) -> Var<'g> {
    generator.forward(g.normal([BATCH, NOISE], 0.0, 1.0), TRAIN)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut params = Params::seeded(0);
    let generator = network(&mut params, "generator", [NOISE, 2]);
    let critic = network(&mut params, "critic", [2, 1]);

    // Each step answers the gradients of one of the two, and each optimizer moves what they are of.
    let mut judge = Step::new(|g, [real]| {
        let (score, of_made) =
            (critic.forward(real, TRAIN), critic.forward(made(&generator, g), TRAIN));
        let told = (-score).softplus().mean() + of_made.softplus().mean();
        let slope = score.sum().grad(real);
        told + 0.5 * GAMMA * slope.square().sum_over(1).mean()
    })
    .with_respect_to("critic.*");
    let mut deceive = Step::new(|g, []| {
        let score = critic.forward(made(&generator, g), TRAIN);
        (-score).softplus().mean()
    })
    .with_respect_to("generator.*");
    let adam = || Adam::new(1e-3).betas(0.5, 0.99).schedule(Cosine::new(1.0, 0.02, UPDATES));
    let (mut judging, mut deceiving) = (adam(), adam());

    let noise = Array2::from_shape_fn((SHOWN, NOISE), |(i, axis)| {
        Seed { seed: 6, run: 0 }.normal(axis as u64, i as u64) as f32
    });
    let mut generate = Function::new(|_, [noise]| generator.forward(noise, Mode::Eval));
    let mut shown = Vec::new();
    for update in 0..=UPDATES {
        if MOMENTS.contains(&update) {
            shown.push(generate.run(&params, (&noise,))?.to_owned());
        }
        judging.train(&mut judge, &mut params, (&ring(update),))?;
        deceiving.train(&mut deceive, &mut params, ())?;
    }

    write_atomically("target/gan.svg", picture(&shown)?.as_bytes())?;
    let counts = counted(&shown[MOMENTS.len() - 1]);
    let near = counts.iter().sum::<usize>() as f64 / SHOWN as f64;
    // Half of a fair share.
    let met = counts.iter().filter(|&&count| count > SHOWN / MODES / 2).count();
    println!("{UPDATES} updates of each; near the distributions lie {counts:?} of {SHOWN} points");
    println!("{met} of {MODES} distributions are met, and {near:.2} of the points are near one");
    Ok(())
}

/// How many points lie within four deviations of each distribution.
fn counted(points: &ArrayD<f32>) -> [usize; MODES] {
    let near = |mode| {
        let [x, y] = centre(mode);
        let off = |point: &[f64; 2]| (point[0] - x).hypot(point[1] - y);
        let points = points.outer_iter().map(|point| [f64::from(point[0]), f64::from(point[1])]);
        points.filter(|point| off(point) < 4.0 * DEVIATION).count()
    };
    std::array::from_fn(near)
}

/// The side of a plot, and the half of what it shows.
const SIDE: f64 = 220.0;
const REACH: f64 = 1.6;

/// The points of four moments, over rings of three deviations around what is true.
fn picture(shown: &[ArrayD<f32>]) -> Result<String, std::fmt::Error> {
    let mut svg = String::from(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 980 290' font-family='sans-serif' \
         font-size='14' fill='#1d1f23'><rect width='980' height='290' fill='#fff'/>",
    );
    let scale = 0.5 * SIDE / REACH;
    for (i, (points, moment)) in shown.iter().zip(MOMENTS).enumerate() {
        let left = 25.0 + 236.0 * i as f64;
        let (x, y) = (left + 0.5 * SIDE, 44.0 + 0.5 * SIDE);
        writeln!(svg, "<text x='{left}' y='30'>after {moment} updates</text>")?;
        writeln!(
            svg,
            "<rect x='{left}' y='44' width='{SIDE}' height='{SIDE}' fill='none' stroke='#999'/>"
        )?;
        for mode in 0..MODES {
            let [cx, cy] = centre(mode);
            let (cx, cy, r) = (x + scale * cx, y - scale * cy, scale * 3.0 * DEVIATION);
            writeln!(
                svg,
                "<circle cx='{cx:.1}' cy='{cy:.1}' r='{r:.1}' fill='#d55e00' opacity='0.25'/>"
            )?;
        }
        for point in points.outer_iter() {
            let [px, py] = [0, 1].map(|axis| f64::from(point[axis]));
            if px.abs() < REACH && py.abs() < REACH {
                let (px, py) = (x + scale * px, y - scale * py);
                writeln!(
                    svg,
                    "<circle cx='{px:.1}' cy='{py:.1}' r='1.6' fill='#0072b2' opacity='0.6'/>"
                )?;
            }
        }
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}
