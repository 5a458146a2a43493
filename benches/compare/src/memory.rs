//! Peak memory of the wide step: a fresh process for each framework, the step loaded and run a few times.
//!
//! The peak is the process's `VmHWM`, its whole life included. A framework's own size (an interpreter, libraries)
//! is most of it for some, so the memory when it was ready, before the step was loaded, is shown as well.

use std::path::Path;

use crate::Failure;
use crate::peers::Peer;
use crate::worker::{Memory, Worker};

/// How many steps are run.
const STEPS: usize = 10;

/// What one framework took.
pub struct Taken {
    /// When it was ready, nothing loaded.
    pub ready: Memory,
    /// After the steps.
    pub after: Memory,
}

/// Runs the step of a file in a process that has done nothing else.
pub fn measure(peer: &Peer, step: &str, file: &Path) -> Result<Taken, Failure> {
    let mut worker = Worker::start(peer.name, peer.command())?;
    let ready = worker.memory()?;
    worker.ask(&[format!("load {}", file.display())])?;
    worker.time(step, 0, STEPS)?;
    Ok(Taken { ready, after: worker.memory()? })
}
