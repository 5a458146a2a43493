//! The precisions a program can run in.

use crate::engine::Engine;

/// The precisions a program can run in, `f32` and, with the feature `double`, `f64`: those of a graph, for which there
/// are kernels and compiled programs.
///
/// ```
/// use cotangent::{Graph, Params, Precision, Program};
///
/// fn bytes<T: Precision>() -> usize {
///     let g = Graph::new();
///     Program::<T>::compile(&[g.input("x", [8]).exp()], &Params::with_seed(0)).arena_bytes()
/// }
/// assert_eq!(bytes::<f64>(), 2 * bytes::<f32>());
/// ```
#[diagnostic::on_unimplemented(
    message = "programs do not run in `{Self}`",
    note = "they run in `f32` and, with the feature `double` of `cotangent` (there by default), in `f64`"
)]
pub trait Precision: graph::Scalar + kernels::Scalar + Engine {}

impl Precision for f32 {}
#[cfg(feature = "double")]
impl Precision for f64 {}
