//! Who is in the run, with which steps, and who was left out.

use std::collections::HashMap;
use std::fmt;

use crate::Failure;
use crate::peers::{OURS, Peer};
use crate::results::Framework;
use crate::worker::Worker;

/// A framework in the run.
pub struct Entrant {
    /// Its process.
    pub worker: Worker,
    /// The steps that it can do; where it had a choice, the way of writing that it found fastest.
    pub spellings: HashMap<&'static str, Option<String>>,
}

impl Entrant {
    /// Who it is.
    pub fn framework(&self) -> Framework {
        Framework { name: self.worker.name.clone(), version: self.worker.version.clone() }
    }
}

/// Starts everyone.
pub fn start(invited: &[Peer], left_out: &mut LeftOut) -> Result<Vec<Entrant>, Failure> {
    let mut entrants = Vec::new();
    for peer in invited {
        eprintln!("{}: starting", peer.name);
        match Worker::start(peer.name, peer.command()) {
            Ok(worker) => entrants.push(Entrant { worker, spellings: HashMap::new() }),
            Err(failure) => left_out.note(peer.name, "all steps", &failure)?,
        }
    }
    Ok(entrants)
}

/// Everything that was left out, in words, a line each.
#[derive(Default)]
pub struct LeftOut(Vec<String>);

impl LeftOut {
    /// Notes a framework's failure. Ours is none to be left out: it ends the run.
    pub fn note(&mut self, name: &str, at: &str, failure: &Failure) -> Result<(), Failure> {
        if name == OURS {
            return Err(format!("ours, {at}: {failure}").into());
        }
        self.0.push(format!("{name}, {at}: unavailable: {failure}"));
        Ok(())
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
