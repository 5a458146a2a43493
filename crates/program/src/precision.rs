//! The precisions a program can run in.

/// The precisions a program can run in: those of a graph, for which there are kernels.
pub trait Precision: graph::Scalar + kernels::Scalar {}

impl<T: graph::Scalar + kernels::Scalar> Precision for T {}
