//! The two precisions: everything generic in this house is generic over [`Scalar`].

use std::fmt::{Debug, Display, LowerExp};
use std::iter::Sum;

use num_traits::{Float, NumAssign};

use crate::compiled::Compiled;
use crate::elementary::Lane;

/// A floating point type that the kernels compute in: `f32` or, with the feature `double`, `f64`, and nothing else.
///
/// The trait is sealed (its supertraits `Lane` and `Compiled` are private to this crate): a kernel exists for exactly these two types, so that code written against
/// `T: Scalar` can rely on IEEE 754 arithmetic and on every kernel being there.
pub trait Scalar:
    Float
    + NumAssign
    + Debug
    + Display
    + LowerExp
    + Default
    + Send
    + Sync
    + Sum
    + Lane
    + Compiled
    + 'static
{
}

impl Scalar for f32 {}

#[cfg(feature = "double")]
impl Scalar for f64 {}
