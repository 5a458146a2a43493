//! Trains on handwritten digits, on one process or many, and tells the accuracy on the test part:
//! `cargo build --release -p cotangent-mpi --features mpi --example distributed_digits`, then
//! `mpirun -n 4 target/release/examples/distributed_digits`.
//!
//! With `--shards 4` the model is the same on 1, 2 and 4 ranks, to the bit, and with `--save FILE` it can be compared. `--model lenet`
//! trains LeNet-5 in place of a perceptron; without dropout, which draws otherwise on each rank unless there are shards.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use cotangent::data::{Standardizer, digits};
use cotangent::nn::{Unflatten, Upsample};
use cotangent::ops::Interpolation;
use cotangent::prelude::*;
use cotangent_mpi::{Distributed, World, launch};

const BATCH: usize = 64;
const EPOCHS: usize = 20;

fn main() -> ExitCode {
    launch(train)
}

fn train(world: World) -> Result<(), Box<dyn Error>> {
    let Options { model, shards, save } = options()?;
    let [train, test] = digits().split([0.8, 0.2], 0)?;
    let standardizer = Standardizer::fit(&train)?;
    let (train, test) = (standardizer.apply(&train)?, standardizer.apply(&test)?);

    let mut params = Params::seeded(0);
    let model = model(&mut params.root());
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

fn perceptron(scope: &mut Scope<'_>) -> Sequential {
    Sequential::new()
        .then(Linear::new(64, 128).build(scope, "hidden"))
        .then(Activation::Relu)
        .then(Linear::new(128, 10).build(scope, "output"))
}

/// Of images that are enlarged to 32×32.
fn lenet(scope: &mut Scope<'_>) -> Sequential {
    Sequential::new()
        .then(Unflatten::new([1, 8, 8]))
        .then(Upsample::new(4).by(Interpolation::Linear))
        .then(Conv2d::new(1, 6, 5).build(scope, "conv1"))
        .then(Activation::Relu)
        .then(MaxPool2d::new(2))
        .then(Conv2d::new(6, 16, 5).build(scope, "conv2"))
        .then(Activation::Relu)
        .then(MaxPool2d::new(2))
        .then(Flatten)
        .then(Linear::new(16 * 5 * 5, 120).build(scope, "fc1"))
        .then(Activation::Relu)
        .then(Linear::new(120, 84).build(scope, "fc2"))
        .then(Activation::Relu)
        .then(Linear::new(84, 10).build(scope, "fc3"))
}

struct Options {
    model: fn(&mut Scope<'_>) -> Sequential,
    /// The number of virtual shards.
    shards: Option<usize>,
    /// Where the model is saved.
    save: Option<PathBuf>,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options { model: perceptron, shards: None, save: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{option} takes a value"))?;
        match (option.as_str(), value.as_str()) {
            ("--model", "perceptron") => options.model = perceptron,
            ("--model", "lenet") => options.model = lenet,
            ("--shards", number) => options.shards = Some(number.parse()?),
            ("--save", file) => options.save = Some(file.into()),
            _ => {
                let known = "--model perceptron or lenet, --shards NUMBER, --save FILE";
                return Err(format!("{option} {value}: there are {known}").into());
            }
        }
    }
    Ok(options)
}
