//! The header of an IDX file, and the bytes that it announces.

use super::IdxFault;
use crate::DataError;
use crate::source::Source;

/// The most dimensions that an IDX file may have here; the format allows 255.
pub const MAX_DIMENSIONS: u8 = 8;

/// The type of the elements; its number is the third byte of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
pub(crate) enum Element {
    U8 = 0x08,
    I8 = 0x09,
    I16 = 0x0b,
    I32 = 0x0c,
    F32 = 0x0d,
    F64 = 0x0e,
}

impl Element {
    const ALL: [Element; 6] =
        [Element::U8, Element::I8, Element::I16, Element::I32, Element::F32, Element::F64];

    fn bytes(self) -> u64 {
        match self {
            Element::U8 | Element::I8 => 1,
            Element::I16 => 2,
            Element::I32 | Element::F32 => 4,
            Element::F64 => 8,
        }
    }
}

/// What stands before the elements.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    pub(crate) element: Element,
    sizes: Vec<u32>,
}

impl Header {
    pub(crate) fn read(source: &mut Source<'_>) -> Result<Self, DataError> {
        let magic = read_words(source, 1, 0)?[0];
        let (element, dimensions) =
            parse_magic(magic).map_err(|fault| fault.in_file(source.name()))?;
        let sizes = read_words(source, dimensions.into(), 4)?;
        Ok(Self { element, sizes })
    }

    /// The same header, if it announces these elements in so many dimensions.
    pub(crate) fn expect(
        self,
        element: Element,
        dimensions: u8,
        source: &Source<'_>,
    ) -> Result<Self, DataError> {
        let (found, expected) = (self.magic(), magic(element, dimensions as usize));
        if found != expected {
            return Err(IdxFault::Magic { found, expected: format!("{expected:#010x}") }
                .in_file(source.name()));
        }
        Ok(self)
    }

    /// The bytes of the elements: exactly as many as announced, to the end of the source.
    pub(crate) fn read_elements(&self, source: &mut Source<'_>) -> Result<Vec<u8>, DataError> {
        let expected = self.element_bytes().map_err(|fault| fault.in_file(source.name()))?;
        let bytes = source.read_up_to(expected.saturating_add(1))?;
        let (shape, found) = (self.sizes.clone(), bytes.len() as u64);
        let fault = match found {
            _ if found < expected => IdxFault::Truncated { shape, expected, found },
            _ if found > expected => {
                IdxFault::TrailingBytes { shape, end: self.bytes() + expected }
            }
            _ => return Ok(bytes),
        };
        Err(fault.in_file(source.name()))
    }

    pub(crate) fn shape(&self) -> Vec<usize> {
        self.sizes.iter().map(|&size| size as usize).collect()
    }

    pub(crate) fn too_large(&self) -> IdxFault {
        IdxFault::TooLarge { shape: self.sizes.clone() }
    }

    fn magic(&self) -> u32 {
        magic(self.element, self.sizes.len())
    }

    /// Bytes of the header.
    fn bytes(&self) -> u64 {
        4 + 4 * self.sizes.len() as u64
    }

    /// Bytes of the elements. A size of 0 does not excuse the others: their product must be
    /// addressable.
    fn element_bytes(&self) -> Result<u64, IdxFault> {
        let nonzero = self.sizes.iter().filter(|&&size| size > 0);
        let product =
            nonzero.map(|&size| u64::from(size)).try_fold(self.element.bytes(), u64::checked_mul);
        let addressable = product
            .filter(|&bytes| isize::try_from(bytes).is_ok())
            .ok_or_else(|| self.too_large())?;
        Ok(if self.sizes.contains(&0) { 0 } else { addressable })
    }
}

fn magic(element: Element, dimensions: usize) -> u32 {
    (element as u32) << 8 | dimensions as u32
}

fn parse_magic(magic: u32) -> Result<(Element, u8), IdxFault> {
    let [zero, also_zero, code, dimensions] = magic.to_be_bytes();
    let element = Element::ALL.into_iter().find(|&element| element as u8 == code);
    let (0, 0, Some(element)) = (zero, also_zero, element) else {
        let expected =
            "0x0000TTDD, with type TT one of 08, 09, 0b, 0c, 0d, 0e and DD dimensions".to_string();
        return Err(IdxFault::Magic { found: magic, expected });
    };
    if dimensions == 0 || dimensions > MAX_DIMENSIONS {
        return Err(IdxFault::Dimensions { found: dimensions, most: MAX_DIMENSIONS });
    }
    Ok((element, dimensions))
}

/// Reads `count` big-endian words of the header, of which `before` bytes are already read.
fn read_words(source: &mut Source<'_>, count: u64, before: u64) -> Result<Vec<u32>, DataError> {
    let bytes = source.read_up_to(4 * count)?;
    let found = bytes.len() as u64;
    if found < 4 * count {
        let fault =
            IdxFault::HeaderTruncated { expected: before + 4 * count, found: before + found };
        return Err(fault.in_file(source.name()));
    }
    Ok(bytes.as_chunks().0.iter().map(|&word| u32::from_be_bytes(word)).collect())
}
