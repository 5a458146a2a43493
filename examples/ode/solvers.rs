//! Two Runge–Kutta methods, as loops of the graph: for y′ = f(y), which does not depend on the time.

use cotangent::prelude::*;

/// The path [steps, …] of the classical method, of fourth order, with steps of one length.
pub fn fixed<'g>(y: Var<'g>, steps: usize, length: f64, f: impl Fn(Var<'g>) -> Var<'g>) -> Var<'g> {
    let g = y.graph();
    let lengths = g.full([steps], length);
    let (_, path) = g.scan(&[y], &[lengths], |y, h| {
        let (y, h) = (y[0], h[0]);
        let a = f(y);
        let b = f(y + 0.5 * h * a);
        let c = f(y + 0.5 * h * b);
        let d = f(y + h * c);
        let next = y + h / 6.0 * (a + 2.0 * b + 2.0 * c + d);
        (vec![next], vec![next])
    });
    path[0]
}

/// The slopes that each stage of the method of Dormand and Prince (1980) begins with; the last stage is where the step ends, by
/// fifth order.
const STAGES: [&[f64]; 6] = [
    &[1.0 / 5.0],
    &[3.0 / 40.0, 9.0 / 40.0],
    &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
    &[19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0],
    &[9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0],
    &[35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];

/// What the end by fourth order is off from that.
const ERROR: [f64; 7] = [
    71.0 / 57600.0,
    0.0,
    -71.0 / 16695.0,
    71.0 / 1920.0,
    -17253.0 / 339200.0,
    22.0 / 525.0,
    -1.0 / 40.0,
];

/// How many steps there are at most, those included that were too long.
const MOST: usize = 500;

/// The state after some time by the method of Dormand and Prince: steps are as long as the tolerance of the local error,
/// relative and absolute, allows. After the last, the state stays as it is.
pub fn adaptive<'g>(
    state: &[Var<'g>],
    time: f64,
    tolerance: f64,
    f: impl Fn(&[Var<'g>]) -> Vec<Var<'g>>,
) -> Vec<Var<'g>> {
    let g = state[0].graph();
    let mut carry = vec![g.full([], time), g.full([], 0.01 * time)];
    carry.extend_from_slice(state);
    let ended = g.while_at_most(
        MOST,
        &carry,
        |carry| carry[0].gt(1e-12 * time),
        |carry| {
            let (left, state) = (carry[0], &carry[2..]);
            let h = carry[1].minimum(left);
            let (next, error) = tried(state, h, tolerance, &f);
            let fits = error.le(1.0);
            // How long steps are is no part of the mathematics.
            let factor = (0.9 * (error + 1e-12).powf(-0.2)).clamp(0.2, 5.0).stop_gradient();
            let mut carry = vec![fits.select(left - h, left), h * factor];
            carry.extend(next.iter().zip(state).map(|(&next, &state)| fits.select(next, state)));
            carry
        },
    );
    ended[2..].to_vec()
}

/// The state after a step, and its error, of which 1 is what the tolerance allows.
fn tried<'g>(
    state: &[Var<'g>],
    h: Var<'g>,
    tolerance: f64,
    f: &impl Fn(&[Var<'g>]) -> Vec<Var<'g>>,
) -> (Vec<Var<'g>>, Var<'g>) {
    let mut slopes = vec![f(state)];
    let mut next = Vec::new();
    for stage in STAGES {
        next = moved(state, h, &slopes, stage);
        slopes.push(f(&next));
    }
    let off = state.iter().map(|part| 0.0 * *part).collect::<Vec<_>>();
    let off = moved(&off, h, &slopes, &ERROR);
    let shares = off.iter().zip(state).zip(&next).map(|((off, from), to)| {
        let allowed = tolerance * (1.0 + from.abs().maximum(to.abs()));
        (off.abs() / allowed).max()
    });
    let error = shares.reduce(|a, b| a.maximum(b)).expect("a state has parts");
    (next, error.stop_gradient())
}

/// state + h·Σ weight·slope.
fn moved<'g>(
    state: &[Var<'g>],
    h: Var<'g>,
    slopes: &[Vec<Var<'g>>],
    weights: &[f64],
) -> Vec<Var<'g>> {
    let moved = |(part, &from): (usize, &Var<'g>)| {
        let weighted = slopes.iter().zip(weights).filter(|(_, weight)| **weight != 0.0);
        let sum = weighted.map(|(slopes, &weight)| weight * slopes[part]);
        from + h * sum.reduce(|a, b| a + b).expect("a weight is not 0")
    };
    state.iter().enumerate().map(moved).collect()
}
