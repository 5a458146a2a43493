//! What the examples share: progress, plots and tables; no experiment.

#![allow(dead_code)] // each example uses a part

pub mod classes;
pub mod curves;
pub mod options;
pub mod progress;

use std::error::Error;
use std::fmt::Display;
use std::io::{ErrorKind, Write, stderr, stdout};
use std::process::ExitCode;

/// Prints a line. Who closes the output, as `head` does, wants no more lines, but still the model.
pub fn say(line: impl Display) {
    match writeln!(stdout(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => complain(error),
        _ => {}
    }
}

/// Prints a line about what went wrong, if there is anybody to read it.
fn complain(line: impl Display) {
    let _ = writeln!(stderr(), "error: {line}");
}

/// Prints an error with its causes, and answers the exit code of the process.
pub fn report(result: Result<(), Box<dyn Error>>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    let mut lines = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        lines += &format!("\n  because: {inner}");
        cause = inner.source();
    }
    complain(lines);
    ExitCode::FAILURE
}
