//! Trains on handwritten digits, on one process or many, and tells the accuracy on the test part:
//! `cargo build --release -p cotangent-mpi --features mpi --example distributed_digits`, then
//! `mpirun -n 4 target/release/examples/distributed_digits`.
//!
//! With `--shards 4` the model is the same on 1, 2 and 4 ranks, to the bit, and with `--save FILE` it can be compared.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use cotangent::data::{Standardizer, digits};
use cotangent::prelude::*;
use cotangent_mpi::{Distributed, World, launch};

const BATCH: usize = 64;
const EPOCHS: usize = 20;

fn main() -> ExitCode {
    launch(train)
}

fn train(world: World) -> Result<(), Box<dyn Error>> {
    let (shards, save) = options()?;
    let [train, test] = digits().split([0.8, 0.2], 0)?;
    let standardizer = Standardizer::fit(&train)?;
    let (train, test) = (standardizer.apply(&train)?, standardizer.apply(&test)?);

    let mut params = Params::seeded(0);
    let model = Sequential::new()
        .then(Linear::new(64, 128).build(&mut params.root(), "hidden"))
        .then(Activation::Relu)
        .then(Linear::new(128, 10).build(&mut params.root(), "output"));

    let batches = train.epochs(BATCH)?.shuffled(0).part(world.rank(), world.size());
    let steps = train.len().div_ceil(BATCH);
    let adam = Adam::new(3e-3).schedule(Cosine::new(1.0, 0.0, (EPOCHS * steps) as u64));
    let step = Step::new(|_, [x, labels]| model.forward(x, Mode::Train).cross_entropy(labels));
    let mut training = Distributed::new(world, step, adam);
    if let Some(shards) = shards {
        training = training.virtual_shards(shards);
    }
    for (i, (x, labels)) in batches.take(EPOCHS * steps).enumerate() {
        let loss = training.train(&mut params, (&x, &labels))?;
        if world.is_root() && (i + 1) % (5 * steps) == 0 {
            println!("epoch {:>2}  loss {loss:.4}", (i + 1) / steps);
        }
    }

    // Each rank counts hits in its part of the test data.
    let mine = test.select(&Vec::from_iter(world.part(test.len())))?;
    let mut predict = Function::new(|_, [x, labels]| {
        model.forward(x, Mode::Eval).argmax(-1).eq(labels).to_real().sum()
    });
    let hits = predict.run(&params, (mine.features(), mine.labels()))?;
    let mut tally = [f64::from(hits[[]]), mine.len() as f64];
    world.sum(&mut tally);
    if world.is_root() {
        println!("test accuracy: {:.4} on {} ranks", tally[0] / tally[1], world.size());
        save.map_or(Ok(()), |file| params.save(file))?;
    }
    Ok(())
}

/// The number of virtual shards, and where to save the model.
fn options() -> Result<(Option<usize>, Option<PathBuf>), Box<dyn Error>> {
    let (mut shards, mut save) = (None, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{option} takes a value"))?;
        match option.as_str() {
            "--shards" => shards = Some(value.parse()?),
            "--save" => save = Some(value.into()),
            _ => return Err(format!("{option}: there are --shards NUMBER and --save FILE").into()),
        }
    }
    Ok((shards, save))
}
