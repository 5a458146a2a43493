//! A worker's side of the conversation with the driver, shared by ours, candle and burn (`peers.py` speaks the
//! same).
//!
//! A worker is a process that first prints one line of JSON, `{"ready": "name and version"}` or
//! `{"error": "why not"}`, then answers each line on its standard input by one line of JSON:
//!
//! | request | reply |
//! |---|---|
//! | `load PATH` | `{"ok": true}` once the step of that [`StepFile`] is built; with `"spelling": "…"` where the framework had to find out which way to write it is the fastest |
//! | `load PATH<tab>SPELLING` | the same, written in this way; only asked of who told it |
//! | `losses NAME N` | `{"losses": […], "checksum": s}`: N steps, the loss of each (before its update), and then a checksum of what else they did |
//! | `time NAME N` | `{"us": […]}`: N steps, the wall time of each in microseconds |
//!
//! Loaded steps stay loaded, each with its own state, so that all can be checked before any is timed.
//!
//! A failure is `{"error": "…"}` and the conversation goes on. A worker ends with its input.

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use crate::Failure;
use crate::stepfile::StepFile;

/// A step that a framework has made ready to run. Its state (parameters, moments, running statistics) is its own.
pub trait Training {
    /// Runs one whole training step and waits until it is complete. This alone is timed.
    fn step(&mut self) -> Result<(), Failure>;

    /// The loss that the last step computed, before its update. Where something else is computed, the sum of its
    /// results, weighed by `v.*` of the file.
    fn loss(&mut self) -> Result<f64, Failure>;

    /// The sum of the running variances of all BatchNorms (0 without any): it shows that they are kept. Where
    /// something else than a loss is computed, the sum of the squares of its results.
    fn checksum(&mut self) -> Result<f64, Failure>;
}

/// What makes a step ready from its file.
pub type Load<'a> = &'a dyn Fn(&StepFile) -> Result<Box<dyn Training>, Failure>;

/// The number of threads that the driver grants a worker.
pub fn threads() -> usize {
    std::env::var("COMPARE_THREADS").ok().and_then(|n| n.parse().ok()).unwrap_or(2)
}

/// Says ready, then answers requests until the input ends.
pub fn serve(version: &str, load: Load<'_>) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    let mut say = |reply: Value| -> Result<(), Failure> {
        writeln!(output, "{reply}")?;
        Ok(output.flush()?)
    };
    say(json!({ "ready": version }))?;
    let mut loaded = Loaded::new();
    for line in std::io::stdin().lock().lines() {
        let reply = answer(&line?, load, &mut loaded);
        say(reply.unwrap_or_else(|failure| json!({ "error": failure.to_string() })))?;
    }
    Ok(())
}

/// The steps by name.
type Loaded = HashMap<String, Box<dyn Training>>;

fn answer(request: &str, load: Load<'_>, loaded: &mut Loaded) -> Result<Value, Failure> {
    if let Some(path) = request.strip_prefix("load ") {
        let file = StepFile::read(Path::new(path))?;
        loaded.insert(file.spec.name.clone(), load(&file)?);
        return Ok(json!({ "ok": true }));
    }
    let words: Vec<&str> = request.split_whitespace().collect();
    let [verb, name, count] = words[..] else {
        return Err(format!("no such request: {request:?}").into());
    };
    let training = loaded.get_mut(name).ok_or_else(|| format!("{name:?} is not loaded"))?;
    let count: usize = count.parse()?;
    match verb {
        "losses" => {
            let mut losses = Vec::with_capacity(count);
            for _ in 0..count {
                training.step()?;
                losses.push(training.loss()?);
            }
            Ok(json!({ "losses": losses, "checksum": training.checksum()? }))
        }
        "time" => {
            let mut us = Vec::with_capacity(count);
            for _ in 0..count {
                let start = Instant::now();
                training.step()?;
                us.push(start.elapsed().as_nanos() as f64 / 1e3);
            }
            Ok(json!({ "us": us }))
        }
        _ => Err(format!("no such request: {request:?}").into()),
    }
}
