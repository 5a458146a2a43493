//! Matrices without factorising them: products, Einstein's sums, diagonals and triangles.
//!
//! All work on the last two axes; the axes in front are a batch.

mod contract;
mod cross;
mod diagonal;
mod einsum;
mod kron;
mod matmul;
mod outer;
mod power;
mod triangle;

pub use contract::{AxisList, Contract};
pub use matmul::MatMul;
#[cfg(feature = "linalg")]
pub(in crate::ops) use matmul::repeat;
pub use triangle::{Part, Triangle};

use super::registry::{Example, Sample};
use crate::error::expect_kind;
use crate::{Kind, Shape, Type, Var};

/// The rule for a batch of matrices: the axes in front, the rows and the columns.
pub(super) fn matrices(what: &str, x: &Type) -> Result<(Shape, usize, usize), String> {
    expect_kind(what, x.kind, Kind::Real)?;
    match &*x.shape {
        [batch @ .., rows, columns] => Ok((batch.into(), *rows, *columns)),
        _ => Err(format!("{what} must have at least two axes: rows and columns")),
    }
}

/// An example of one batch of matrices.
pub(super) fn of_matrices(
    operation: &'static str,
    shape: impl Into<Shape>,
    f: impl for<'g> Fn(Var<'g>) -> Var<'g> + Send + Sync + 'static,
) -> Example {
    Example::new(operation, [Sample::real(shape, -1.0..1.0)], move |_, x| f(x[0]))
}

pub(super) fn examples() -> Vec<Example> {
    [
        contract::examples(),
        cross::examples(),
        diagonal::examples(),
        einsum::examples(),
        kron::examples(),
        matmul::examples(),
        outer::examples(),
        power::examples(),
        triangle::examples(),
    ]
    .concat()
}
