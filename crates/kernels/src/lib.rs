//! Slices in, slices out: the SIMD, reduction and matrix-product kernels of Cotangent.

mod compiled;
mod elementary;
mod elementwise;
mod fused;
mod gemm;
mod isa;
mod pool;
mod reduce;
mod scalar;
#[cfg(test)]
mod testing;
mod update;
mod vector;

pub use elementwise::{Arg, Binary, Unary, binary, select, unary};
pub use fused::{Fused, FusedBuilder, Source, Value};
pub use gemm::{Matrix, MatrixMut, gemm};
pub use isa::Isa;
pub use pool::Pool;
pub use reduce::{Reduce, argmax, reduce, reduce_columns, reduce_rows};
pub use scalar::Scalar;
pub use update::{Adam, Sgd};
