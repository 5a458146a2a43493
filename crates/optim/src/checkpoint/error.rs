//! What can be wrong with a checkpoint.

use std::io;
use std::path::PathBuf;

use crate::state::list;
use crate::{Difference, OptimError};

/// A checkpoint that was not taken, written, read or restored. Nothing was changed.
///
/// See [`Checkpoint`](crate::Checkpoint).
#[derive(thiserror::Error)]
pub enum CheckpointError {
    /// The file or folder could not be written; what was there before still is.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file or folder could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file of the folder that is not needed any more could not be removed.
    #[error("cannot remove {}: {source}", path.display())]
    Remove {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is no whole checkpoint.
    #[error("{} is no whole checkpoint: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The checkpoint is that of another model or optimizer.
    #[error("the checkpoint does not fit the model and its optimizer:{}", list(differences))]
    Mismatch {
        /// All differences.
        differences: Vec<Difference>,
    },
    /// The optimizer does not fit the parameters, whatever the checkpoint holds.
    #[error(transparent)]
    Optimizer(#[from] OptimError),
    /// A value of one's own that the checkpoint does not have.
    #[error("the checkpoint has no value {name:?}; it has {known}")]
    NoValue {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A value of one's own that JSON cannot hold, or that is of another type.
    #[error("the value {name:?} is not read as it is written: {reason}")]
    Value {
        /// The name.
        name: String,
        /// What differs.
        reason: String,
    },
    /// A folder that would keep no checkpoint.
    #[error("a folder of checkpoints must keep at least 1; asked to keep 0")]
    KeepsNone,
    /// A checkpoint with a lower number than one that is there, so that it would not be the latest.
    #[error(
        "a new checkpoint must be the latest; {} holds number {latest}, and this is number {number}",
        folder.display()
    )]
    NotLatest {
        /// The folder.
        folder: PathBuf,
        /// The highest number there.
        latest: u64,
        /// The number given.
        number: u64,
    },
}

graph::debug_as_display!(CheckpointError);
