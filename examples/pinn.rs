//! A network that solves Burgers' equation, of which it is told nothing but the equation: u_t + u·u_x = ν·u_xx on [−1, 1], from
//! u = −sin πx at t = 0, with u = 0 at both ends (Raissi, Perdikaris and Karniadakis, "Physics-informed neural networks", 2019).
//! What it answers is compared with the solution by Cole and Hopf.
//!
//! `cargo run --release --example pinn` writes `target/pinn.svg`.

use std::error::Error;
use std::f64::consts::PI;
use std::fmt::Write;

use cotangent::prelude::*;
use cotangent::write_atomically;

/// The viscosity ν.
const VISCOSITY: f64 = 0.02;
const POINTS: usize = 256;
const HIDDEN: usize = 32;
const UPDATES: u64 = 4000;

/// u(x, t) = −sin πx + t·(1 − x²)·N(x, t): so u is right at the beginning and at both ends, whatever the network N is.
struct Solution {
    network: Sequential,
}

impl Solution {
    fn new(scope: &mut Scope<'_>) -> Self {
        let mut layer = |from, to, name| Linear::new(from, to).build(scope, name);
        let network = Sequential::new().then(layer(2, HIDDEN, "fc0")).then(Activation::Tanh);
        let network = network.then(layer(HIDDEN, HIDDEN, "fc1")).then(Activation::Tanh);
        let network = network.then(layer(HIDDEN, HIDDEN, "fc2")).then(Activation::Tanh);
        Self { network: network.then(layer(HIDDEN, 1, "fc3")) }
    }

    /// u at points whose places and times are columns.
    fn at<'g>(&self, x: Var<'g>, t: Var<'g>) -> Var<'g> {
        let points = x.graph().concat(&[x, t], 1);
        let n = self.network.forward(points, Mode::Train);
        t * (1.0 - x.square()) * n - (PI * x).sin()
    }

    /// The mean square of what is left of the equation at random points. A sum over points has for its gradient the derivative
    /// at each of them, as no point has a say in the others.
    fn loss<'g>(&self, g: &'g Graph) -> Var<'g> {
        let (x, t) = (g.uniform([POINTS, 1], -1.0, 1.0), g.uniform([POINTS, 1], 0.0, 1.0));
        let u = self.at(x, t);
        let (u_x, u_t) = (u.sum().grad(x), u.sum().grad(t));
        let u_xx = u_x.sum().grad(x);
        (u_t + u * u_x - VISCOSITY * u_xx).square().mean()
    }
}

/// The solution by Cole and Hopf: a quotient of integrals over s, where η = √(4νt)·s,
///
/// u(x, t) = −∫ sin π(x − η)·w ds / ∫ w ds with w = exp(−s² − cos(π(x − η))/(2πν)).
fn exact(x: f64, t: f64) -> f64 {
    const STEPS: i32 = 4000;
    let (mut above, mut below) = (0.0, 0.0);
    for step in -STEPS..=STEPS {
        let s = 8.0 * f64::from(step) / f64::from(STEPS);
        let from = PI * (x - (4.0 * VISCOSITY * t).sqrt() * s);
        // At most 1.
        let weight = (-s * s - (1.0 + from.cos()) / (2.0 * PI * VISCOSITY)).exp();
        above += from.sin() * weight;
        below += weight;
    }
    -above / below
}

/// How many places and times are compared and drawn.
const PLACES: usize = 81;
const TIMES: usize = 41;

/// The place and the time of a point of the grid.
fn point(i: usize) -> [f64; 2] {
    let (time, place) = (i / PLACES, i % PLACES);
    [2.0 * place as f64 / (PLACES - 1) as f64 - 1.0, time as f64 / (TIMES - 1) as f64]
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut params = Params::seeded(0);
    let solution = Solution::new(&mut params.root());
    let mut step = Step::new(|g, []| solution.loss(g));
    let mut adam = Adam::new(5e-3).schedule(Cosine::new(1.0, 0.005, UPDATES));
    let mut losses = Vec::new();
    for _ in 0..UPDATES {
        losses.push(adam.train(&mut step, &mut params, ())?);
    }

    let grid =
        |axis: usize| Array2::from_shape_fn((PLACES * TIMES, 1), |(i, _)| point(i)[axis] as f32);
    let mut solve = Function::new(|_, [x, t]| solution.at(x, t));
    let solved = solve.run(&params, (&grid(0), &grid(1)))?;
    let solved: Vec<f64> = solved.iter().map(|&u| u.into()).collect();
    let truth: Vec<f64> = (0..PLACES * TIMES).map(|i| exact(point(i)[0], point(i)[1])).collect();
    write_atomically("target/pinn.svg", picture(&solved, &truth)?.as_bytes())?;

    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let off = norm(&mut solved.iter().zip(&truth).map(|(u, v)| u - v));
    let error = off / norm(&mut truth.iter().copied());
    let [first, last] = [losses[0], losses[losses.len() - 1]];
    println!("{UPDATES} updates, what is left of the equation: {first:.2e} to {last:.2e}");
    println!("relative error against the solution by Cole and Hopf: {error:.4}");
    Ok(())
}

