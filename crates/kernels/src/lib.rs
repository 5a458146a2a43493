//! Slices in, slices out: the SIMD, reduction and matrix-product kernels of Cotangent.
//!
//! This crate knows numbers, slices and sizes, and no graph. It is the only one of the workspace that uses `unsafe`:
//! for instructions that the processor was asked about, for addresses that were checked where slices came in, and for
//! the closure that a thread pool lends its workers. Every entry point is safe.
//!
//! | Where | What |
//! |---|---|
//! | [`Scalar`] | the two precisions, `f32` and `f64` |
//! | [`Isa`] | which instructions the processor has |
//! | [`unary`], [`binary`], [`select`] | one elementwise function along slices, also in place |
//! | [`Fused`] | many elementwise functions and reductions in one pass |
//! | [`reduce`], [`reduce_rows`], [`reduce_columns`] | sums, products and extrema |
//! | [`all_finite`] | whether there is no infinity and no NaN |
//! | [`Contraction`] | sums of products over groups of axes of any strides: products of matrices, batches, windows |
//! | [`Scatter`], [`ArgExtremum`] | sums and replacements at places that indices name, and where extrema stand |
//! | [`Pool`] | threads for tasks of microseconds |
//!
//! # One source, three instruction sets
//!
//! A loop is written once, over plain scalar code that always inlines, and compiled for AVX-512, for AVX2 with FMA and
//! for what every processor of the target has. Calls take an [`Isa`], which exists only for levels that the processor
//! has; [`Isa::best`] is the widest. LLVM makes vectors of the loops, 16 `f32` at a time on AVX-512, because nothing in
//! them branches or calls: see `elementary` for the functions, `isa` for the mechanism. Three things are written with
//! vectors by name: the tile of a matrix product, the packing of its panels, and the accumulators of a reduction.
//!
//! # Accuracy
//!
//! The largest errors in units in the last place, over all 2³² `f32` and a million `f64` drawn from the range where the
//! function is neither constant nor infinite; the worst of the three levels. `elementary/accuracy.rs` measures them, by the
//! ignored test `full_sweep`. Zeros keep their sign, infinities and NaN give what IEEE 754 and C say, subnormal numbers
//! are neither flushed nor treated as special.
//!
//! | | `f32` | `f64` |
//! |---|---|---|
//! | [`Unary::Exp`] | 1.01 | 1.00 |
//! | [`Unary::Expm1`] | 1.57 | 1.88 |
//! | [`Unary::Exp2`] | 1.14 | 1.09 |
//! | [`Unary::Ln`] | 0.84 | 0.78 |
//! | [`Unary::Log1p`] | 0.84 | 0.76 |
//! | [`Unary::Log2`] | 1.81 | 1.60 |
//! | [`Unary::Log10`] | 1.98 | 1.71 |
//! | [`Unary::Sin`] | 0.57 | 0.77 |
//! | [`Unary::Cos`] | 0.57 | 0.75 |
//! | [`Unary::Tanh`] | 1.33 | 1.32 |
//! | [`Unary::Sigmoid`] | 1.98 | 1.81 |
//! | [`Unary::SechSquared`] | 4.22 | 3.86 |
//! | [`Unary::Erf`] | 1.19 | 2.79 |
//! | [`Unary::Floor`], [`Unary::Ceil`], [`Unary::Trunc`], [`Unary::Round`] | 0 | 0 |
//! | −, \|x\|, √, 1/x, x², +, −, ·, / | ½ | ½ |
//!
//! [`Unary::Rsqrt`] divides by a rounded root: below 2 ULP. Sine and cosine of |x| > 25 000, powers, remainders and arc tangents are those of
//! the standard library, one number at a time.
//!
//! # Determinism
//!
//! A result depends on the shape, on the level and on nothing else. An element of an elementwise result depends on its
//! operands alone, not on its neighbours or its place. Reductions follow a fixed tree, and an element of a product is summed
//! in one fixed order, whichever thread computes it: 1 thread and many give the same bits. Levels with and without fused
//! multiply-add differ in the last bits.
//!
//! # Allocation
//!
//! Nothing allocates but [`Pool::new`], the building of a [`Fused`] or of a [`Contraction`], and the first product in a
//! thread, which keeps some 2 MiB for copies of matrix panels and for partial sums from then on.

mod caches;
mod compiled;
mod contract;
mod elementary;
mod elementwise;
mod extremum;
mod finite;
mod fused;
mod isa;
mod pool;
mod reduce;
mod scalar;
mod scatter;
mod scratch;
mod spread;
#[cfg(test)]
mod testing;
mod transpose;
mod vector;

pub use contract::{Contraction, Extents, Place};
pub use elementwise::{Arg, Binary, Unary, binary, select, unary};
pub use extremum::ArgExtremum;
pub use finite::all_finite;
pub use fused::{Along, Factor, Fused, FusedBuilder, Index, Layout, Source, Table, Value};
pub use isa::Isa;
pub use pool::Pool;
pub use reduce::{Reduce, reduce, reduce_columns, reduce_rows};
pub use scalar::Scalar;
pub use scatter::{Laid, Scatter};
pub use spread::Spread;
