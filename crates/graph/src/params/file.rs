//! Saving and loading, as safetensors.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};

use super::{Param, Params, Role};
use crate::{Scalar, Shape, write_atomically};

/// A file that could not be written. What stood at the path before is still there.
#[derive(thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
pub struct SaveError {
    /// The file.
    pub path: PathBuf,
    /// What the operating system said.
    pub source: io::Error,
}

crate::debug_as_display!(SaveError);

/// A file that could not be loaded. The parameters are as they were.
#[derive(thiserror::Error)]
pub enum LoadError {
    /// The file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is not safetensors: truncated, or something else.
    #[error("{} is not a whole safetensors file ({length} bytes): {source}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        length: usize,
        /// What the reader said.
        source: SafeTensorError,
    },
    /// The file holds other parameters than the model has.
    #[error("{} does not fit the model:\n{mismatch}", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// The differences, all of them.
        mismatch: Mismatch,
    },
}

crate::debug_as_display!(LoadError);

/// Every difference between a file and a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mismatch {
    /// Paths of the model that the file does not have.
    pub missing: Vec<String>,
    /// Paths of the file that the model does not have.
    pub unexpected: Vec<String>,
    /// Paths whose shapes differ: that of the model, then that of the file.
    pub shapes: Vec<(String, Shape, Shape)>,
    /// Paths whose values are not floating point numbers of 32 or 64 bits, nor counts in a buffer
    /// that the model's precision holds exactly; with what they are.
    pub types: Vec<(String, String)>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        lines.extend(self.missing.iter().map(|path| format!("  missing from the file: {path}")));
        lines.extend(self.unexpected.iter().map(|path| format!("  unknown to the model: {path}")));
        lines.extend(self.shapes.iter().map(|(path, model, file)| {
            format!("  another shape: {path} is {model} in the model and {file} in the file")
        }));
        lines.extend(
            self.types.iter().map(|(path, ty)| format!("  another type: {path} holds {ty}")),
        );
        f.write_str(&lines.join("\n"))
    }
}

impl Mismatch {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl<T: Scalar> Params<T> {
    /// Saves every parameter and buffer under its path, in the store's precision.
    ///
    /// The file is written to a temporary name, synced and renamed, so that whatever happens the
    /// path holds the old file or the new one, whole.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), SaveError> {
        let path = path.as_ref();
        write_atomically(path, &self.to_safetensors())
            .map_err(|source| SaveError { path: path.to_owned(), source })
    }

    /// Loads every parameter and buffer by its path, from single or double precision.
    ///
    /// A buffer may also come as 64-bit integers, as PyTorch saves BatchNorm's `num_batches_tracked`,
    /// if this precision holds each of them exactly.
    ///
    /// # Errors
    /// If the file cannot be read, is not whole, or does not hold exactly the model's parameters in
    /// their shapes; then nothing is changed.
    pub fn load(&mut self, path: impl AsRef<Path>) -> Result<(), LoadError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path)
            .map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|source| LoadError::Format {
            path: path.to_owned(),
            length: bytes.len(),
            source,
        })?;
        let mismatch = self.compare(&tensors);
        if !mismatch.is_empty() {
            return Err(LoadError::Mismatch { path: path.to_owned(), mismatch });
        }
        for index in 0..self.entries().len() {
            let param = &self.entries()[index];
            let range = self.range(param.id());
            let tensor = tensors.tensor(param.path()).expect("compared");
            decode(&tensor, &mut self.values_mut()[range]);
        }
        Ok(())
    }

    fn to_safetensors(&self) -> Vec<u8> {
        let bytes: Vec<(String, Vec<u8>, Vec<usize>)> = self
            .entries()
            .iter()
            .map(|param| {
                let values = &self.values()[self.range(param.id())];
                (param.path().to_owned(), encode(values), param.shape().to_vec())
            })
            .collect();
        let dtype = if size_of::<T>() == 4 { Dtype::F32 } else { Dtype::F64 };
        let views = bytes.iter().map(|(path, bytes, shape)| {
            let view = TensorView::new(dtype, shape.clone(), bytes);
            (path, view.expect("the bytes are those of the shape"))
        });
        let metadata = HashMap::from([("format".to_owned(), "cotangent".to_owned())]);
        safetensors::serialize(views, Some(metadata)).expect("tensors in memory can be serialised")
    }

    fn compare(&self, tensors: &SafeTensors<'_>) -> Mismatch {
        let mut mismatch = Mismatch::default();
        for param in self.entries() {
            let path = || param.path().to_owned();
            let Ok(tensor) = tensors.tensor(param.path()) else {
                mismatch.missing.push(path());
                continue;
            };
            let shape = Shape::from(tensor.shape());
            if shape != *param.shape() {
                mismatch.shapes.push((path(), param.shape().clone(), shape));
            }
            if let Some(unfit) = unfit_type::<T>(param, &tensor) {
                mismatch.types.push((path(), unfit));
            }
        }
        let unknown = |path: &String| self.id(path).is_none();
        mismatch.unexpected =
            tensors.names().into_iter().map(str::to_owned).filter(unknown).collect();
        mismatch.unexpected.sort_unstable();
        mismatch
    }
}

