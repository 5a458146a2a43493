//! An ordinary differential equation whose right-hand side is a network, learnt from a spiral (Chen et al., "Neural ordinary
//! differential equations", arXiv:1806.07366). Loops of the graph solve it: by the classical Runge–Kutta method, and by that of
//! Dormand and Prince, which chooses its steps. Gradients come from the loop backwards, or from the adjoint equation, which is
//! solved like any other; the two are compared.
//!
//! `cargo run --release --example ode --features double` writes `target/ode.svg`.

#[path = "ode/solvers.rs"]
mod solvers;

use std::error::Error;
use std::fmt::Write;

use cotangent::ndarray::Array3;
use cotangent::prelude::*;
use cotangent::{Seed, write_atomically};
use solvers::{adaptive, fixed};

const HIDDEN: usize = 48;
const UPDATES: u64 = 2000;
const BATCH: usize = 32;
/// The steps of the whole path, and of the pieces of it that are learnt from.
const STEPS: usize = 1000;
const AHEAD: usize = 30;
const LENGTH: f64 = 0.02;
/// How far the gradients are compared, and the tolerance of the solver there.
const TIME: f64 = 2.0;
const TOLERANCE: f64 = 1e-9;

/// y′ = A·y³ for y in rows: a spiral inwards.
fn spiral<'g>(y: Var<'g>) -> Var<'g> {
    let turning = y.graph().constant(array![[-0.1, 2.0], [-2.0, -0.1]]);
    (y * y.square()).matmul(turning)
}

/// y′ by a network.
struct Field {
    hidden: Linear,
    output: Linear,
    weights: Vec<Param>,
}

impl Field {
    fn new(params: &mut Params<f64>) -> Self {
        let hidden = Linear::new(2, HIDDEN).build(&mut params.root(), "hidden");
        let output = Linear::new(HIDDEN, 2).build(&mut params.root(), "output");
        Self { hidden, output, weights: params.trainable_entries().cloned().collect() }
    }

    fn slope<'g>(&self, y: Var<'g>) -> Var<'g> {
        self.output.forward(self.hidden.forward(y * y.square()).tanh())
    }

    /// Where y is after `TIME`.
    fn end<'g>(&self, y: Var<'g>) -> Var<'g> {
        adaptive(&[y], TIME, TOLERANCE, |y| vec![self.slope(y[0])])[0]
    }

    /// The gradients of ½‖y‖² after `TIME`, all elements in a row: back through the steps of the solver.
    fn reversed<'g>(&self, g: &'g Graph, y: Var<'g>) -> Var<'g> {
        let loss = 0.5 * self.end(y).square().sum();
        let weights: Vec<Var<'g>> = self.weights.iter().map(|w| g.param(w)).collect();
        let gradients = Gradient::of(loss).with_respect_to(&weights).expect("it depends on all");
        in_a_row(&gradients)
    }

    /// The same by the adjoint equation. With f(y) for the slope and a for the gradient with respect to y, which is y at the
    /// end,
    ///
    /// a′ = −(∂f/∂y)ᵀ·a, and the gradient with respect to the weights w is ∫ (∂f/∂w)ᵀ·a dt.
    ///
    /// All go back from the end, y as well, so that nothing of the way is kept.
    fn adjoint<'g>(&self, g: &'g Graph, y: Var<'g>) -> Var<'g> {
        let weights: Vec<Var<'g>> = self.weights.iter().map(|w| g.param(w)).collect();
        let end = self.end(y).stop_gradient();
        let mut state = vec![end, end];
        state.extend(weights.iter().map(|w| g.full(w.shape(), 0.0)));
        let begin = adaptive(&state, TIME, TOLERANCE, |state| {
            // Within a step, y and a are results of the weights, too: not here.
            let (y, a) = (state[0].stop_gradient(), state[1].stop_gradient());
            let slope = self.slope(y);
            let mut of = vec![y];
            of.extend(&weights);
            let along = (slope * a).sum();
            let gradients = Gradient::of(along).with_respect_to(&of).expect("it depends on all");
            let mut slopes = vec![-slope];
            slopes.extend(gradients.iter().copied());
            slopes
        });
        in_a_row(&begin[2..])
    }
}

fn in_a_row<'g>(parts: &[Var<'g>]) -> Var<'g> {
    let parts: Vec<Var<'g>> = parts.iter().map(|part| part.flatten()).collect();
    parts[0].graph().concat(&parts, 0)
}

