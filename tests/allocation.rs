//! What the README says of heap allocation, counted in all threads: none in a step after the first of its shapes, but
//! for the operations that it names; and memory that stays bounded however many shapes there are.
//!
//! One test, since everything that runs meanwhile is counted.

mod models;

use std::alloc::System;
use std::collections::BTreeSet;

use cotangent::ops::{Example, Sample, registry};
use cotangent::optim::{Optimizer, every_part, every_rule};
use cotangent::prelude::*;
use cotangent::{Feed, Program, set_default_threads};
use cotangent::{Kind, Seed, Value};
use ndarray::IxDyn;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How often memory is asked for while `work` runs, in any thread.
fn allocations(work: impl FnOnce()) -> usize {
    let region = Region::new(ALLOCATOR);
    work();
    let change = region.change();
    change.allocations + change.reallocations
}

#[test]
fn memory_is_asked_for_where_the_readme_says() {
    // More threads than the smallest machine has: workers are counted too.
    set_default_threads(4);
    assert!(allocations(|| drop(vec![0_u8; 7])) > 0, "the counter counts");
    let of_worker = || drop(std::thread::spawn(|| allocations(|| drop(vec![0_u8; 7]))).join());
    assert!(allocations(of_worker) > 0, "the counter counts in other threads");

    no_step_after_the_first_of_its_shapes_allocates();
    no_loop_is_too_large_for_the_stack();
    no_update_after_the_first_allocates();
    the_readme_names_the_operations_that_allocate();
    thousands_of_batch_sizes_keep_memory_bounded();
}

/// On models of which loops, products and updates are shared among the threads, in two shapes in turn.
fn no_step_after_the_first_of_its_shapes_allocates() {
    for model in models::all() {
        let mut params = Params::seeded(0);
        let forward = (model.build)(&mut params.root());
        let mut step = Step::new(|_, [x, labels]| forward(x).cross_entropy(labels));
        let mut adam = Adam::new(1e-3).schedule(StepDecay::halve_every(10));
        let batches = [128, 100].map(|batch| {
            let labels = Array1::from_shape_fn(batch, |i| (i % models::CLASSES) as i64);
            (models::numbers(&(model.inputs)(batch)).mapv(|x| x as f32), labels)
        });
        for number in 1..12 {
            let (x, labels) = &batches[number % 2];
            let count = allocations(|| {
                step.run(&mut params, (x, labels)).unwrap();
                adam.step(&mut params, step.gradients()).unwrap();
            });
            let name = model.name;
            // The first of each shape records and compiles.
            assert!(number <= 2 || count == 0, "{name}, step {number} asked {count} times");
        }
        let plan = step.program().explain().to_string();
        assert!(plan.contains("↑∥") && plan.contains("↓∥"), "{plan}");
    }
}

/// A loop that reads many arrays, of as many axes as are kept without the heap.
fn no_loop_is_too_large_for_the_stack() {
    let graph = Graph::new();
    let inputs: Vec<Var<'_>> = (0..100).map(|_| graph.input("x", [2, 3, 4, 5])).collect();
    let sum = inputs.iter().copied().reduce(|a, b| a + b).unwrap();
    let params = Params::with_seed(0);
    let mut program = Program::<f32>::compile(&[sum.tanh(), sum.sum()], &params);
    let ones = Array::<f32, _>::ones((2, 3, 4, 5));
    let feeds: Vec<Feed<'_, f32>> = inputs.iter().map(|_| (&ones).into()).collect();
    let count = allocations(|| program.run(&params, &feeds, Seed::default()).unwrap());
    assert_eq!((count, program.output(1)[[]]), (0, 12_000.0));
}

fn no_update_after_the_first_allocates() {
    for (name, make) in every_rule::<f32>() {
        let mut params = Params::seeded(0);
        params.root().parameter("w", Array2::from_elem((300, 300), 0.5).into_dyn());
        no_step_but_the_first_allocates(name, make(1e-3), params);
    }
    for (name, put_around) in every_part::<f32>() {
        let mut params = Params::seeded(0);
        params.root().parameter("w", Array2::from_elem((300, 300), 0.5).into_dyn());
        params.root().parameter("b", Array1::from_elem(300, 0.5).into_dyn());
        no_step_but_the_first_allocates(name, put_around(Box::new(Sgd::new(1e-3))), params);
    }
}

