//! An experiment as a program of its own.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use cotangent::graph::write_atomically;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::{Experiment, Item, Outcome, Pace, Result};

/// The options of an experiment.
#[derive(Clone, Debug, Parser)]
pub struct Options {
    /// Folder for the figures
    #[arg(long, value_name = "FOLDER", default_value = "gallery")]
    pub out: PathBuf,
    /// A few steps only, to see that everything runs; claims need not hold
    #[arg(long)]
    pub quick: bool,
}

impl Options {
    /// How long a run may take.
    pub fn pace(&self) -> Pace {
        if self.quick { Pace::Quick } else { Pace::Full }
    }
}

/// Random numbers of a fixed seed.
pub fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// Runs one experiment: prints what it shows, and writes its figures.
pub fn main(experiment: &Experiment) -> ExitCode {
    let options = Options::parse();
    report(show(experiment, &options))
}

/// The exit code of a program, after its error was printed.
pub fn report(result: Result) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn show(experiment: &Experiment, options: &Options) -> Result {
    println!("{}. {}\n", experiment.number, experiment.title);
    let outcome = experiment.perform(options.pace())?;
    for item in &outcome.items {
        match item {
            Item::Line(line) => println!("{line}"),
            Item::Table(table) => println!("{table}"),
            Item::Claim(claim) => {
                let verdict = if claim.holds { "borne out" } else { "NOT borne out" };
                println!("{verdict}: {} ({})", claim.statement, claim.evidence);
            }
            Item::Figure(_) => {}
        }
    }
    for path in write_figures(experiment, &outcome, &options.out)? {
        println!("wrote {}", path.display());
    }
    Ok(())
}

/// Writes the figures of an outcome into a folder, and answers their paths.
///
/// # Errors
/// If a file cannot be written.
pub fn write_figures(
    experiment: &Experiment,
    outcome: &Outcome,
    folder: &Path,
) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let mut paths = Vec::new();
    for figure in outcome.figures() {
        let path = folder.join(format!("{}-{}.svg", experiment.name, figure.name));
        write_atomically(&path, figure.document().as_bytes())
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        paths.push(path);
    }
    Ok(paths)
}
