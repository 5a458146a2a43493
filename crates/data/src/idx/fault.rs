//! What can be wrong with an IDX file.

use std::path::Path;

use crate::DataError;

/// The rule of the [IDX format](crate::idx) that a file breaks. Bytes count from 0, after
/// decompression.
///
/// It is said in a [`DataError`](crate::DataError).
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IdxFault {
    /// The first four bytes are not those of such a file.
    #[error("byte 0: expected the magic number {expected}; found {found:#010x}")]
    Magic {
        /// The first four bytes, big-endian.
        found: u32,
        /// What they may be.
        expected: String,
    },

    /// More dimensions than are read, or none.
    #[error("byte 3: an IDX file must have 1 to {most} dimensions; found {found}")]
    Dimensions {
        /// The number of dimensions in the header.
        found: u8,
        /// The most that are read.
        most: u8,
    },

    /// The file ends within its header.
    #[error("the header must hold {expected} bytes; found {found}")]
    HeaderTruncated {
        /// Bytes that the header takes.
        expected: u64,
        /// Bytes in the file.
        found: u64,
    },

    /// The sizes in the header multiply to more than memory can address.
    #[error("byte 4: the sizes must multiply to an addressable number of bytes; found {shape:?}")]
    TooLarge {
        /// The sizes in the header.
        shape: Vec<u32>,
    },

    /// Fewer elements than the header announces.
    #[error("the header announces {shape:?}, {expected} bytes of elements; found {found} bytes")]
    Truncated {
        /// The sizes in the header.
        shape: Vec<u32>,
        /// Bytes that so many elements take.
        expected: u64,
        /// Bytes after the header.
        found: u64,
    },

    /// More bytes than the header announces.
    #[error("the header announces {shape:?}, so the file must end at byte {end}; found more bytes")]
    TrailingBytes {
        /// The sizes in the header.
        shape: Vec<u32>,
        /// The byte after the last element.
        end: u64,
    },
}

graph::debug_as_display!(IdxFault);

impl IdxFault {
    /// The error to return for this fault.
    pub(crate) fn in_file(self, file: &Path) -> DataError {
        DataError::Idx { file: file.to_path_buf(), fault: self }
    }
}
