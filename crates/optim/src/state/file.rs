//! States as safetensors: buffers as tensors, everything else as JSON in the header.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use graph::{Shape, write_atomically};
use program::Precision;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{State, StateError, Tensor};

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
    pub(crate) fn to_bytes_with(&self, mut metadata: HashMap<String, String>) -> Vec<u8> {
        let numbers = self.numbers.iter().map(|(name, &x)| (name.clone(), x.into())).collect();
        let (settings, parameters) = (self.settings.clone(), self.parameters.clone());
        let header = Header { settings, parameters, numbers };
        let header = serde_json::to_string(&header).expect("plain data can be written as JSON");
        let encoded: Vec<Vec<u8>> = self.tensors.values().map(|t| encode(&t.values)).collect();
        let dtype = if size_of::<T>() == 4 { Dtype::F32 } else { Dtype::F64 };
        let views = self.tensors.iter().zip(&encoded).map(|((name, tensor), bytes)| {
            let view = TensorView::new(dtype, tensor.shape.to_vec(), bytes);
            (name, view.expect("the bytes are those of the shape"))
        });
        metadata.insert(KEY.to_owned(), header);
        safetensors::serialize(views, Some(metadata)).expect("tensors in memory can be serialised")
    }

    /// The state that [`to_bytes`](Self::to_bytes) has written.
    ///
    /// # Errors
    /// If the bytes are no whole state.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        parse(bytes).map(|(state, _)| state).map_err(|reason| StateError::Bytes { reason })
    }
}

/// The state that the bytes hold, and everything that their header says.
pub(crate) fn parse<T: Precision>(
    bytes: &[u8],
) -> Result<(State<T>, HashMap<String, String>), String> {
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let metadata = metadata.metadata().clone().unwrap_or_default();
    let number = |(name, x): (String, Number)| match x.value() {
        Some(x) => Ok((name, x)),
        None => Err(format!("{name} is no number")),
    };
    let Header { settings, parameters, numbers } = entry(&metadata, KEY)?;
    let numbers = numbers.into_iter().map(number).collect::<Result<_, _>>()?;
    let tensor = |(name, view): (String, TensorView<'_>)| Ok((name.clone(), decode(&name, &view)?));
    let tensors = tensors.tensors().into_iter().map(tensor).collect::<Result<_, String>>()?;
    Ok((State { settings, parameters, numbers, tensors }, metadata))
}

/// An entry of the header.
pub(crate) fn entry<V: DeserializeOwned>(
    metadata: &HashMap<String, String>,
    key: &str,
) -> Result<V, String> {
    let text = metadata.get(key).ok_or_else(|| format!("its header has no entry {key:?}"))?;
    serde_json::from_str(text).map_err(|error| format!("the entry {key:?} of its header: {error}"))
}

fn encode<T: Precision>(values: &[T]) -> Vec<u8> {
    match size_of::<T>() {
        4 => values.iter().flat_map(|&x| (x.to_f64() as f32).to_le_bytes()).collect(),
        _ => values.iter().flat_map(|&x| x.to_f64().to_le_bytes()).collect(),
    }
}

fn decode<T: Precision>(name: &str, view: &TensorView<'_>) -> Result<Tensor<T>, String> {
    let single = |bytes: &[u8]| f64::from(f32::from_le_bytes(bytes.try_into().expect("4 bytes")));
    let double = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("8 bytes"));
    let numbers: Vec<f64> = match view.dtype() {
        Dtype::F32 => view.data().chunks_exact(4).map(single).collect(),
        Dtype::F64 => view.data().chunks_exact(8).map(double).collect(),
        other => return Err(format!("{name} holds {other}, not floating point numbers")),
    };
    let values = numbers.into_iter().map(T::from_f64).collect();
    Ok(Tensor { shape: Shape::from(view.shape()), values })
}