/// Nor one of another phase, such as the last of those that a part counts; but for the first update of the rule inside.
fn no_step_but_the_first_allocates(
    name: &str,
    mut optimizer: Box<dyn Optimizer>,
    mut params: Params,
) {
    let layout = cotangent::GradientLayout::new(params.trainable_entries());
    let gradient = vec![0.1; layout.size()];
    for number in 1..10 {
        let first = number == 1 || optimizer.steps() == 0;
        let count = allocations(|| {
            let gradients = cotangent::Gradients::new(&layout, &gradient);
            optimizer.step(&mut params, gradients).unwrap();
        });
        assert!(first || count == 0, "{name}: update {number} asked {count} times");
    }
}

/// Operations that ask for memory in every run, forward or backward.
fn the_readme_names_the_operations_that_allocate() {
    let allocate = |example: &Example| run_twice(example) > 0;
    let names: BTreeSet<&str> =
        registry().iter().filter(|example| allocate(example)).map(|e| e.operation).collect();
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let readme = include_str!("../README.md");
    let said = readme.split("<!-- allocating -->").nth(1).expect("the README has the list");
    let said: Vec<String> =
        said.split('`').skip(1).step_by(2).map(|name| format!("`{name}`")).collect();
    assert_eq!(names, said, "the README must name {}", names.join(", "));
}

/// How often the second run of an operation with its gradient asks for memory.
fn run_twice(example: &Example) -> usize {
    let graph = Graph::new();
    let inputs: Vec<Var<'_>> =
        example.samples.iter().map(|sample| graph.typed_input("", sample.ty.clone())).collect();
    let y = example.record(&graph, &inputs);
    let reals: Vec<Var<'_>> = inputs.iter().copied().filter(|x| x.is_real()).collect();
    let mut outputs = vec![y];
    if y.is_real() {
        let gradient = Gradient::of(y.square().sum()).zeros_without_path();
        outputs.extend(gradient.with_respect_to(&reals).unwrap());
    }
    let values: Vec<Value<f32>> = example.samples.iter().map(value).collect();
    let feeds: Vec<Feed<'_, f32>> = values.iter().map(Feed::from).collect();
    let params = Params::with_seed(0);
    let mut program = Program::compile(&outputs, &params);
    program.run(&params, &feeds, Seed::default()).unwrap();
    allocations(|| program.run(&params, &feeds, Seed::default()).unwrap())
}

/// Numbers in the range of a sample.
fn value(sample: &Sample) -> Value<f32> {
    let (shape, size) = (IxDyn(&sample.ty.shape), sample.ty.shape.size());
    let width = sample.range.end - sample.range.start;
    let draw = |i: usize| sample.range.start + width * Seed::default().uniform(0, i as u64);
    let numbers = (0..size).map(draw);
    match sample.ty.kind {
        Kind::Index => {
            let numbers = numbers.map(|x| x as i64).collect();
            Value::Index(ArrayD::from_shape_vec(shape, numbers).unwrap())
        }
        _ => {
            let numbers = numbers.map(|x| x as f32).collect();
            Value::Real(ArrayD::from_shape_vec(shape, numbers).unwrap())
        }
    }
}

/// After as many shapes as are kept, memory does not grow.
fn thousands_of_batch_sizes_keep_memory_bounded() {
    let mut params = Params::<f32>::seeded(0);
    let fc = Linear::new(8, 4).build(&mut params.root(), "fc");
    let mut step = Step::new(|_, [x]| fc.forward(x).tanh().square().mean()).program_limit(20);
    let region = Region::new(ALLOCATOR);
    let mut held = |sizes: std::ops::Range<usize>| {
        for size in sizes {
            step.run(&mut params, (&Array2::<f32>::zeros((size, 8)),)).unwrap();
        }
        let change = region.change();
        change.bytes_allocated as isize - change.bytes_deallocated as isize
    };
    // The largest comes first, often enough that each thread has had a part of it: arrays, and rooms of threads, are there.
    for _ in 0..100 {
        held(3000..3001);
    }
    let first = held(1..101);
    let all = held(101..3000);
    assert!(all < first + first / 100, "{first} bytes after 100 sizes, {all} after 3000");
}
