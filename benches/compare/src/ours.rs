//! Our side: the five steps on Cotangent.
//!
//! This is the only module that knows our framework. The driver runs it in a process of its own (this same binary
//! with `--worker`), as it runs every peer, so that times and memory are taken alike.

use crate::Failure;
use crate::serve::Training;
use crate::stepfile::StepFile;

/// Name and version, as the table's foot shows them.
pub const VERSION: &str = concat!("Cotangent ", env!("CARGO_PKG_VERSION"));

/// The names of the steps that [`load`] can make ready. A name that is missing here is left out of our columns.
pub const STEPS: &[&str] = &[];

/// Makes a step ready on this many threads: weights and batch from the file, everything that can be done once done
/// (recorded, differentiated, compiled).
pub fn load(file: &StepFile, _threads: usize) -> Result<Box<dyn Training>, Failure> {
    Err(format!("ours does not run {:?} yet", file.spec.name).into())
}
