//! Checkpoints as safetensors: numbers with a shape as tensors, everything else as JSON in the header.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use graph::{Seed, write_atomically};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Checkpoint, CheckpointError};
use crate::Precision;
use crate::state::file::{Number, entry, parse};

/// The key of a checkpoint's own JSON in the header.
const KEY: &str = "checkpoint";

/// The format that is written here, and the only one that is read.
const VERSION: u32 = 2;

/// What a checkpoint holds beside the state.
#[derive(Serialize, Deserialize)]
struct Header {
    version: u32,
    seed: u64,
    run: u64,
    #[serde(default)]
    frozen: BTreeSet<String>,
    numbers: BTreeMap<String, Number>,
    values: BTreeMap<String, Value>,
}

impl<T: Precision> Checkpoint<T> {
    /// Saves the checkpoint, so that whatever happens (a crash, a full disk, an interruption at any
    /// moment) the path holds the old file or the new one, whole.
    ///
    /// The file is safetensors: parameters are called `params/` and their path in it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), CheckpointError> {
        let path = path.as_ref();
        write_atomically(path, &self.to_bytes())
            .map_err(|source| CheckpointError::Write { path: path.to_owned(), source })
    }

    /// Loads a checkpoint, of single or double precision.
    ///
    /// # Errors
    /// If the file cannot be read, or is no whole checkpoint.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, CheckpointError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path)
            .map_err(|source| CheckpointError::Read { path: path.to_owned(), source })?;
        Self::from_bytes(&bytes)
            .map_err(|reason| CheckpointError::Format { path: path.to_owned(), reason })
    }

    fn to_bytes(&self) -> Vec<u8> {
        let header = Header {
            version: VERSION,
            seed: self.seed.seed,
            run: self.seed.run,
            frozen: self.frozen.clone(),
            numbers: self.numbers.iter().map(|(name, &x)| (name.clone(), x.into())).collect(),
            values: self.values.clone(),
        };
        let header = serde_json::to_string(&header).expect("plain data can be written as JSON");
        self.state.to_bytes_with(HashMap::from([(KEY.to_owned(), header)]))
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let (state, file) = parse(bytes)?;
        let Header { version, seed, run, frozen, numbers, values } = entry(&file, KEY)?;
        if version != VERSION {
            return Err(format!("it has version {version}, and this program reads {VERSION}"));
        }
        let number = |(name, x): (String, Number)| match x.value() {
            Some(x) => Ok((name, x)),
            None => Err(format!("{name} is no number")),
        };
        let numbers = numbers.into_iter().map(number).collect::<Result<_, _>>()?;
        Ok(Self { state, seed: Seed { seed, run }, frozen, numbers, values })
    }
}
