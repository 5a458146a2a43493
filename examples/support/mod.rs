//! What the examples share: progress, plots and tables; no experiment.

#![allow(dead_code)] // each example uses a part

pub mod classes;
pub mod curves;
pub mod interrupt;
pub mod progress;

use std::error::Error;
use std::process::ExitCode;

use rand::SeedableRng;
use rand::rngs::StdRng;

/// Random numbers for the order of samples, apart from those of initial weights.
pub fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// Prints an error with its causes, and answers the exit code of the process.
pub fn report(result: Result<(), Box<dyn Error>>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        eprintln!("  because: {inner}");
        cause = inner.source();
    }
    ExitCode::FAILURE
}