const TOP: f64 = 50.0;
const HEIGHT: f64 = 260.0;

/// The answer over time and place, and at four times beside the truth.
fn picture(solved: &[f64], truth: &[f64]) -> Result<String, std::fmt::Error> {
    let mut svg = String::from(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 960 370' font-family='sans-serif' \
         font-size='14' fill='#1d1f23'><rect width='960' height='370' fill='#fff'/>\
         <text x='60' y='32'>u by the network: blue −1, white 0, red 1</text>\
         <text x='550' y='32'>u at t = 0, ¼, ½, 1: <tspan fill='#d55e00'>network</tspan>, \
         <tspan fill='#777'>solution</tspan></text><g shape-rendering='crispEdges'>",
    );
    let (width, height) = (410.0 / TIMES as f64, HEIGHT / PLACES as f64);
    for (i, &u) in solved.iter().enumerate() {
        let x = 60.0 + width * (i / PLACES) as f64;
        let y = TOP + HEIGHT - height * (i % PLACES + 1) as f64;
        let (pale, strong) = (255.0 - 200.0 * u.abs().min(1.0), 255.0 - 60.0 * u.abs().min(1.0));
        let [red, blue] = if u > 0.0 { [strong, pale] } else { [pale, strong] };
        let (width, height) = (width + 0.3, height + 0.3);
        writeln!(
            svg,
            "<rect x='{x:.1}' y='{y:.1}' width='{width:.1}' height='{height:.1}' \
             fill='rgb({red:.0},{pale:.0},{blue:.0})'/>"
        )?;
    }
    svg.push_str("</g>");
    for time in [0, TIMES / 4, TIMES / 2, TIMES - 1] {
        let along = |values: &[f64]| {
            let row = values[time * PLACES..][..PLACES].iter().enumerate();
            let at = |(place, u): (usize, &f64)| {
                let x = 550.0 + 380.0 * place as f64 / (PLACES - 1) as f64;
                format!("{x:.1},{:.1}", TOP + HEIGHT * (0.5 - 0.45 * u))
            };
            row.map(at).collect::<Vec<_>>().join(" ")
        };
        let (truth, solved) = (along(truth), along(solved));
        writeln!(svg, "<polyline points='{truth}' fill='none' stroke='#bbb' stroke-width='6'/>")?;
        writeln!(
            svg,
            "<polyline points='{solved}' fill='none' stroke='#d55e00' stroke-width='1.5'/>"
        )?;
    }
    for (left, width, from, to, name) in [(60, 410, "0", "1", "t"), (550, 380, "−1", "1", "x")] {
        let (right, middle) = (left + width, left + width / 2);
        writeln!(
            svg,
            "<rect x='{left}' y='{TOP}' width='{width}' height='{HEIGHT}' fill='none' stroke='#999'/>\
             <text x='{left}' y='330'>{from}</text>\
             <text x='{right}' y='330' text-anchor='end'>{to}</text>\
             <text x='{middle}' y='345' text-anchor='middle'>{name}</text>"
        )?;
    }
    // The curves leave a twentieth of the height free above and below.
    let ends = [("x", 50.0, 0.0), ("u", 540.0, 0.05 * HEIGHT)];
    for (name, x, free) in ends {
        let (high, low) = (TOP + free, TOP + HEIGHT - free);
        for (text, y) in [("1", high), (name, 0.5 * (high + low)), ("−1", low)] {
            writeln!(svg, "<text x='{x}' y='{:.1}' text-anchor='end'>{text}</text>", y + 5.0)?;
        }
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}
