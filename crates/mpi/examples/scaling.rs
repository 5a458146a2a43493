//! How a training step would scale to 1,024 ranks: it is measured here, with the all-reduce between the ranks that there are, and
//! a model of the network says the rest: `cargo run --release -p cotangent-mpi --example scaling`, or, with what MPI takes on
//! this machine, `cargo build --release -p cotangent-mpi --features mpi --example scaling` and
//! `mpirun -n 2 --bind-to none target/release/examples/scaling`, which holds the model against what is measured.

mod support;

use std::error::Error;
use std::ops::Range;
use std::process::ExitCode;
use std::time::Instant;

use cotangent::prelude::*;
use cotangent_mpi::scaling::{Algorithm, Measured, Network};
use cotangent_mpi::{Distributed, World, launch};
use support::{SHAPES, Shape, least, seconds, step};

/// The bytes of a bucket in what is measured, those by default.
const BUCKET: f64 = 1048576.0;
const BUCKETS: [f64; 4] = [64e3, 256e3, 1e6, 25e6];

fn main() -> ExitCode {
    launch(|world| {
        let (cores, ranks) = (cotangent::default_pool().threads(), world.size());
        cotangent::set_default_threads((cores / ranks).max(1));
        if world.is_root() && ranks > cores {
            println!("{ranks} ranks take turns on {cores} cores, of which the model knows nothing");
        }
        let here = (ranks > 1).then(|| between_ranks(world));
        SHAPES.iter().try_for_each(|shape| measure(world, shape, here))
    })
}

/// Measures sums over all ranks, and holds the model against those that it was not made by.
fn between_ranks(world: World) -> Network {
    let time = |numbers: usize| {
        let mut values = vec![1.0; numbers];
        least((0..21).map(|_| seconds(|| world.sum(&mut values))).collect())
    };
    // The last is 25 MiB, of which others tell their times, too.
    let sizes = [1e3, 1e4, 1e5, 1e6, 3_276_800.0];
    let mut times = sizes.map(|numbers| (numbers * 8.0, time(numbers as usize)));
    // Ranks do not measure quite the same, and go on with one network.
    let mut measured = times.map(|(_, time)| time / world.size() as f64);
    world.sum(&mut measured);
    times.iter_mut().zip(measured).for_each(|((_, time), mean)| *time = mean);
    let here = Network::fitted("here", world.size(), times[0], times[4]);
    if world.is_root() {
        let (micros, rate) = (here.latency * 1e6, here.bandwidth / 1e9);
        println!("{} ranks here: α {micros:.1} µs, 1/β {rate:.2} GB/s by the ring", world.size());
        for (bytes, measured) in times {
            let model = Algorithm::Ring.all_reduce(&here, world.size(), bytes);
            println!(
                "{bytes:>10.0} B  measured {:>9.1} µs  model {:>9.1} µs  ratio {:.2}",
                measured * 1e6,
                model * 1e6,
                measured / model
            );
        }
    }
    here
}

/// Measures a step of one rank and one of all, in turns, and tells what it would take elsewhere.
fn measure(world: World, shape: &Shape, here: Option<Network>) -> Result<(), Box<dyn Error>> {
    let mut params = Params::seeded(0);
    let model = shape.build(&mut params);
    let (x, labels) = shape.batch(0..shape.rows);
    let mut training = Distributed::new(world, step(&model), Adam::new(1e-3));
    let (mut own, mut alone, mut adam) = (params.clone(), step(&model), Adam::new(1e-3));
    let (mut parts, mut together) = (Vec::new(), Vec::new());
    for _ in 0..shape.rounds {
        world.sum(&mut [0.0]);
        let (start, mut first, mut last) = (Instant::now(), None, 0.0);
        let mut watch = |_: &[f32], ranges: &[Range<usize>]| {
            if !ranges.is_empty() {
                last = start.elapsed().as_secs_f64();
                first.get_or_insert(last);
            }
        };
        alone.run_watched(&mut own, (&x, &labels), &mut watch)?;
        adam.step(&mut own, alone.gradients())?;
        parts.push((first.unwrap_or(last), last, start.elapsed().as_secs_f64()));

        world.sum(&mut [0.0]);
        let mut made = Ok(0.0);
        together.push(seconds(|| made = training.train(&mut params, (&x, &labels))));
        made?;
    }
    parts.sort_by(|a, b| a.2.total_cmp(&b.2));
    let (first, last, all) = parts[0];
    let bytes = 4.0 * params.trainable_count() as f64;
    let measured = Measured { before: first, backward: last - first, after: all - last, bytes };
    if world.is_root() {
        tell(shape.name, &measured);
        if let Some(here) = here {
            hold_against(&measured, &here, (world.size(), least(together)));
        }
        foretell(&measured);
    }
    Ok(())
}

fn tell(name: &str, step: &Measured) {
    let Measured { before, backward, after, bytes } = *step;
    let all = before + backward + after;
    println!("\n{name}: {:.1} MB of gradients, step {:.2} ms", bytes / 1e6, all * 1e3);
    println!(
        "  {:.0} % of it before the first gradient, {:.0} % while they become final",
        100.0 * before / all,
        100.0 * backward / all
    );
}

/// Where ranks share a machine, what is sent early takes of the cores that compute: the truth is nearer to what leaves at the end.
fn hold_against(step: &Measured, here: &Network, (ranks, together): (usize, f64)) {
    let [early, late] = [true, false].map(|overlap| step.on(here, ranks, BUCKET, overlap));
    println!(
        "  {ranks} ranks here: measured {:.2} ms, model {:.2} ms, or {:.2} ms if all left at the end",
        together * 1e3,
        early * 1e3,
        late * 1e3
    );
}

fn foretell(step: &Measured) {
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
