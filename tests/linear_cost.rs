//! Recording, differentiating and compiling cost as much for each node of a large graph as of a small one, and so much as
//! is promised.
//!
//! Times are those of the processor, and told in rounds of a loop that works as compilers do, on the heap and in a hash map,
//! and is timed in turn with what is measured: a slow or busy machine slows both down, and caches that are too small for the
//! large graph are too small for the large loop.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use cotangent::Program;
use cotangent::{Graph, Params, Var};
use cpu_time::ThreadTime;

/// Operations of the small chain; the large one has ten times as many.
const SMALL: usize = 10_000;

/// Ten times the nodes may take 12 times the time, where the loop takes 10. Seen are 0.9 to 1.1 times the loop's growth.
const GROWTH: f64 = 1.2;

/// The promise is 55 µs a node on a machine where a round of the loop takes 5 µs. Seen are 1 to 9 rounds; a layer is some
/// ten nodes, counted as one.
const ROUNDS: f64 = 11.0;

/// Records a chain of `length` operations, its gradient, and compiles both.
fn prepare(length: usize, link: impl for<'g> Fn(Var<'g>) -> Var<'g>) -> Duration {
    let start = ThreadTime::now();
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

/// Records as many entries in a list and in a map, each with links to two that are there, and with about as much memory in
/// small pieces as a node takes with its derivative and its share of the program.
fn work(length: usize) -> Duration {
    let start = ThreadTime::now();
    let mut nodes: Vec<Vec<Box<[usize; 12]>>> = Vec::new();
    let mut known: HashMap<Vec<usize>, usize> = HashMap::new();
    for i in 0..length {
        let links = vec![i / 2, i.saturating_sub(1)];
        let sum = links.iter().filter_map(|&link| nodes.get(link)).map(|node| node[0][0]).sum();
        nodes.push((0..64).map(|_| Box::new([sum; 12])).collect());
        known.insert(links, i);
    }
    black_box((&nodes, &known));
    drop((nodes, known));
    start.elapsed()
}

/// The least times of the chain and of the loop, in turn so that both meet the same machine.
fn least(length: usize, runs: usize, link: impl for<'g> Fn(Var<'g>) -> Var<'g> + Copy) -> [f64; 2] {
    let pair = |_| [prepare(length, link), (0..3).map(|_| work(length)).min().unwrap()];
    let fewer = |a: [Duration; 2], b: [Duration; 2]| [a[0].min(b[0]), a[1].min(b[1])];
    (0..runs).map(pair).reduce(fewer).unwrap().map(|time| time.as_secs_f64())
}

/// Prints the cost of a node, and asserts it; a measurement that was disturbed is repeated.
fn check(what: &str, link: impl for<'g> Fn(Var<'g>) -> Var<'g> + Copy) {
    let mut report = String::new();
    for _ in 0..4 {
        let (small, large) = (least(SMALL, 5, link), least(10 * SMALL, 2, link));
        let rounds = large[0] / large[1];
        let growth = rounds / (small[0] / small[1]);
        let micros = |time: f64| time * 1e6 / (10 * SMALL) as f64;
        report = format!(
            "{what}: {rounds:.1} rounds of the loop a node of {}, {growth:.2} times those of {SMALL} \
             ({:.1} µs of {:.3} µs, {:.1} and {:.1} times)",
            10 * SMALL,
            micros(large[0]),
            micros(large[1]),
            large[0] / small[0],
            large[1] / small[1],
        );
        println!("{report}");
        if rounds <= ROUNDS && growth <= GROWTH {
            return;
        }
    }
    panic!("more than {ROUNDS} rounds or {GROWTH} times: {report}");
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
        y.matmul(w).tanh() + y.mean_over(cotangent::keep(0))
    });
}
