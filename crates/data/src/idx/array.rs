//! The array in an IDX file.

use ndarray::{ArrayD, IxDyn};

use super::{Element, Header, IdxFault};
use crate::Real;

/// An array in the element type of its file.
///
/// [`read`](crate::idx::read) answers it.
#[derive(Clone, Debug, PartialEq)]
pub enum IdxArray {
    /// Type 08.
    U8(ArrayD<u8>),
    /// Type 09.
    I8(ArrayD<i8>),
    /// Type 0b.
    I16(ArrayD<i16>),
    /// Type 0c.
    I32(ArrayD<i32>),
    /// Type 0d.
    F32(ArrayD<f32>),
    /// Type 0e.
    F64(ArrayD<f64>),
}

impl IdxArray {
    pub(super) fn decode(header: &Header, bytes: Vec<u8>) -> Result<Self, IdxFault> {
        Ok(match header.element {
            Element::U8 => Self::U8(shaped(header, bytes)?),
            Element::I8 => Self::I8(shaped(header, elements(&bytes, i8::from_be_bytes))?),
            Element::I16 => Self::I16(shaped(header, elements(&bytes, i16::from_be_bytes))?),
            Element::I32 => Self::I32(shaped(header, elements(&bytes, i32::from_be_bytes))?),
            Element::F32 => Self::F32(shaped(header, elements(&bytes, f32::from_be_bytes))?),
            Element::F64 => Self::F64(shaped(header, elements(&bytes, f64::from_be_bytes))?),
        })
    }

    /// The size of each dimension.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::U8(array) => array.shape(),
            Self::I8(array) => array.shape(),
            Self::I16(array) => array.shape(),
            Self::I32(array) => array.shape(),
            Self::F32(array) => array.shape(),
            Self::F64(array) => array.shape(),
        }
    }

    /// The array as floats; a value that `T` does not hold is rounded to the nearest (infinite
    /// beyond its range).
    pub fn to_real<T: Real>(&self) -> ArrayD<T> {
        match self {
            Self::U8(array) => converted(array),
            Self::I8(array) => converted(array),
            Self::I16(array) => converted(array),
            Self::I32(array) => converted(array),
            Self::F32(array) => converted(array),
            Self::F64(array) => converted(array),
        }
    }
}

fn elements<E, const N: usize>(bytes: &[u8], from_be_bytes: fn([u8; N]) -> E) -> Vec<E> {
    bytes.as_chunks().0.iter().map(|&element| from_be_bytes(element)).collect()
}

fn shaped<E>(header: &Header, elements: Vec<E>) -> Result<ArrayD<E>, IdxFault> {
    ArrayD::from_shape_vec(IxDyn(&header.shape()), elements).map_err(|_| header.too_large())
}

fn converted<E: Copy + Into<f64>, T: Real>(array: &ArrayD<E>) -> ArrayD<T> {
    array.mapv(|value| T::from_f64(value.into()))
}
