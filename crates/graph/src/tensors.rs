//! Named arrays of numbers as bytes: safetensors, for parameters, optimizers and checkpoints alike.
//!
//! ```
//! use std::collections::HashMap;
//! use cotangent::tensors::{Tensors, write};
//! use cotangent::{Shape, Storage};
//!
//! let (shape, values) = (Shape::from([2]), [1.0_f32, -2.5]);
//! let note = HashMap::from([("made by".to_owned(), "hand".to_owned())]);
//! let bytes = write([("a", &shape, &values[..])], Storage::F16, note).unwrap();
//!
//! let file = Tensors::read(&bytes)?;
//! assert_eq!((file.names(), file.note("made by")), (vec!["a"], Some("hand")));
//! let a = file.get("a").unwrap();
//! assert_eq!(a.shape(), shape);
//! assert_eq!(a.numbers().unwrap().collect::<Vec<_>>(), [1.0, -2.5]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod checksum;
mod notes;
mod storage;

use std::collections::HashMap;

use safetensors::tensor::{Metadata, TensorView};
use safetensors::{Dtype, SafeTensors};

use crate::{Scalar, Shape};

/// What is wrong with bytes that are no whole file.
pub use safetensors::SafeTensorError;
pub use storage::Storage;

use checksum::{NOTE, checksum};
use notes::noted;

/// Bytes that cannot be read.
///
/// ```
/// use cotangent::tensors::{ReadError, Tensors, write};
/// use cotangent::{Shape, Storage};
///
/// let shape = Shape::from([2]);
/// let mut bytes = write([("a", &shape, &[1.0_f32, -2.5][..])], Storage::F32, Default::default()).unwrap();
/// *bytes.last_mut().unwrap() ^= 1; // a bit of the sign and exponent of -2.5
/// assert!(matches!(Tensors::read(&bytes).unwrap_err(), ReadError::Damaged { .. }));
/// ```
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// They are cut off, or something else than safetensors.
    #[error(transparent)]
    Format(#[from] SafeTensorError),
    /// They are a zip archive, as `torch.save` and `numpy.savez` write.
    #[error(
        "it is a zip archive, as `torch.save` writes; in Python, \
         `safetensors.torch.save_file(model.state_dict(), path)` writes what can be read here"
    )]
    Zip,
    /// They are not those that were written.
    #[error(
        "its content has the checksum {found}, and {noted} was noted when it was written: it is damaged, or was changed \
         by a program that kept the note \"checksum\", without which it would be read"
    )]
    Damaged {
        /// The checksum that was noted.
        noted: String,
        /// That of what stands there.
        found: String,
    },
}

/// A finite number that the storage asked for does not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct TooLarge {
    /// The name of its array.
    pub name: String,
    /// The number.
    pub value: f64,
}

/// The bytes of named arrays, with notes by name beside them. A checksum of all is one more note, `checksum`. The same arrays and
/// notes are the same bytes.
///
/// # Errors
/// The first finite number that is too large for the storage.
pub fn write<'a, T: Scalar>(
    arrays: impl IntoIterator<Item = (&'a str, &'a Shape, &'a [T])>,
    storage: Storage,
    notes: HashMap<String, String>,
) -> Result<Vec<u8>, TooLarge> {
    let mut encoded = Vec::new();
    for (name, shape, values) in arrays {
        let bytes = storage.encode(values);
        let bytes = bytes.map_err(|value| TooLarge { name: name.to_owned(), value })?;
        encoded.push((name, shape, bytes));
    }
    let views: Vec<_> = encoded
        .iter()
        .map(|(name, shape, bytes)| {
            let view = TensorView::new(storage.dtype(), shape.to_vec(), bytes);
            (*name, view.expect("the bytes are those of the shape"))
        })
        .collect();
    let notes = notes.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let mut notes: Vec<(&str, &str)> = notes.filter(|(name, _)| *name != NOTE).collect();
    let sum = checksum(notes.iter().copied(), views.iter().map(|(name, view)| (*name, view)));
    notes.push((NOTE, &sum));
    notes.sort_unstable();
    let file = safetensors::serialize(views, None).expect("arrays in memory can be written");
    Ok(noted(file, &notes))
}

/// Named arrays that were read.
#[derive(Debug)]
pub struct Tensors<'b> {
    arrays: SafeTensors<'b>,
    header: Metadata,
}

impl<'b> Tensors<'b> {
    /// The arrays that the bytes hold. Bytes that other programs wrote have no checksum, and are taken as they are.
    ///
    /// # Errors
    /// If the bytes are no whole file, or not those that [`write()`] made.
    pub fn read(bytes: &'b [u8]) -> Result<Self, ReadError> {
        if bytes.starts_with(b"PK\x03\x04") {
            return Err(ReadError::Zip);
        }
        let (_, header) = SafeTensors::read_metadata(bytes)?;
        let arrays = SafeTensors::deserialize(bytes)?;
        let file = Self { arrays, header };
        match file.note(NOTE).map(|noted| (noted.to_owned(), file.checksum())) {
            Some((noted, found)) if noted != found => Err(ReadError::Damaged { noted, found }),
            _ => Ok(file),
        }
    }

    fn checksum(&self) -> String {
        let notes = self.header.metadata().iter().flatten();
        let arrays = self.arrays.tensors();
        checksum(
            notes.map(|(name, text)| (name.as_str(), text.as_str())),
            arrays.iter().map(|(name, view)| (name.as_str(), view)),
        )
    }

    /// The names, in alphabetical order.
    pub fn names(&self) -> Vec<&str> {
        let mut names = self.arrays.names();
        names.sort_unstable();
        names
    }

    /// The array of a name.
    pub fn get(&self, name: &str) -> Option<Tensor<'b>> {
        self.arrays.tensor(name).ok().map(Tensor)
    }

    /// What was noted under a name.
    pub fn note(&self, name: &str) -> Option<&str> {
        self.header.metadata().as_ref()?.get(name).map(String::as_str)
    }
}

/// An array of a file.
#[derive(Debug)]
pub struct Tensor<'b>(TensorView<'b>);

impl<'b> Tensor<'b> {
    /// Its shape.
    pub fn shape(&self) -> Shape {
        Shape::from(self.0.shape())
    }

    /// What the file calls its numbers: `F32`, say.
    pub fn kind(&self) -> String {
        self.0.dtype().to_string()
    }

    /// The numbers, if they are of a floating point format.
    pub fn numbers(&self) -> Option<impl Iterator<Item = f64> + use<'b>> {
        let storage = Storage::from_dtype(self.0.dtype())?;
        Some(self.0.data().chunks_exact(storage.width()).map(move |bytes| storage.read(bytes)))
    }

    /// The numbers, if they are integers of 64 bits.
    pub fn integers(&self) -> Option<impl Iterator<Item = i64> + use<'b>> {
        let integer = |bytes: &[u8]| i64::from_le_bytes(bytes.try_into().expect("8 bytes"));
        (self.0.dtype() == Dtype::I64).then(|| self.0.data().chunks_exact(8).map(integer))
    }
}
