//! Saving and loading, as safetensors.

mod import;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::{Param, Params, Role};
use crate::tensors::{self, ReadError, Storage, Tensor, TooLarge};
use crate::{Scalar, Shape, write_atomically};

pub use import::{Import, Loaded};

/// A file that could not be written. What stood at the path before is still there.
///
/// [`Params::save`] answers it.
///
/// ```
/// let params = cotangent::Params::seeded(0);
/// let error = params.save("no such folder/model.safetensors").unwrap_err();
/// assert!(error.to_string().contains("no such folder"), "{error}");
/// ```
#[derive(thiserror::Error)]
pub enum SaveError {
    /// The file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A finite number that the storage asked for does not hold.
    #[error("{parameter:?} holds {value}, which is too large for {storage:?}")]
    TooLarge {
        /// The parameter's path.
        parameter: String,
        /// The number.
        value: f64,
        /// How it was to be stored.
        storage: Storage,
    },
}

crate::debug_as_display!(SaveError);

/// A file that could not be loaded. The parameters are as they were.
///
/// [`Params::load`] answers it; it names everything that differs.
///
/// ```
/// use cotangent::{LoadError, Params};
///
/// let (mut ours, theirs) = (Params::seeded(0), Params::seeded(0));
/// ours.root().parameter("w", cotangent::ndarray::arr1(&[1.0]).into_dyn());
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("theirs.safetensors");
/// theirs.save(&file)?;
/// let LoadError::Mismatch { mismatch, .. } = ours.load(&file).unwrap_err() else { panic!() };
/// assert_eq!(mismatch.missing, ["w"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// The file is not safetensors, or damaged: truncated, changed, or something else.
    #[error("{} is not a whole safetensors file ({length} bytes): {source}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        length: usize,
        /// What the reader said.
        source: ReadError,
    },
    /// The file holds nothing of what was asked for.
    #[error("nothing of {} was asked for: {loaded}", path.display())]
    Nothing {
        /// The file.
        path: PathBuf,
        /// What was missing, and what the file holds.
        loaded: Loaded,
    },
    /// The file holds other parameters than the model has.
    #[error("{} does not fit the model:\n{mismatch}", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// The differences, all of them.
        mismatch: Box<Mismatch>,
    },
}

crate::debug_as_display!(LoadError);

/// Every difference between a file and a model.
///
/// It is part of what [`Params::load`] answers: see the example of [`LoadError`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mismatch {
    /// Paths of the model that the file does not have.
    pub missing: Vec<String>,
    /// Names of the file that the model does not have.
    pub unexpected: Vec<String>,
    /// Paths whose shapes differ: that of the model, then that of the file.
    pub shapes: Vec<(String, Shape, Shape)>,
    /// Paths whose values are not floating point numbers of 16, 32 or 64 bits that the model's
    /// precision has room for, nor counts in a buffer that it holds exactly; with what they are.
    pub types: Vec<(String, String)>,
    /// Paths that two names of the file have become.
    pub twice: Vec<(String, String, String)>,
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
        lines.extend(
            self.twice.iter().map(|(path, a, b)| format!("  twice: {path} would be {a} and {b}")),
        );
        if let Some((path, ..)) = self.shapes.first() {
            lines.push(format!(
                "  what has another shape on purpose stays as it is by `Import::new().except({path:?})`, or a pattern"
            ));
        }
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
        self.save_as(path, Storage::of::<T>())
    }

    /// As [`save`](Self::save), in other numbers: each is rounded to the nearest, ties to even. A
    /// file of 16 bits a number is half as large as that of a store in single precision, and is read
    /// again by [`load`](Self::load).
    ///
    /// ```
    /// use cotangent::{Params, Storage};
    /// let mut params = Params::seeded(0);
    /// let pi = params.root().parameter("pi", cotangent::ndarray::arr1(&[3.14159]).into_dyn());
    /// let folder = tempfile::tempdir()?;
    /// let file = folder.path().join("small.safetensors");
    /// params.save_as(&file, Storage::BF16)?;
    /// params.load(&file)?;
    /// assert_eq!(params.get(pi.id()).unwrap()[0], 3.140625);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the file cannot be written, or a finite number is too large.
    pub fn save_as(&self, path: impl AsRef<Path>, storage: Storage) -> Result<(), SaveError> {
        let path = path.as_ref();
        write_atomically(path, &self.to_safetensors(storage)?)
            .map_err(|source| SaveError::Write { path: path.to_owned(), source })
    }

    fn to_safetensors(&self, storage: Storage) -> Result<Vec<u8>, SaveError> {
        let arrays = self
            .entries()
            .iter()
            .map(|param| (param.path(), param.shape(), &self.values()[self.range(param.id())]));
        let notes = HashMap::from([("format".to_owned(), "cotangent".to_owned())]);
        tensors::write(arrays, storage, notes).map_err(|TooLarge { name, value }| {
            SaveError::TooLarge { parameter: name, value, storage }
        })
    }
}

