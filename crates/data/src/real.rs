//! The float types that features come in.

use std::str::FromStr;

use ndarray::NdFloat;

/// The type of a feature: `f32` (the default everywhere) or `f64`.
///
/// Sealed: no other type implements it.
///
/// A [`Dataset`](crate::Dataset) of any such type can be [cast](crate::Dataset::cast) to another.
pub trait Real: NdFloat + Default + FromStr + Into<f64> + sealed::Sealed {
    /// The name of the type, for messages: `"f32"` or `"f64"`.
    const NAME: &'static str;

    /// The nearest value of this type; infinite where `value` is beyond its range.
    fn from_f64(value: f64) -> Self;
}

impl Real for f32 {
    const NAME: &'static str = "f32";

    fn from_f64(value: f64) -> Self {
        value as f32
    }
}

impl Real for f64 {
    const NAME: &'static str = "f64";

    fn from_f64(value: f64) -> Self {
        value
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}
