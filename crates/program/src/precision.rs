//! The precisions a program can run in.

use crate::engine::Engine;

/// The precisions a program can run in, `f32` and `f64`: those of a graph, for which there are
/// kernels and compiled programs.
pub trait Precision: graph::Scalar + kernels::Scalar + Engine {}

impl Precision for f32 {}
impl Precision for f64 {}