/// What a tensor holds, if a parameter cannot take it without loss.
fn unfit_type<T: Scalar>(param: &Param, tensor: &TensorView<'_>) -> Option<String> {
    match (tensor.dtype(), param.role()) {
        (Dtype::F32 | Dtype::F64, _) => None,
        (Dtype::I64, Role::Buffer) => {
            let inexact = |x: &i64| T::from_f64(*x as f64).to_f64() as i128 != i128::from(*x);
            let lost = tensor.data().chunks_exact(8).map(integer).find(inexact)?;
            Some(format!("I64, of which {lost} would be rounded"))
        }
        (other, _) => Some(other.to_string()),
    }
}

fn integer(bytes: &[u8]) -> i64 {
    i64::from_le_bytes(bytes.try_into().expect("8 bytes"))
}

fn encode<T: Scalar>(values: &[T]) -> Vec<u8> {
    match size_of::<T>() {
        4 => values.iter().flat_map(|&x| (x.to_f64() as f32).to_le_bytes()).collect(),
        _ => values.iter().flat_map(|&x| x.to_f64().to_le_bytes()).collect(),
    }
}

fn decode<T: Scalar>(tensor: &TensorView<'_>, values: &mut [T]) {
    let single = |bytes: &[u8]| f64::from(f32::from_le_bytes(bytes.try_into().expect("4 bytes")));
    let double = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("8 bytes"));
    let integer = |bytes: &[u8]| integer(bytes) as f64;
    let (width, number): (usize, &dyn Fn(&[u8]) -> f64) = match tensor.dtype() {
        Dtype::F32 => (4, &single),
        Dtype::I64 => (8, &integer),
        _ => (8, &double),
    };
    for (value, bytes) in values.iter_mut().zip(tensor.data().chunks_exact(width)) {
        *value = T::from_f64(number(bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array, array};

    fn model(width: usize) -> Params {
        let mut params = Params::seeded(0);
        let mut root = params.root();
        root.buffer("running", array![0.25].into_dyn());
        let mut head = root.child("head");
        head.parameter(
            "weight",
            Array::from_shape_fn((width, 2), |(i, j)| (i * 2 + j) as f64).into_dyn(),
        );
        params
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let saved = model(3);
        saved.save(&path).unwrap();
        let mut loaded = model(3);
        loaded.values_mut().fill(-1.0);
        loaded.load(&path).unwrap();
        assert_eq!(loaded.values(), saved.values());
        let mut double = model(3).cast::<f64>();
        double.values_mut().fill(-1.0);
        double.load(&path).unwrap();
        assert_eq!(double.values(), saved.cast::<f64>().values());
    }

    #[test]
    fn another_model_is_described_whole_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let mut other = model(3);
        other.root().parameter("extra", array![1.0].into_dyn());
        other.save(&path).unwrap();
        let mut ours = model(4);
        ours.root().parameter("bias", array![9.0].into_dyn());
        let before = ours.values().to_vec();
        let message = ours.load(&path).unwrap_err().to_string();
        assert!(message.contains("missing from the file: bias"), "{message}");
        assert!(message.contains("unknown to the model: extra"), "{message}");
        assert!(
            message.contains("head.weight is [4, 2] in the model and [3, 2] in the file"),
            "{message}"
        );
        assert_eq!(ours.values(), before);
    }

    /// A file with one tensor of one 64-bit integer.
    fn integer_file(folder: &Path, name: &str, value: i64) -> PathBuf {
        let bytes = value.to_le_bytes();
        let view = TensorView::new(Dtype::I64, vec![1], &bytes).unwrap();
        let path = folder.join(format!("{value}.safetensors"));
        std::fs::write(&path, safetensors::serialize([(name, view)], None).unwrap()).unwrap();
        path
    }

    #[test]
    fn a_buffer_takes_integers_that_it_holds_exactly() {
        let folder = tempfile::tempdir().unwrap();
        let mut params = Params::seeded(0);
        params.root().buffer("count", array![0.0].into_dyn());
        let file = |value| integer_file(folder.path(), "count", value);
        params.load(file(16_777_216)).unwrap();
        assert_eq!(params.values(), [16_777_216.0]);
        let message = params.load(file(16_777_217)).unwrap_err().to_string();
        assert!(message.contains("count holds I64, of which 16777217 would be"), "{message}");
        assert_eq!(params.values(), [16_777_216.0]);
        let mut double = params.cast::<f64>();
        double.load(file(16_777_217)).unwrap();
        assert_eq!(double.values(), [16_777_217.0]);
        assert!(double.load(file(i64::MAX)).is_err(), "it would become 2⁶³");
    }

    #[test]
    fn a_trainable_parameter_takes_no_integers() {
        let folder = tempfile::tempdir().unwrap();
        let mut params = Params::seeded(0);
        params.root().parameter("w", array![0.5].into_dyn());
        let message = params.load(integer_file(folder.path(), "w", 1)).unwrap_err().to_string();
        assert!(message.contains("another type: w holds I64"), "{message}");
        assert_eq!(params.values(), [0.5]);
    }

    #[test]
    fn broken_files_are_refused_and_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let mut params = model(3);
        params.save(&path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let before = params.values().to_vec();
        let mut huge_header = whole.clone();
        huge_header[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        for broken in [&whole[..0], &whole[..5], &whole[..whole.len() - 1], &huge_header, b"PNG"] {
            std::fs::write(&path, broken).unwrap();
            let error = params.load(&path).unwrap_err();
            assert!(matches!(error, LoadError::Format { .. }), "{error}");
            assert_eq!(params.values(), before);
        }
        let missing = folder.path().join("none");
        assert!(matches!(params.load(&missing), Err(LoadError::Read { .. })));
    }
}