/// Places on the path, and what comes next of it, `[AHEAD, BATCH, 2]`; others at each update.
fn pieces(path: &ArrayD<f64>, update: u64) -> (Array2<f64>, Array3<f64>) {
    let draw = Seed { seed: 2, run: update };
    let from = |i: usize| (draw.uniform(0, i as u64) * (STEPS - AHEAD) as f64) as usize;
    let y = Array2::from_shape_fn((BATCH, 2), |(i, axis)| path[[from(i), 0, axis]]);
    let ahead = |(t, i, axis)| path[[from(i) + 1 + t, 0, axis]];
    (y, Array3::from_shape_fn((AHEAD, BATCH, 2), ahead))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut params = Params::<f64>::with_seed(0);
    let field = Field::new(&mut params);
    let start = array![[2.0, 0.0]];

    let mut both = Function::several(|g, [y]| [field.reversed(g, y), field.adjoint(g, y)]);
    let [reversed, adjoint] = both.run(&params, (&start,))?;
    let largest = reversed.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    let off = reversed.iter().zip(&adjoint).map(|(a, b)| (a - b).abs() / largest);
    let off = off.fold(0.0, f64::max);

    let truth =
        Function::new(|_, [y]| fixed(y, STEPS, LENGTH, spiral)).run(&params, (&start,))?.to_owned();
    let mut walk = Function::new(|_, [y]| fixed(y, STEPS, LENGTH, |y| field.slope(y)));
    let before = walk.run(&params, (&start,))?.to_owned();
    let mut step =
        Step::new(|_, [y, ahead]| fixed(y, AHEAD, LENGTH, |y| field.slope(y)).mse(ahead));
    let mut adam = Adam::new(3e-2).schedule(Cosine::new(1.0, 0.01, UPDATES));
    for update in 0..UPDATES {
        let (y, ahead) = pieces(&truth, update);
        adam.train(&mut step, &mut params, (&y, &ahead))?;
    }
    let after = walk.run(&params, (&start,))?.to_owned();

    let drawn = picture(&truth, [&before, &after])?;
    write_atomically("target/ode.svg", drawn.as_bytes())?;
    let distance = |path: &ArrayD<f64>| (path - &truth).mapv(f64::abs).mean().unwrap_or(f64::NAN);
    println!("{UPDATES} updates on pieces of {AHEAD} steps of a path of {STEPS}");
    println!(
        "gradients by the adjoint differ by {off:.1e}; distance from the spiral: {:.3} before, {:.3} learnt",
        distance(&before),
        distance(&after),
    );
    Ok(())
}

/// The side of a plot, and the half of what it shows.
const SIDE: f64 = 340.0;
const REACH: f64 = 2.3;

/// The spiral and the network's path, before and after.
fn picture(truth: &ArrayD<f64>, paths: [&ArrayD<f64>; 2]) -> Result<String, std::fmt::Error> {
    let mut svg = String::from(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 780 410' font-family='sans-serif' \
         font-size='14' fill='#1d1f23'><rect width='780' height='410' fill='#fff'/>",
    );
    for (i, path) in paths.into_iter().enumerate() {
        let left = 30.0 + 380.0 * i as f64;
        let when = ["before", "after"][i];
        let line = |path: &ArrayD<f64>| {
            let at = |z: f64| 0.5 * SIDE * (1.0 + z / REACH);
            let inside = |t: &usize| [0, 1].iter().all(|&axis| path[[*t, 0, axis]].abs() < REACH);
            let point = |t| (left + at(path[[t, 0, 0]]), 44.0 + at(-path[[t, 0, 1]]));
            let points = (0..STEPS).take_while(inside).map(point);
            let points = points.map(|(x, y)| format!("{x:.1},{y:.1}"));
            points.collect::<Vec<_>>().join(" ")
        };
        let (truth, path) = (line(truth), line(path));
        writeln!(
            svg,
            "<text x='{left}' y='30'>the <tspan fill='#777'>spiral</tspan> and the \
             <tspan fill='#0072b2'>network</tspan>, {when} it is learnt</text>\
             <rect x='{left}' y='44' width='{SIDE}' height='{SIDE}' fill='none' stroke='#999'/>\
             <polyline points='{truth}' fill='none' stroke='#ccc' stroke-width='6'/>\
             <polyline points='{path}' fill='none' stroke='#0072b2' stroke-width='1.5'/>"
        )?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}
