//! States as safetensors: buffers as tensors, everything else as JSON in the header.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use graph::tensors::{self, Storage, Tensors};
use graph::write_atomically;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{State, StateError, Tensor};

use crate::Precision;

/// The key of the JSON in the header.
const KEY: &str = "optimizer";

/// What a state holds beside its buffers.
#[derive(Serialize, Deserialize)]
struct Header {
    settings: Option<BTreeMap<String, Value>>,
    parameters: BTreeSet<String>,
    numbers: BTreeMap<String, Number>,
}

/// A number that need not be finite, which JSON has no numbers for.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Number {
    Finite(f64),
    Other(String),
}

impl From<f64> for Number {
    fn from(x: f64) -> Self {
        if x.is_finite() { Self::Finite(x) } else { Self::Other(x.to_string()) }
    }
}

impl Number {
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Finite(x) => Some(*x),
            Self::Other(text) => text.parse().ok(),
        }
    }
}

impl<T: Precision> State<T> {
    /// Saves the state, so that whatever happens the path holds the old file or the new one, whole.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), StateError> {
        let path = path.as_ref();
        write_atomically(path, &self.to_bytes())
            .map_err(|source| StateError::Write { path: path.to_owned(), source })
    }

    /// Loads a state, of single or double precision.
    ///
    /// # Errors
    /// If the file cannot be read, or is no whole state.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, StateError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path)
            .map_err(|source| StateError::Read { path: path.to_owned(), source })?;
        match parse(&bytes) {
            Ok((state, _)) => Ok(state),
            Err(reason) => Err(StateError::Format { path: path.to_owned(), reason }),
        }
    }

    /// The state as safetensors with a JSON header: what [`save`](Self::save) writes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes_with(HashMap::new())
    }

    /// The state as safetensors with more entries in the header.
    pub(crate) fn to_bytes_with(&self, mut notes: HashMap<String, String>) -> Vec<u8> {
        let numbers = self.numbers.iter().map(|(name, &x)| (name.clone(), x.into())).collect();
        let (settings, parameters) = (self.settings.clone(), self.parameters.clone());
        let header = Header { settings, parameters, numbers };
        let header = serde_json::to_string(&header).expect("plain data can be written as JSON");
        notes.insert(KEY.to_owned(), header);
        let arrays = self
            .tensors
            .iter()
            .map(|(name, tensor)| (name.as_str(), &tensor.shape, tensor.values.as_slice()));
        tensors::write(arrays, Storage::of::<T>(), notes).expect("it is the state's own precision")
    }

    /// The state that [`to_bytes`](Self::to_bytes) has written.
    ///
    /// # Errors
    /// If the bytes are no whole state.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        parse(bytes).map(|(state, _)| state).map_err(|reason| StateError::Bytes { reason })
    }
}

/// The state that the bytes hold, and the file that they are.
pub(crate) fn parse<T: Precision>(bytes: &[u8]) -> Result<(State<T>, Tensors<'_>), String> {
    let file = Tensors::read(bytes).map_err(|error| error.to_string())?;
    let number = |(name, x): (String, Number)| match x.value() {
        Some(x) => Ok((name, x)),
        None => Err(format!("{name} is no number")),
    };
    let Header { settings, parameters, numbers } = entry(&file, KEY)?;
    let numbers = numbers.into_iter().map(number).collect::<Result<_, _>>()?;
    let tensor = |name: &str| Ok((name.to_owned(), tensor(&file, name)?));
    let tensors = file.names().into_iter().map(tensor).collect::<Result<_, String>>()?;
    Ok((State { settings, parameters, numbers, tensors }, file))
}

/// An entry of the header.
pub(crate) fn entry<V: DeserializeOwned>(file: &Tensors<'_>, key: &str) -> Result<V, String> {
    let text = file.note(key).ok_or_else(|| format!("its header has no entry {key:?}"))?;
    serde_json::from_str(text).map_err(|error| format!("the entry {key:?} of its header: {error}"))
}

fn tensor<T: Precision>(file: &Tensors<'_>, name: &str) -> Result<Tensor<T>, String> {
    let tensor = file.get(name).expect("it is one of the file's names");
    let numbers = tensor
        .numbers()
        .ok_or_else(|| format!("{name} holds {}, not floating point numbers", tensor.kind()))?;
    Ok(Tensor { shape: tensor.shape(), values: numbers.map(T::from_f64).collect() })
}
