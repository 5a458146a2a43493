//! Random graphs, compiled and plain: shapes of every rank to 5 with axes of extent 0 and 1, views
//! of every kind, inputs that lie in memory in any way, first and second derivatives; small ones by
//! the thousands, and some that are large enough to be shared among threads.
//!
//! `cargo test --release -p program --test random_graphs -- --ignored --nocapture` goes on with
//! fresh seeds until it is stopped or finds a difference, and prints them.

mod compare;
mod draw;
mod generate;
mod layout;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{SystemTime, UNIX_EPOCH};

use compare::{Asked, compare};
use cotangent::Precision;
use draw::Draw;
use generate::{LARGE, OPERATIONS, SMALL, record};

fn small(tolerance: f64) -> Asked<'static> {
    Asked { scale: SMALL, steps: usize::MAX, tolerance, threads: &[1] }
}

fn large(tolerance: f64) -> Asked<'static> {
    Asked { scale: LARGE, steps: usize::MAX, tolerance, threads: &[1, 2, 3, 4] }
}

/// Compares graphs of a seed; one that differs is told by its shortest beginning that does.
fn check<T: Precision>(seed: u64, count: u64, asked: Asked<'_>) {
    let differs = |number: u64, steps: usize| {
        let compared =
            catch_unwind(AssertUnwindSafe(|| compare::<T>(seed, number, Asked { steps, ..asked })));
        match compared {
            Ok(result) => result.err(),
            Err(_) => Some(format!("graph {number} of seed {seed} panics after {steps} steps")),
        }
    };
    for number in 0..count {
        if differs(number, usize::MAX).is_some() {
            let shortest = (0..).find_map(|steps| differs(number, steps));
            panic!("{}:\n{}", T::NAME, shortest.expect("the whole graph differs"));
        }
    }
}

#[test]
fn small_graphs_in_double_precision_agree() {
    check::<f64>(1, 8000, small(1e-10));
}

#[test]
fn small_graphs_in_single_precision_agree() {
    check::<f32>(2, 2000, small(1e-3));
}

#[test]
fn large_graphs_agree_on_any_number_of_threads() {
    check::<f64>(3, 60, large(1e-9));
    check::<f32>(4, 40, large(1e-2));
}

/// The test is worth what is drawn: every operation, every rank, empty arrays, work that is shared.
#[test]
fn graphs_are_as_varied_as_meant() {
    let mut text = String::new();
    let mut ranks = [0; 6];
    let (mut empty, mut shared) = (0, 0);
    for (seed, scale, count) in [(1, SMALL, 1000), (3, LARGE, 60)] {
        for number in 0..count {
            let graph = cotangent::Graph::new();
            let recorded = record(&graph, &mut Draw::new(seed, number), scale, usize::MAX);
            let shapes: Vec<_> = recorded.values.iter().map(|value| value.shape()).collect();
            shapes.iter().for_each(|shape| ranks[shape.rank()] += 1);
            empty += usize::from(shapes.iter().any(|shape| shape.size() == 0));
            shared += usize::from(shapes.iter().any(|shape| shape.size() >= 12_000));
            text.push_str(&recorded.text);
        }
    }
    for operation in OPERATIONS {
        let times = text.matches(&format!("  {operation}: ")).count();
        assert!(times >= 10, "{operation} was drawn {times} times");
    }
    assert!(text.matches("second derivatives").count() >= 100);
    assert!(ranks.iter().all(|&times| times >= 200), "ranks: {ranks:?}");
    assert!(empty >= 100 && shared >= 15, "{empty} with empty arrays, {shared} with large ones");
}

#[test]
#[ignore = "goes on until it is stopped"]
fn fresh_graphs_agree() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    for seed in now.as_secs().. {
        println!("seed {seed}");
        check::<f64>(seed, 4000, small(1e-10));
        check::<f32>(seed, 1000, small(1e-3));
        check::<f64>(seed, 30, large(1e-9));
        check::<f32>(seed, 20, large(1e-2));
    }
}
