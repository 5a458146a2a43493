//! What a step costs who starts with it: the time of the first one, and the memory. Each framework and step has a
//! process of its own, in which nothing was run before.
//!
//! The first step includes whatever a framework does once: recording, differentiating, compiling, allocating. Reading
//! the file and building the model come before it. Where a framework keeps compiled code on disk, it is given an
//! empty folder for that. Short ones are repeated in fresh processes, as their times scatter.
//!
//! Memory is the most that the process ever had (`VmHWM`) until it had run some steps. A framework's own size (an
//! interpreter, libraries) is most of it for some, so what it had when it was ready, before the step was loaded, is
//! kept beside it. Processes that it starts itself, a compiler's for instance, are not counted.

use std::path::Path;

use crate::Failure;
use crate::peers::Peer;
use crate::stats::median;
use crate::worker::{Memory, Worker, load_request};

/// How many steps are run after the first, before memory is read.
const STEPS: usize = 10;
/// First steps shorter than this, in microseconds, are taken again.
const SHORT: f64 = 1e6;
/// How often they are taken.
const REPEATS: usize = 3;

/// What one framework needs for one step.
#[derive(Clone, Copy, Debug)]
pub struct Fresh {
    /// The time of the first step in microseconds.
    pub first: f64,
    /// When the process was ready, nothing loaded.
    pub ready: Memory,
    /// After the steps.
    pub after: Memory,
}

/// Runs the step of a file, written in this way if there was a choice, in processes that have done nothing else.
pub fn measure(
    peer: &Peer,
    step: &str,
    file: &Path,
    spelling: Option<&str>,
) -> Result<Fresh, Failure> {
    let mut fresh = once(peer, step, file, spelling)?;
    let mut firsts = vec![fresh.first];
    while firsts.len() < REPEATS && firsts[0] < SHORT {
        firsts.push(once(peer, step, file, spelling)?.first);
    }
    fresh.first = median(&firsts);
    Ok(fresh)
}

fn once(peer: &Peer, step: &str, file: &Path, spelling: Option<&str>) -> Result<Fresh, Failure> {
    let kept = tempfile::tempdir()?;
    let mut command = peer.command();
    command.env("TORCHINDUCTOR_CACHE_DIR", kept.path());
    let mut worker = Worker::start(peer.name, command)?;
    let ready = worker.memory()?;
    worker.ask(&[load_request(file, spelling)])?;
    let first = worker.time(step, 0, 1)?;
    worker.time(step, 0, STEPS)?;
    Ok(Fresh { first: median(&first), ready, after: worker.memory()? })
}

#[cfg(test)]
impl Fresh {
    /// Something to show.
    pub fn example(first: f64) -> Self {
        let memory = |resident, peak| Memory { resident, peak };
        Self { first, ready: memory(1 << 12, 1 << 12), after: memory(1 << 13, 1 << 14) }
    }
}
