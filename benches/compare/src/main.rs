//! Our five training steps beside other frameworks', in one run.
//!
//! ```text
//! cargo run --release -p compare -- --python PATH [--candle] [--burn]
//! ```
//!
//! Every framework runs in a process of its own ([`worker`], [`serve`]), ours too, on the same weights and the same
//! batch ([`generate`], [`stepfile`]). First all must find the same losses ([`agree`]); then they are timed in turns
//! ([`rounds`]), beside what the machine itself would need ([`floor`]); then their memory is taken ([`memory`]).
//! What a step is, [`spec`] says.
//!
//! Exit code 1: frameworks disagree, or something that was asked for cannot be done. A framework that is not
//! installed, or fails in a step, is left out of the table and its reason printed.

mod agree;
mod floor;
mod gemm;
mod generate;
mod machine;
mod memory;
mod ours;
mod peers;
mod reference;
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

/// Whatever goes wrong: the reader of the message is a person.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Times our five training steps, and other frameworks' beside them in the same run.
#[derive(Clone, Debug, Parser)]
#[command(name = "compare")]
pub struct Args {
    /// A Python that has torch and jax (either may be missing): their steps are run too
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Build candle's steps (minutes, the first time) and run them too
    #[arg(long)]
    candle: bool,
    /// Build burn's steps (minutes, the first time) and run them too
    #[arg(long)]
    burn: bool,
    /// Print one line a step: name, our median and the floor in microseconds, tabs between
    #[arg(long)]
    plain: bool,
    /// Threads for every framework
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = at_least_one)]
    threads: usize,
    /// How many turns each framework has
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = at_least_one)]
    rounds: usize,
    /// Which steps to run
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = PossibleValuesParser::new(spec::NAMES),
          default_value = "tiny,digits,mnist,deep,wide")]
    steps: Vec<String>,
    /// Instead of comparing, print where the time of our steps goes
    #[arg(long)]
    profile: bool,
    /// Be the process that runs our steps for the driver
    #[arg(long, hide = true)]
    worker: bool,
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
        serve::serve(ours::VERSION, &|file| ours::load(file, threads))
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
    for spec in spec::all().into_iter().filter(|spec| args.steps.contains(&spec.name)) {
        let file = generate::step_file(&spec);
        println!("{}\n{}", spec.name, ours::profile(&file, args.threads)?);
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
        assert!(Args::try_parse_from(["compare", "--threads", "0"]).is_err());
    }
}
