//! Runs every experiment of the lectures, and writes the gallery, one page that needs nothing but
//! itself: `cargo run --release --example gallery`.

#[allow(dead_code)] // each experiment has a main of its own
#[path = "support/lectures.rs"]
mod lectures;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use lab::{Experiment, Outcome};

/// Run every experiment of the lectures, and write the gallery.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    lab: lab::Options,
    /// Run these experiments alone
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
}

fn main() -> ExitCode {
    lab::report(gallery(&Options::parse()))
}

fn gallery(options: &Options) -> lab::Result {
    let chosen = chosen(&options.only)?;
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}")?;
    let bar = ProgressBar::new(chosen.len() as u64).with_style(style);
    let mut runs = Vec::new();
    for experiment in chosen {
        bar.set_message(experiment.title);
        let start = Instant::now();
        let outcome = experiment.perform(options.lab.pace()).map_err(|error| {
            format!("experiment {} ({}): {error}", experiment.number, experiment.name)
        })?;
        lab::write_figures(experiment, &outcome, &options.lab.out)?;
        bar.suspend(|| println!("{}", line(experiment, &outcome, start.elapsed().as_secs_f64())));
        runs.push((experiment, outcome));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let page = options.lab.out.join("index.html");
    lab::write_page(&page, &runs)?;
    println!("\nwrote {} and {} figures beside it", page.display(), figures(&runs));
    let borne_out = runs.iter().filter(|(_, outcome)| outcome.borne_out()).count();
    println!("claims: {borne_out} of {} borne out", runs.len());
    Ok(())
}

/// The experiments of these names, or all.
fn chosen(only: &[String]) -> lab::Result<Vec<&'static Experiment>> {
    let known = |name: &String| lectures::ALL.iter().any(|experiment| experiment.name == *name);
    if let Some(unknown) = only.iter().find(|name| !known(name)) {
        let names: Vec<_> = lectures::ALL.iter().map(|experiment| experiment.name).collect();
        return Err(
            format!("no experiment is called {unknown:?}; there are {}", names.join(", ")).into()
        );
    }
    let wanted = |name: &str| only.is_empty() || only.iter().any(|other| other == name);
    Ok(lectures::ALL.iter().filter(|experiment| wanted(experiment.name)).collect())
}

/// What is printed of a run: its verdict, and every claim that failed.
fn line(Experiment { number, title, .. }: &Experiment, outcome: &Outcome, seconds: f64) -> String {
    let verdict = if outcome.borne_out() { "borne out" } else { "NOT borne out" };
    let mut line = format!("{number:>2}. {title}: {verdict} ({seconds:.1} s)");
    for claim in outcome.claims().filter(|claim| !claim.holds) {
        line += &format!("\n    ✗ {} ({})", claim.statement, claim.evidence);
    }
    line
}

fn figures(runs: &[(&Experiment, Outcome)]) -> usize {
    runs.iter().map(|(_, outcome)| outcome.figures().count()).sum()
}
