//! What `ddp.py` sets beside PyTorch: the times of an all-reduce of 25 MiB, and of training steps on batches that the ranks share,
//! as they do the cores. A line is a name, a tab and the shortest in seconds.

mod support;

use std::error::Error;
use std::process::ExitCode;

use cotangent::prelude::*;
use cotangent_mpi::{Distributed, World, launch};
use support::{SHAPES, Shape, least, seconds, step};

const NUMBERS: usize = (25 << 20) / 8;

fn main() -> ExitCode {
    launch(|world| {
        let cores = cotangent::default_pool().threads();
        cotangent::set_default_threads((cores / world.size()).max(1));
        let mut values = vec![1.0; NUMBERS];
        tell(world, ("all-reduce", 17), || {
            world.sum(&mut values);
            Ok(())
        })?;
        SHAPES.iter().try_for_each(|shape| train(world, shape))
    })
}

fn train(world: World, shape: &Shape) -> Result<(), Box<dyn Error>> {
    let mut params = Params::seeded(0);
    let model = shape.build(&mut params);
    let (x, labels) = shape.batch(world.part(shape.rows));
    let mut training = Distributed::new(world, step(&model), Adam::new(1e-3));
    tell(world, (shape.name, shape.rounds / 3), || {
        training.train(&mut params, (&x, &labels))?;
        Ok(())
    })
}

/// Calls often, some times for nothing, when all do, and tells the shortest.
fn tell(
    world: World,
    (name, rounds): (&str, usize),
    mut call: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    for _ in 0..3 {
        call()?;
    }
    let mut times = Vec::new();
    for _ in 0..rounds {
        world.sum(&mut [0.0]);
        let mut made = Ok(());
        times.push(seconds(|| made = call()));
        made?;
    }
    if world.is_root() {
        println!("{name}\t{}", least(times));
    }
    Ok(())
}
