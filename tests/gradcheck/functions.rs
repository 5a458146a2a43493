//! Random correct functions, on which the checker must raise no alarm, and leave nothing open.

use cotangent::check::Check;
use cotangent::ops::Sample;
use cotangent::{Graph, Seed, Var, keep};

use crate::examine::{Outcome, in_parallel, values};

/// How many functions.
const COUNT: u64 = 200;

/// Operations in each, between its inputs and its value.
const DEPTH: u64 = 9;

/// Checks the functions to second order.
pub fn all() -> Outcome {
    let runs: Vec<u64> = (0..COUNT).collect();
    let reports = in_parallel(&runs, |&run| {
        let shapes: [&[usize]; 3] = [&[2, 3], &[1, 3], &[2, 1]];
        let samples = shapes.map(|shape| Sample::real(shape, -2.0 * scale(run)..2.0 * scale(run)));
        let check = Check::new().order(2).seed(run);
        check.run(|g, x| function(run, g, x), &values(&samples)).unwrap()
    });
    let mut outcome = Outcome::default();
    for (run, report) in reports.iter().enumerate() {
        outcome.add(&format!("random function {run}"), report);
    }
    outcome
}

/// The size of the inputs, from a thousandth to a thousand: steps must follow it.
fn scale(run: u64) -> f64 {
    10f64.powi(run as i32 % 7 - 3)
}

/// A random expression: each step applies an operation to two of the latest values.
fn function<'g>(run: u64, graph: &'g Graph, inputs: &[Var<'g>]) -> Var<'g> {
    let seed = Seed { seed: 11, run };
    let mut values: Vec<Var<'g>> = inputs.iter().map(|&x| x / scale(run)).collect();
    for step in 0..DEPTH {
        let pick = |stream: u64, count: usize| (seed.bits(stream, step) % count as u64) as usize;
        let recent = |stream| values[values.len() - 1 - pick(stream, values.len().min(4))];
        let (a, b) = (recent(0), recent(1));
        values.push(applied(pick(2, 24), a, b, graph));
    }
    values.into_iter().reduce(|sum, value| sum + value).expect("it has inputs")
}

fn applied<'g>(operation: usize, a: Var<'g>, b: Var<'g>, graph: &'g Graph) -> Var<'g> {
    match operation {
        0 => a.sin(),
        1 => a.tanh() * b,
        2 => a.tanh().exp() - b,
        3 => (1.0 + a.square()).ln(),
        4 => (1.0 + a.square()).sqrt(),
        5 => a.sigmoid() + b,
        6 => a.relu() * b.cos(),
        7 => (a - b).abs(),
        8 => a.softplus() - b,
        9 => a.gelu(),
        10 => a / (1.5 + b.square()),
        11 => a.maximum(b),
        12 => a.gt(b).select(a, 2.0 * b),
        13 => a.sum_over(keep(-1)) + b,
        14 => a.mean_over(keep(0)) * b.sin(),
        15 => a.softmax(-1) * b,
        16 => a.logsumexp_over(keep(0)),
        17 => a.leaky_relu(0.2) + a,
        18 => (a.tanh() * b.tanh()).cumsum(-1),
        19 => a.norm_over(keep(-1)) + b,
        20 => a.atan2(1.0 + b.square()),
        21 => (a + b).variance_over(keep(0), 0),
        22 => a.broadcast_to([2, 3]).matmul(b.broadcast_to([2, 3]).t().tanh()).sum_over(keep(-1)),
        _ => graph.concat(&[a, a.square().cos()], -1).max_over(keep(-1)) - b,
    }
}
