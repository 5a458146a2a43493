//! The precisions that ranks exchange.

use crate::engine::Element;

/// The precisions that ranks train in: those of programs and optimizers, `f32` and `f64`.
///
/// The parameters of [`Distributed`](crate::Distributed) have it.
pub trait Precision: cotangent::Precision + Element {}

impl Precision for f32 {}
impl Precision for f64 {}
