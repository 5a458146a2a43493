//! Our training steps beside other frameworks', in one run.
//!
//! ```text
//! cargo run --release -p compare -- --python PATH [--candle] [--burn]
//! ```
//!
//! Every framework runs in a process of its own ([`worker`], [`serve`]), ours too, on the same weights and the same
//! batch ([`generate`], [`stepfile`]). First all must find the same losses ([`agree`]); then they are timed in turns
//! ([`rounds`]), beside what the machine itself would need ([`floor`]); then the first step and the memory of each are
//! taken ([`fresh`]). The steps are in [`models`]; what is shown is made of [`results`].
//!
//! Exit code 1: frameworks disagree, or something that was asked for cannot be done. A framework that is not
//! installed, or fails in a step, is left out of the table and its reason printed.

mod agree;
mod entrants;
mod floor;
mod fresh;
mod gemm;
mod generate;
mod machine;
mod markdown;
mod models;
mod ours;
mod peers;
#[allow(dead_code)] // some of it is for candle's and burn's side
mod perceptron;
mod picture;
mod plain;
mod results;
mod rounds;
mod run;
mod serve;
mod spec;
mod stats;
mod stepfile;
mod table;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::builder::PossibleValuesParser;

use models::Entry;

/// Whatever goes wrong: the reader of the message is a person.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Times our training steps, and other frameworks' beside them in the same run.
#[derive(Clone, Debug, Parser)]
#[command(name = "compare")]
pub struct Args {
    /// A Python that has torch and jax (either may be missing): their steps are run too
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Build candle's steps (Linear layers only; minutes, the first time) and run them too
    #[arg(long)]
    candle: bool,
    /// Build burn's steps (Linear layers only; minutes, the first time) and run them too
    #[arg(long)]
    burn: bool,
    /// Print one line a step: name, our median and the floor in microseconds, tabs between
    #[arg(long)]
    plain: bool,
    /// Leave out first steps and memory, for which each framework is started anew at each step
    #[arg(long)]
    only_medians: bool,
    /// Print the results as markdown, too
    #[arg(long)]
    markdown: bool,
    /// Draw the results as a picture
    #[arg(long, value_name = "PATH")]
    svg: Option<PathBuf>,
    /// Threads for every framework
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = at_least_one)]
    threads: usize,
    /// How many turns each framework has
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = at_least_one)]
    rounds: usize,
    /// Which steps to run
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = PossibleValuesParser::new(names()),
          default_values = names())]
    steps: Vec<String>,
    /// Instead of steps, time update rules alone, these or all, and optax's beside them
    #[arg(long, value_name = "RULES", value_delimiter = ',', num_args = 0.., conflicts_with = "steps",
          value_parser = PossibleValuesParser::new(rules()))]
    updates: Option<Vec<String>>,
    /// Instead of comparing, print where the time of our steps goes
    #[arg(long)]
    profile: bool,
    /// Be the process that runs our steps for the driver
    #[arg(long, hide = true)]
    worker: bool,
}

impl Args {
    /// The steps, or rules, that are asked for.
    fn entries(&self) -> Vec<Entry> {
        let (all, picked) = match &self.updates {
            Some(picked) => (models::updates(), picked),
            None => (models::all(), &self.steps),
        };
        let wanted = |entry: &Entry| picked.is_empty() || picked.iter().any(|p| p == entry.name);
        all.into_iter().filter(wanted).collect()
    }
}

/// The names of all steps.
fn names() -> Vec<&'static str> {
    models::all().iter().map(|entry| entry.name).collect()
}

/// The names of all update rules.
fn rules() -> Vec<&'static str> {
    models::updates().iter().map(|entry| entry.name).collect()
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(n) => Ok(n),
        Err(e) => Err(format!("{e}")),
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = if args.worker {
        let threads = serve::threads();
        serve::serve(ours::VERSION, &|file| Ok(ours::load(file, threads)?))
    } else if args.profile {
        profile(&args)
    } else {
        run::run(&args)
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("compare: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the profiles of our steps.
fn profile(args: &Args) -> Result<(), Failure> {
    for entry in args.entries() {
        let file = generate::step_file(&entry);
        println!("{}\n{}", entry.name, ours::load(&file, args.threads)?.profile()?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line() {
        let args = Args::try_parse_from(["compare", "--steps", "tiny,wide", "--threads", "1"]);
        assert_eq!(args.unwrap().steps, ["tiny", "wide"]);
        assert!(Args::try_parse_from(["compare", "--steps", "huge"]).is_err());
        let entries = |words: &[&str]| Args::try_parse_from(words).map(|args| args.entries());
        assert_eq!(entries(&["compare"]).unwrap().len(), names().len());
        assert_eq!(entries(&["compare", "--updates"]).unwrap().len(), rules().len());
        assert_eq!(entries(&["compare", "--updates", "adam,lion"]).unwrap().len(), 2);
        assert!(entries(&["compare", "--updates", "adam", "--steps", "tiny"]).is_err());
        assert!(Args::try_parse_from(["compare", "--threads", "0"]).is_err());
    }
}
