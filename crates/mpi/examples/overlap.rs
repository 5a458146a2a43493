//! How much of the communication is hidden behind the backward pass, with buckets of which size:
//! `cargo build --release -p cotangent-mpi --features mpi --example overlap`, then
//! `mpirun -n 2 --bind-to none target/release/examples/overlap`.
//!
//! Three kinds of steps are made in turns, each by all ranks at once and with a thread in each: of those that send nothing,
//! those whose buckets leave when the backward pass has ended, and those whose buckets leave early. Of what the second take longer
//! than the first, the third hide a share. Of each kind the shortest is told: what else the machine does only adds to it.

mod support;

use std::error::Error;
use std::process::ExitCode;

use cotangent::prelude::*;
use cotangent_mpi::{Distributed, DistributedError, World, launch};
use support::{SHAPES, Shape, least, seconds, step};

const MIB: usize = 1 << 20;
const BUCKETS: [usize; 4] = [MIB / 4, MIB, 4 * MIB, 25 * MIB];

fn main() -> ExitCode {
    launch(|world| {
        cotangent::set_default_threads(1);
        SHAPES.iter().try_for_each(|shape| measure(world, shape))
    })
}

fn measure(world: World, shape: &Shape) -> Result<(), Box<dyn Error>> {
    let mut params = Params::seeded(0);
    let model = shape.build(&mut params);
    let (x, labels) = shape.batch(world.part(shape.rows));
    let mut training = Distributed::new(world, step(&model), Adam::new(1e-3));
    let (mut own, mut alone, mut adam) = (params.clone(), step(&model), Adam::new(1e-3));
    let mut send_nothing = || {
        alone.run(&mut own, (&x, &labels))?;
        adam.step(&mut own, alone.gradients())?;
        // It ends with the last rank, as those do that send.
        world.sum(&mut [0.0]);
        Ok::<(), DistributedError>(())
    };

    // Steps that send nothing, and then for each bucket those that send late, and those that send early.
    let mut times = vec![Vec::new(); 1 + 2 * BUCKETS.len()];
    for round in 0..=shape.rounds {
        for (kind, times) in times.iter_mut().enumerate() {
            world.sum(&mut [0.0]);
            let mut made = Ok(());
            let time = if kind == 0 {
                seconds(|| made = send_nothing())
            } else {
                let (bucket, early) = (BUCKETS[(kind - 1) / 2], kind % 2 == 0);
                training = training.bucket_bytes(bucket).overlap(early);
                seconds(|| made = training.train(&mut params, (&x, &labels)).map(|_| ()))
            };
            made?;
            // The first compiles.
            if round > 0 {
                times.push(time);
            }
        }
    }
    if world.is_root() {
        let bytes = 4 * params.trainable_count();
        tell(shape, (world.size(), bytes), times.into_iter().map(least).collect());
    }
    Ok(())
}

fn tell(shape: &Shape, (ranks, bytes): (usize, usize), times: Vec<f64>) {
    let (name, rows, computation) = (shape.name, shape.rows, times[0]);
    println!(
        "{name}: {rows} rows on {ranks} ranks, {:.1} MiB of gradients, computation {:.2} ms",
        bytes as f64 / MIB as f64,
        computation * 1e3
    );
    println!("{:>12}{:>14}{:>14}{:>10}", "bucket", "at the end", "early", "hidden");
    for (bucket, pair) in BUCKETS.iter().zip(times[1..].chunks(2)) {
        let hidden = 1.0 - (pair[1] - computation) / (pair[0] - computation);
        println!(
            "{:>8.2} MiB{:>11.2} ms{:>11.2} ms{:>8.0} %",
            *bucket as f64 / MIB as f64,
            pair[0] * 1e3,
            pair[1] * 1e3,
            100.0 * hidden
        );
    }
}
