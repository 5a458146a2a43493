//! Recording, differentiating and compiling cost as much for each node of a large graph as of a small one.

use std::time::{Duration, Instant};

use graph::{Graph, Params, Var};
use program::Program;

/// Operations of the small chain; the large one has ten times as many.
const SMALL: usize = 10_000;

/// Ten times the nodes may take this many times the time. Seen on a quiet machine are 11 to 14, as the large graph does
/// not fit the caches; a quadratic cost would be a hundred.
const MOST: f64 = 25.0;

/// Records a chain of `length` operations, its gradient, and compiles both.
fn prepare(length: usize, link: impl for<'g> Fn(Var<'g>) -> Var<'g>) -> Duration {
    let start = Instant::now();
    let graph = Graph::new();
    let x = graph.input("x", [4, 3]);
    let mut y = x;
    while graph.len() < length {
        y = link(y);
    }
    let loss = y.sum();
    let program = Program::<f32>::compile(&[loss, loss.grad(x)], &Params::with_seed(0));
    let time = start.elapsed();
    assert!(program.arena_bytes() > 0);
    time
}

/// Prints the time for each node, and asserts that it stays; the least of a few runs is the one least disturbed.
fn check(what: &str, link: impl for<'g> Fn(Var<'g>) -> Var<'g> + Copy) {
    let least = |length, runs| (0..runs).map(|_| prepare(length, link)).min().unwrap();
    let small = least(SMALL, 5);
    let mut large = least(10 * SMALL, 2);
    for _ in 0..3 {
        if large.as_secs_f64() > MOST * small.as_secs_f64() {
            large = large.min(least(10 * SMALL, 1));
        }
    }
    let ratio = large.as_secs_f64() / small.as_secs_f64();
    let each = large.as_secs_f64() * 1e6 / (10 * SMALL) as f64;
    println!("{what}: {each:.1} µs a node of {}, {ratio:.1} times {SMALL} nodes", 10 * SMALL);
    assert!(ratio <= MOST, "{what}: {ratio:.1} times as long for 10 times as many nodes");
}

#[test]
fn a_chain_of_functions() {
    check("functions", |y| y.sin());
}

#[test]
fn a_chain_of_products_and_sums() {
    check("products and sums", |y| y * 0.5 + y);
}

#[test]
fn a_chain_of_layers() {
    check("layers", |y| {
        let w = y.graph().full([3, 3], 0.1);
        y.matmul(w).tanh() + y.mean_over(graph::keep(0))
    });
}
