//! The IDX format: one array of numbers to a file, as MNIST is distributed.
//!
//! All numbers are big-endian:
//!
//! ```text
//! byte 0      0
//! byte 1      0
//! byte 2      element type: 08 u8, 09 i8, 0b i16, 0c i32, 0d f32, 0e f64
//! byte 3      number of dimensions, D
//! byte 4      D sizes of four bytes each
//! byte 4+4D   the elements, row-major
//! ```
//!
//! A file may be compressed by gzip, which is recognised by its content. Memory grows with the
//! bytes that are really there: a header that claims terabytes is an error, not an allocation.

mod array;
mod fault;
mod header;

use std::io::Read;
use std::path::Path;

pub use array::IdxArray;
pub use fault::IdxFault;
pub use header::MAX_DIMENSIONS;
pub(crate) use header::{Element, Header};

use crate::DataError;
use crate::source::Source;

/// Reads an IDX file, plain or gzip.
///
/// ```
/// use cotangent::data::idx::{self, IdxArray};
/// use cotangent::ndarray::array;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("numbers.idx");
/// std::fs::write(&path, [0, 0, 0x08, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9])?;
/// assert_eq!(idx::read(&path)?, IdxArray::U8(array![[7, 8, 9]].into_dyn()));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Io`](DataError::Io), [`GzipTruncated`](DataError::GzipTruncated),
/// [`GzipCorrupt`](DataError::GzipCorrupt), and [`Idx`](DataError::Idx) with an [`IdxFault`].
pub fn read(path: impl AsRef<Path>) -> Result<IdxArray, DataError> {
    read_source(Source::open(path.as_ref())?)
}

/// As [`read`], from any reader; errors call it `name`.
///
/// # Errors
///
/// As [`read`].
pub fn from_reader(reader: impl Read, name: impl AsRef<Path>) -> Result<IdxArray, DataError> {
    read_source(Source::new(reader, name)?)
}

fn read_source(mut source: Source<'_>) -> Result<IdxArray, DataError> {
    let header = Header::read(&mut source)?;
    let bytes = header.read_elements(&mut source)?;
    IdxArray::decode(&header, bytes).map_err(|fault| fault.in_file(source.name()))
}
