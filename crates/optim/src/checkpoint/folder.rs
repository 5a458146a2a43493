//! A folder with the last checkpoints of a training run.

use std::fs;
use std::path::{Path, PathBuf};

use graph::remove_abandoned;

use super::{Checkpoint, CheckpointError};

use crate::Precision;

/// How the files are called, before and after the number.
const PREFIX: &str = "checkpoint-";
const SUFFIX: &str = ".safetensors";

/// A folder with the last checkpoints of one training run, numbered by step or epoch.
///
/// A process may be killed at any moment: what has a number is whole. One process at a time saves
/// into a folder; any number may read. See [`Checkpoint`] for an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoints {
    folder: PathBuf,
    keep: usize,
}

impl Checkpoints {
    /// The checkpoints in a folder, which is made if it is not there, of which the last `keep` are
    /// kept when there is a new one.
    ///
    /// # Errors
    /// If `keep` is 0, or the folder cannot be made.
    pub fn in_folder(folder: impl Into<PathBuf>, keep: usize) -> Result<Self, CheckpointError> {
        let folder = folder.into();
        if keep == 0 {
            return Err(CheckpointError::KeepsNone);
        }
        match fs::create_dir_all(&folder) {
            Ok(()) => Ok(Self { folder, keep }),
            Err(source) => Err(CheckpointError::Write { path: folder, source }),
        }
    }

    /// Saves a checkpoint under a number, which is the highest there or above, and removes those
    /// that are not among the last ones any more. Answers the file.
    ///
    /// # Errors
    /// If there is a higher number (to go on from an older checkpoint, remove the later ones or
    /// take another folder), or a file cannot be written or removed. The
    /// latest that was there is there still.
    pub fn save<T: Precision>(
        &self,
        number: u64,
        checkpoint: &Checkpoint<T>,
    ) -> Result<PathBuf, CheckpointError> {
        let mut numbers = self.numbers()?;
        if let Some(&latest) = numbers.last().filter(|&&latest| latest > number) {
            return Err(CheckpointError::NotLatest { folder: self.folder.clone(), latest, number });
        }
        // What processes that were killed have left, of whatever number.
        remove_abandoned(&self.folder, None)
            .map_err(|source| CheckpointError::Remove { path: self.folder.clone(), source })?;
        // Before too, so that killed processes cannot leave more and more behind.
        self.prune(&mut numbers)?;
        let path = self.path(number);
        checkpoint.save(&path)?;
        numbers.retain(|&other| other != number);
        numbers.push(number);
        self.prune(&mut numbers)?;
        Ok(path)
    }

    /// The checkpoint with the highest number, if there is any.
    ///
    /// # Errors
    /// If the folder or the file cannot be read, or the file is damaged; an older one can then be
    /// [loaded](Self::load) by its number.
    pub fn latest<T: Precision>(&self) -> Result<Option<Checkpoint<T>>, CheckpointError> {
        self.numbers()?.last().map(|&number| self.load(number)).transpose()
    }

    /// The checkpoint of a number.
    ///
    /// # Errors
    /// If the file cannot be read, or is no whole checkpoint.
    pub fn load<T: Precision>(&self, number: u64) -> Result<Checkpoint<T>, CheckpointError> {
        Checkpoint::load(self.path(number))
    }

    /// The numbers there are, in ascending order. Files of other names are passed over.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn numbers(&self) -> Result<Vec<u64>, CheckpointError> {
        let number = |name: &String| {
            let number = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.parse().ok()?;
            (*name == name_of(number)).then_some(number)
        };
        let mut numbers: Vec<u64> = self.names()?.iter().filter_map(number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The file of a number, whether there is one or not.
    pub fn path(&self, number: u64) -> PathBuf {
        self.folder.join(name_of(number))
    }

    /// Removes all but the last ones.
    fn prune(&self, numbers: &mut Vec<u64>) -> Result<(), CheckpointError> {
        let superfluous = numbers.len().saturating_sub(self.keep);
        numbers.drain(..superfluous).try_for_each(|old| remove(&self.path(old)))
    }

    fn names(&self) -> Result<Vec<String>, CheckpointError> {
        let read = || fs::read_dir(&self.folder)?.collect::<Result<Vec<_>, _>>();
        let entries =
            read().map_err(|source| CheckpointError::Read { path: self.folder.clone(), source })?;
        Ok(entries.iter().filter_map(|entry| entry.file_name().into_string().ok()).collect())
    }
}

/// So that an alphabetic order is that of the numbers.
fn name_of(number: u64) -> String {
    format!("{PREFIX}{number:012}{SUFFIX}")
}

fn remove(path: &Path) -> Result<(), CheckpointError> {
    fs::remove_file(path)
        .map_err(|source| CheckpointError::Remove { path: path.to_owned(), source })
}
