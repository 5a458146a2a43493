//! The checksum by which a damaged file is told.

use safetensors::tensor::TensorView;

/// The note that holds it.
pub(super) const NOTE: &str = "checksum";

/// The CRC-32 (ISO 3309; the polynomial of zip and PNG), as eight hexadecimal digits, of what a file says: its other
/// notes, then its arrays, each in the order of names. Where in the file they stand is no part of it.
pub(super) fn checksum<'a>(
    notes: impl Iterator<Item = (&'a str, &'a str)>,
    arrays: impl Iterator<Item = (&'a str, &'a TensorView<'a>)>,
) -> String {
    let mut hash = crc32fast::Hasher::new();
    // With its length, so that nothing may move over to its neighbour.
    let mut take = |bytes: &[u8]| {
        hash.update(&(bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    let mut notes: Vec<_> = notes.filter(|&(name, _)| name != NOTE).collect();
    notes.sort_unstable();
    for (name, text) in notes {
        take(name.as_bytes());
        take(text.as_bytes());
    }
    let mut arrays: Vec<_> = arrays.collect();
    arrays.sort_unstable_by_key(|&(name, _)| name);
    for (name, array) in arrays {
        take(name.as_bytes());
        take(array.dtype().to_string().as_bytes());
        array.shape().iter().for_each(|extent| take(&(*extent as u64).to_le_bytes()));
        take(array.data());
    }
    format!("{:08x}", hash.finalize())
}
