//! Runs the experiments of the lectures, and writes the gallery, one page that needs nothing but
//! itself: `cargo run --release -p lectures --example gallery`.
//!
//! With names, such as `-- ravine momentum`, it runs these alone, and prints all that they show.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use lab::{Lecture, Outcome, Pace};

const HELP: &str = "\
Run the experiments of the lectures, and write the gallery.

Usage: gallery [OPTIONS] [NAME]...

  [NAME]...       Run these alone, and print all that they show
  --out <FOLDER>  Folder for the page and its figures [default: gallery]
  --quick         A few steps only, to see that everything runs; verdicts mean nothing
  --list          Print the names, and run nothing
  -h, --help      Print this";

struct Options {
    out: PathBuf,
    pace: Pace,
    names: Vec<String>,
}

fn main() -> ExitCode {
    let result = options().and_then(|options| options.map_or(Ok(()), |options| gallery(&options)));
    let Err(error) = result else { return ExitCode::SUCCESS };
    eprintln!("error: {error}");
    ExitCode::FAILURE
}

/// What the command line says, unless it asks for words alone.
fn options() -> lab::Result<Option<Options>> {
    let mut options = Options { out: "gallery".into(), pace: Pace::Full, names: Vec::new() };
    let mut words = lexopt::Parser::from_env();
    while let Some(word) = words.next()? {
        match word {
            lexopt::Arg::Short('h') | lexopt::Arg::Long("help") => {
                println!("{HELP}");
                return Ok(None);
            }
            lexopt::Arg::Long("list") => {
                lectures::ALL.iter().for_each(|lecture| println!("{}", lecture.name()));
                return Ok(None);
            }
            lexopt::Arg::Long("out") => options.out = words.value()?.into(),
            lexopt::Arg::Long("quick") => options.pace = Pace::Quick,
            lexopt::Arg::Value(name) => options.names.push(name.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Some(options))
}

fn gallery(options: &Options) -> lab::Result {
    let chosen = chosen(&options.names)?;
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}")?;
    let bar = ProgressBar::new(chosen.len() as u64).with_style(style);
    let mut runs = Vec::new();
    for lecture in chosen {
        bar.set_message(lecture.experiment.title);
        let start = Instant::now();
        let outcome = lecture
            .experiment
            .perform(options.pace)
            .map_err(|error| format!("{}: {error}", lecture.file()))?;
        lab::write_figures(lecture, &outcome, &options.out)?;
        bar.suspend(|| {
            println!("{}", line(lecture, &outcome, start.elapsed().as_secs_f64()));
            if !options.names.is_empty() {
                println!("\n{outcome}\n");
            }
        });
        runs.push((lecture, outcome));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let page = options.out.join("index.html");
    lab::write_page(&page, &runs)?;
    let figures = runs.iter().map(|(_, outcome)| outcome.figures().count()).sum::<usize>();
    println!("\nwrote {} and {figures} figures beside it", page.display());
    println!("{}", lab::Tally::of(runs.iter().map(|(_, outcome)| outcome)));
    Ok(())
}

/// The lectures of these names, or all.
fn chosen(names: &[String]) -> lab::Result<Vec<&'static Lecture>> {
    if names.is_empty() {
        return Ok(lectures::ALL.iter().collect());
    }
    let find = |name: &String| {
        lectures::named(name).ok_or_else(|| {
            let known: Vec<_> = lectures::ALL.iter().map(Lecture::name).collect();
            format!("no lecture is called {name:?}; there are {}", known.join(", ")).into()
        })
    };
    names.iter().map(find).collect()
}

/// What is printed of a run: its count, and every claim that is not borne out.
fn line(lecture: &Lecture, outcome: &Outcome, seconds: f64) -> String {
    let title = lecture.experiment.title;
    let tally = lab::Tally::of([outcome]);
    let mut line = format!("{:>2}. {title}: {tally} ({seconds:.1} s)", lecture.number());
    for claim in outcome.claims().filter(|claim| !claim.holds) {
        line += &format!("\n    ✗ {} ({})", claim.statement, claim.evidence);
    }
    line
}
