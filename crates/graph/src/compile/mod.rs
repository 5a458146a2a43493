//! From a graph to a program: differentiate first, optimise after.

mod lowering;

pub use lowering::{Lowering, ReduceKernel};
