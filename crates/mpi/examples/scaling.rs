//! How a training step would scale to 1,024 ranks: it is measured here, with the all-reduce between the ranks that there are, and
//! a model of the network says the rest: `cargo run --release -p cotangent-mpi --example scaling`, or, with what MPI takes on
//! this machine, `cargo build --release -p cotangent-mpi --features mpi --example scaling` and
//! `mpirun -n 2 target/release/examples/scaling`.

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use cotangent::prelude::*;
use cotangent_mpi::scaling::{Algorithm, Measured, Network};
use cotangent_mpi::{Distributed, World, launch};

/// A network for images of 28·28 pixels, and one that is wide.
const MODELS: [(&str, &[usize], usize); 2] =
    [("mnist", &[784, 512, 256, 10], 128), ("wide", &[1024, 2048, 2048, 10], 512)];

const BUCKETS: [f64; 4] = [64e3, 256e3, 1e6, 25e6];

fn main() -> ExitCode {
    launch(|world| {
        cotangent::set_default_threads((cotangent::default_pool().threads() / world.size()).max(1));
        if world.size() > 1 {
            between_ranks(world);
        }
        MODELS.iter().try_for_each(|&(name, widths, rows)| measure(world, name, widths, rows))
    })
}

/// Measures sums over all ranks, and holds the model against them.
fn between_ranks(world: World) {
    let time = |numbers: usize| {
        let mut values = vec![1.0; numbers];
        median(9, || world.sum(&mut values))
    };
    // The last is 25 MiB, of which others tell their times, too.
    let sizes = [1e3, 1e4, 1e5, 1e6, 3_276_800.0];
    let times = sizes.map(|numbers| (numbers * 8.0, time(numbers as usize)));
    let here = Network::fitted("here", world.size(), times[0], times[4]);
    if !world.is_root() {
        return;
    }
    let (micros, rate) = (here.latency * 1e6, here.bandwidth / 1e9);
    println!("{} ranks here: α {micros:.1} µs, 1/β {rate:.2} GB/s by the ring", world.size());
    for (bytes, measured) in times {
        let model = Algorithm::Ring.all_reduce(&here, world.size(), bytes);
        println!(
            "{:>10.0} B  measured {:>9.1} µs  model {:>9.1} µs",
            bytes,
            measured * 1e6,
            model * 1e6
        );
    }
}

/// Measures a step, and tells what it would take elsewhere.
fn measure(world: World, name: &str, widths: &[usize], rows: usize) -> Result<(), Box<dyn Error>> {
    let mut params = Params::seeded(0);
    let mut root = params.root();
    let mut model = Sequential::new();
    for (i, pair) in widths.windows(2).enumerate() {
        model = model.then(Linear::new(pair[0], pair[1]).build(&mut root, &format!("fc{i}")));
        if i + 2 < widths.len() {
            let norm = BatchNorm::new(pair[1]).build(&mut root, &format!("bn{i}"));
            model = model.then(norm).then(Activation::Relu);
        }
    }
    let x =
        Array2::from_shape_fn((rows, widths[0]), |(i, j)| ((i * 31 + j * 17) % 29) as f32 / 29.0);
    let labels = Array1::from_shape_fn(rows, |i| (i % 10) as i64);

    let mut step = Step::new(|_, [x, labels]| model.forward(x, Mode::Train).cross_entropy(labels));
    let mut adam = Adam::new(1e-3);
    let mut parts = Vec::new();
    for _ in 0..12 {
        let (start, mut first, mut last) = (Instant::now(), None, 0.0);
        let mut watch = |_: &[f32], ranges: &[std::ops::Range<usize>]| {
            if !ranges.is_empty() {
                last = start.elapsed().as_secs_f64();
                first.get_or_insert(last);
            }
        };
        step.run_watched(&mut params, (&x, &labels), &mut watch)?;
        adam.step(&mut params, step.gradients())?;
        parts.push((first.unwrap_or(last), last, start.elapsed().as_secs_f64()));
    }
    parts.sort_by(|a, b| a.2.total_cmp(&b.2));
    let (first, last, all) = parts[parts.len() / 2];
    let bytes = 4.0 * params.trainable_count() as f64;
    let measured = Measured { before: first, backward: last - first, after: all - last, bytes };

    let again = Step::new(|_, [x, labels]| model.forward(x, Mode::Train).cross_entropy(labels));
    let mut training = Distributed::new(world, again, Adam::new(1e-3));
    let mut made = Ok(0.0);
    let together = median(12, || made = training.train(&mut params, (&x, &labels)));
    made?;
    if world.is_root() {
        tell(name, &measured, (world.size(), together));
    }
    Ok(())
}

fn tell(name: &str, step: &Measured, (ranks, together): (usize, f64)) {
    let Measured { before, backward, after, bytes } = *step;
    let all = before + backward + after;
    println!("\n{name}: {:.1} MB of gradients, step {:.2} ms", bytes / 1e6, all * 1e3);
    println!(
        "  {:.0} % of it before the first gradient, {:.0} % while they become final",
        100.0 * before / all,
        100.0 * backward / all
    );
    println!("  {ranks} ranks here: {:.2} ms", together * 1e3);
    println!(
        "{:<24}{:>10}{:>10}   efficiency at 2, 8, 32, 128, 1024 ranks",
        "network", "bucket", "leaves"
    );
    for network in &Network::NAMED {
        for (bucket, overlap) in
            BUCKETS.map(|bucket| (bucket, true)).into_iter().chain([(25e6, false)])
        {
            let at =
                [2, 8, 32, 128, 1024].map(|ranks| step.efficiency(network, ranks, bucket, overlap));
            let text = at.map(|share| format!("{:>4.0} %", 100.0 * share)).concat();
            let leaves = if overlap { "early" } else { "at the end" };
            println!("{:<24}{:>7.0} kB{:>11}  {text}", network.name, bucket / 1e3, leaves);
        }
    }
}

/// The median time of some calls, in seconds.
fn median(calls: usize, mut call: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..calls)
        .map(|_| {
            let start = Instant::now();
            call();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[calls / 2]
}
