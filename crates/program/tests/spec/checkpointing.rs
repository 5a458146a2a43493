//! What a checkpointed part of a graph is when it is compiled: the same values, in less memory.

use cotangent::transform::checkpoint;
use cotangent::{Graph, Param, Params, Seed, Var};
use cotangent::{Program, Step};
use ndarray::{Array2, array};

const WIDTH: usize = 64;

/// Blocks of three layers one after the other, kept or checkpointed.
fn deep<'g>(x: Var<'g>, w: Var<'g>, blocks: usize, checkpointed: bool) -> Var<'g> {
    let again = checkpoint(|_, x| layers(x));
    (0..blocks)
        .fold(x, |x, _| if checkpointed { again(x.graph(), &[x, w]) } else { layers(&[x, w]) })
}

fn layers<'g>(x: &[Var<'g>]) -> Var<'g> {
    (0..3).fold(x[0], |h, _| h.matmul(x[1]).tanh())
}

fn compiled(checkpointed: bool) -> Program<f64> {
    let g = Graph::new();
    let (x, w) = (g.input("x", [32, WIDTH]), g.input("w", [WIDTH, WIDTH]));
    let loss = deep(x, w, 8, checkpointed).square().sum();
    let mut program = Program::compile(&[loss, loss.grad(x)], &Params::with_seed(0));
    let numbers = |rows| {
        let seed = Seed { seed: 1, run: rows as u64 };
        Array2::from_shape_fn((rows, WIDTH), |(i, j)| 0.15 * seed.normal(i as u64, j as u64))
    };
    let (x, w) = (numbers(32), numbers(WIDTH));
    program.run(&Params::with_seed(0), &[(&x).into(), (&w).into()], Seed::default()).unwrap();
    program
}

#[test]
fn the_values_are_the_same_in_less_memory() {
    let (kept, again) = (compiled(false), compiled(true));
    approx::assert_relative_eq!(kept.output(0), again.output(0), max_relative = 1e-12);
    approx::assert_relative_eq!(kept.output(1), again.output(1), max_relative = 1e-9);
    let (before, after) = (kept.arena_bytes(), again.arena_bytes());
    println!("planned memory: {before} bytes kept, {after} bytes checkpointed");
    assert!(2 * after < before + before / 3, "{before} bytes kept, {after} checkpointed");
}

fn counted<'g>(g: &'g Graph, x: Var<'g>, w: &Param, count: &Param) -> Var<'g> {
    g.update(count, g.current(count) + 1.0);
    (x * g.param(w)).tanh()
}

/// The gradients and the store after one step.
fn stepped(checkpointed: bool) -> (Vec<f32>, Vec<f32>) {
    let mut params = Params::seeded(0);
    let w = params.root().parameter("w", array![0.5, -0.3].into_dyn());
    let count = params.root().buffer("count", array![0.0].into_dyn());
    let inner = (w.clone(), count.clone());
    let block = checkpoint(move |g, x| counted(g, x[0], &inner.0, &inner.1));
    let mut step = Step::new(move |g, [x]| {
        if checkpointed { block(g, &[x]).sum() } else { counted(g, x, &w, &count).sum() }
    });
    step.run(&mut params, (&array![1.0_f32, 2.0],)).unwrap();
    (step.gradients().values().to_vec(), params.values().to_vec())
}

#[test]
fn parameters_inside_get_their_gradients_and_statistics_are_written_once() {
    assert_eq!(stepped(true), stepped(false));
}
