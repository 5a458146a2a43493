//! What a training step becomes: the digits model's plan and profile, as tables.
//!
//! `cargo run --release --example explain`

use std::error::Error;

use cotangent::data;
use cotangent::prelude::*;

/// How often the step is run to find the median time of each instruction.
const RUNS: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut params = Params::seeded(0);
    let mut root = params.root();
    let fc1 = Linear::new(64, 128).build(&mut root, "fc1");
    let bn1 = BatchNorm::new(128).build(&mut root, "bn1");
    let fc2 = Linear::new(128, 64).build(&mut root, "fc2");
    let bn2 = BatchNorm::new(64).build(&mut root, "bn2");
    let head = Linear::new(64, 10).build(&mut root, "head");

    let mut step = Step::new(|_, [x, labels]| {
        let x = bn1.forward(fc1.forward(x), Mode::Train).relu();
        let x = bn2.forward(fc2.forward(x), Mode::Train).relu();
        head.forward(x).cross_entropy(labels)
    });

    let digits = data::digits();
    let (x, labels) = digits.batches(64)?.next().expect("there are more than 64 digits");
    let loss = step.run(&mut params, (&x, &labels))?;
    println!(
        "Forward, backward and running statistics of 64-128-64-10 with BatchNorm, batch 64; loss {loss:.3}.\n"
    );
    println!("{}\n", step.program().explain());
    println!("The median of {RUNS} runs:\n");
    println!("{}", step.profile(&params, (&x, &labels), RUNS)?);
    Ok(())
}