/// What a tensor holds, if a parameter cannot take it without loss.
fn unfit_type<T: Scalar>(param: &Param, tensor: &Tensor<'_>) -> Option<String> {
    if let Some(mut numbers) = tensor.numbers() {
        let too_large = |x: &f64| x.is_finite() && !T::from_f64(*x).is_finite();
        let lost = numbers.find(too_large)?;
        return Some(format!("{}, of which {lost} is too large", tensor.kind()));
    }
    match (tensor.integers(), param.role()) {
        (Some(mut integers), Role::Buffer) => {
            let inexact = |x: &i64| T::from_f64(*x as f64).to_f64() as i128 != i128::from(*x);
            let lost = integers.find(inexact)?;
            Some(format!("I64, of which {lost} would be rounded"))
        }
        _ => Some(tensor.kind()),
    }
}

/// The numbers that a parameter takes of a tensor whose type fits.
fn numbers<'b>(tensor: &Tensor<'b>) -> Box<dyn Iterator<Item = f64> + 'b> {
    match (tensor.numbers(), tensor.integers()) {
        (Some(numbers), _) => Box::new(numbers),
        (None, Some(integers)) => Box::new(integers.map(|x| x as f64)),
        (None, None) => unreachable!("the type fits"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array, array};
    use safetensors::Dtype;
    use safetensors::tensor::TensorView;

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
    fn sixteen_bits_are_written_on_request_and_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let mut params = model(3);
        params.values_mut()[0] = 1.0 + 2f32.powi(-9) + 2f32.powi(-20);
        for (storage, first) in [
            (Storage::F16, 1.0 + 2f32.powi(-9)),
            (Storage::BF16, 1.0),
            (Storage::F64, params.values()[0]),
        ] {
            params.save_as(&path, storage).unwrap();
            let mut loaded = model(3);
            loaded.load(&path).unwrap();
            assert_eq!(loaded.values()[0], first, "{storage:?}");
            assert_eq!(loaded.values()[1..], params.values()[1..], "{storage:?}");
        }
        let before = std::fs::read(&path).unwrap();
        params.values_mut()[1] = 1e5;
        let told = params.save_as(&path, Storage::F16).unwrap_err().to_string();
        assert_eq!(told, "\"head.weight\" holds 100000, which is too large for F16");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_number_that_would_become_infinite_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let mut double = model(3).cast::<f64>();
        double.values_mut()[2] = -1e300;
        double.save(&path).unwrap();
        let mut single = model(3);
        let told = single.load(&path).unwrap_err().to_string();
        assert!(told.contains("head.weight holds F64, of which -1000"), "{told}");
        assert_eq!(single.values(), model(3).values());
    }

    /// A model of an encoder with a running mean, and perhaps a head.
    fn parts(encoder: &str, head: bool, value: f64) -> Params {
        let mut params = Params::seeded(0);
        let mut root = params.root();
        let mut scope = root.child(encoder);
        scope.parameter("weight", array![value, value].into_dyn());
        scope.buffer("running", array![value].into_dyn());
        if head {
            root.child("head").parameter("bias", array![value].into_dyn());
        }
        params
    }

    #[test]
    fn a_part_is_loaded_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        parts("encoder", true, 7.0).save(&path).unwrap();
        let mut ours = parts("encoder", true, 1.0);
        let loaded = ours.load_with(&path, &Import::new().only("encoder.*")).unwrap();
        assert_eq!(loaded.taken, ["encoder.weight", "encoder.running"]);
        assert_eq!(
            (&loaded.missing[..], &loaded.left_over[..]),
            (&[][..], &["head.bias".into()][..])
        );
        assert_eq!(loaded.to_string(), "2 taken, 1 left over (head.bias)");
        assert_eq!(ours.values(), [7.0, 7.0, 1.0, 7.0]);

        let mut others = parts("encoder", true, 1.0);
        assert_eq!(others.load_with(&path, &Import::new().except("head.*")).unwrap(), loaded);
        assert_eq!(others.values(), ours.values());
        let neither = Import::new().only("encoder.*").except("*.running");
        assert_eq!(others.load_with(&path, &neither).unwrap().taken, ["encoder.weight"]);
    }

    #[test]
    fn names_become_paths() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        parts("net", true, 7.0).save(&path).unwrap();
        let import = |prefix| Import::new().strip_prefix("net.").add_prefix(prefix);
        let mut alone = parts("encoder", false, 1.0);
        let loaded = alone.load_with(&path, &import("encoder.")).unwrap();
        assert_eq!(loaded.left_over, ["head.bias"]);
        assert_eq!(alone.values(), [7.0; 3]);

        let before = alone.values().to_vec();
        let told = alone.load_with(&path, &import("decoder.")).unwrap_err().to_string();
        assert!(told.contains("missing from the file: encoder.weight"), "{told}");
        assert!(told.contains("unknown to the model: net.weight"), "{told}");
        let clash = Import::new().rename(|_| "encoder.weight".to_owned());
        let told = alone.load_with(&path, &clash).unwrap_err().to_string();
        assert!(
            told.contains("twice: encoder.weight would be head.bias and net.running"),
            "{told}"
        );
        assert_eq!(alone.values(), before);
    }

    #[test]
    fn what_is_missing_and_left_over_is_reported_where_it_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let mut theirs = parts("encoder", false, 7.0);
        theirs.root().parameter("extra", array![0.0].into_dyn());
        theirs.save(&path).unwrap();
        let mut ours = parts("encoder", true, 1.0);
        assert!(matches!(ours.load(&path), Err(LoadError::Mismatch { .. })));
        let loaded = ours.load_with(&path, &Import::new().partial()).unwrap();
        assert_eq!(loaded.to_string(), "2 taken, 1 missing (head.bias), 1 left over (extra)");
        assert_eq!(ours.values(), [7.0, 7.0, 1.0, 7.0]);

        // Not even a partial load takes another shape, or nothing at all.
        let mut wider = model(3);
        wider.root().parameter("extra", array![1.0, 2.0].into_dyn());
        let before = wider.values().to_vec();
        let told = wider.load_with(&path, &Import::new().partial()).unwrap_err().to_string();
        assert!(told.contains("extra is [2] in the model and [1] in the file"), "{told}");
        assert!(told.contains("`Import::new().except(\"extra\")`"), "{told}");
        let nothing = Import::new().add_prefix("model.").partial();
        let told = wider.load_with(&path, &nothing).unwrap_err();
        assert!(matches!(&told, LoadError::Nothing { .. }), "{told}");
        assert!(told.to_string().contains("left over (encoder.running, "), "{told}");
        assert_eq!(wider.values(), before);
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
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        let truncated = &whole[..whole.len() - 1];
        for broken in [&whole[..0], &whole[..5], truncated, &flipped, &huge_header, b"PNG"] {
            std::fs::write(&path, broken).unwrap();
            let error = params.load(&path).unwrap_err();
            assert!(matches!(error, LoadError::Format { .. }), "{error}");
            assert_eq!(params.values(), before);
        }
        std::fs::write(&path, b"PK\x03\x04 a pickle").unwrap();
        let told = params.load(&path).unwrap_err().to_string();
        assert!(told.contains("`safetensors.torch.save_file(model.state_dict(), path)`"), "{told}");
        let missing = folder.path().join("none");
        assert!(matches!(params.load(&missing), Err(LoadError::Read { .. })));
    }
}
