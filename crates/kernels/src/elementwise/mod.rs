//! Elementwise kernels: one function applied along slices.
//!
//! These are the micro-operations of a block interpreter: a call costs one match and one jump, then a loop that
//! LLVM has vectorised for the level asked for. Each function is a zero-sized type, so that each loop is compiled
//! with its function inlined.

mod arg;
mod binary;
pub(crate) mod chain;
pub(crate) mod select;
mod unary;

#[cfg(test)]
mod tests;

pub use arg::Arg;
pub use binary::{Binary, binary};
pub(crate) use binary::{maximum, minimum};
pub use select::select;
pub use unary::{Unary, unary};
