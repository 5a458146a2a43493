//! Whatever becomes of one rank, all end, and it is told which and why.

use std::time::{Duration, Instant};

use cotangent::prelude::*;
use cotangent_mpi::Distributed;

use crate::support::*;

/// What a rank does wrong, in the environment of all ranks.
const FAULT: &str = "RANKS_TEST_FAULT";

/// The faults, and what is told of them.
const FAULTS: [(&str, &str); 10] = [
    ("panic", "rank 1 of 2: panicked: no more of this"),
    ("error", "rank 1 of 2: the disk is full"),
    ("killed", "signal 9"),
    ("exits", "exit"),
    ("ends early", "rank 0 of 2: waits for the sum of gradients, and rank 1 has ended"),
    (
        "stands still",
        "rank 0 of 2: has waited 2 s for the sum of gradients: another rank stands still",
    ),
    ("not finite", "rank 1 of 2: recip answered inf"),
    ("another shape", "the structure of the parameters of rank 1 differs from that of rank 0"),
    ("another program", "the program of rank 1 differs from that of rank 0"),
    ("another optimizer", "the optimizer's state of rank 1 differs from that of rank 0"),
];

/// How long a rank stands still, unless it is ended: longer than a fault may take.
const STILL: Duration = Duration::from_secs(600);

#[test]
fn whatever_happens_to_one_rank_all_end_and_say_why() {
    let test = "faults::whatever_happens_to_one_rank_all_end_and_say_why";
    if folder().is_some() {
        let fault = std::env::var(FAULT).expect("it is set");
        return rank(|world| with(&fault, world));
    }
    let folder = tempfile::tempdir().unwrap();
    for (fault, told_of_it) in FAULTS {
        let start = Instant::now();
        let output = mpirun(2, test, folder.path()).env(FAULT, fault).output().unwrap();
        let told = told(&output);
        assert!(!output.status.success(), "{fault}: {told}");
        assert!(told.contains(told_of_it), "{fault}: {told}");
        // An order of magnitude above what it takes, and far below what is waited for a rank that stands still by default.
        assert!(start.elapsed() < Duration::from_secs(60), "{fault} took {:?}", start.elapsed());
    }
}

/// Trains until something goes wrong on rank 1.
fn with(fault: &str, world: cotangent_mpi::World) -> Result<(), Box<dyn std::error::Error>> {
    let wrong = |what: &str| world.rank() == 1 && fault == what;
    let mut params = Params::<f64>::with_seed(0);
    let extent = if wrong("another shape") { 3 } else { 2 };
    let w = params.root().parameter("w", Array::ones(extent).into_dyn());
    let other = wrong("another program");
    let step = Step::new(|g, [x]| {
        let wx = (x * g.param(&w)).ln();
        if other { wx.tanh().mean() } else { wx.mean() }
    });
    // The loss has no least value: steps are small.
    let rate = if wrong("another optimizer") { 2e-6 } else { 1e-6 };
    let mut training = Distributed::new(world, step, Sgd::new(rate));
    for i in 0..200 {
        let mut x = Array2::ones((3, extent));
        if i == 100 {
            if wrong("panic") {
                panic!("no more of this");
            }
            if wrong("error") {
                return Err("the disk is full".into());
            }
            if wrong("killed") {
                let pid = std::process::id().to_string();
                std::process::Command::new("kill").args(["-9", &pid]).status()?;
            }
            if wrong("exits") {
                std::process::exit(0);
            }
            if wrong("ends early") {
                return Ok(());
            }
            if wrong("stands still") {
                std::thread::sleep(STILL);
            } else if fault == "stands still" {
                world.set_timeout(Duration::from_secs(2));
            }
            if wrong("not finite") {
                x.fill(0.0);
            }
        }
        training.train(&mut params, (&x,))?;
    }
    Ok(())
}
