//! What the compiler knows of an operation.

use smallvec::SmallVec;

use crate::Axes;
use crate::params::ParamId;

/// How the compiler runs an operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Lowering {
    /// Through its plain evaluation.
    Plain,
    /// A leaf: the graph's input of this position.
    Input(usize),
    /// A leaf: a parameter's or buffer's value before the run.
    Parameter(ParamId),
    /// A leaf: an array fixed at recording; its plain evaluation runs once.
    Constant,
    /// A leaf: one number at every position.
    Full(f64),
    /// Elementwise of one argument.
    Map(kernels::Unary),
    /// Elementwise of two arguments, which broadcast.
    Zip(kernels::Binary),
    /// Elementwise: the second or the third argument, by the first. All broadcast.
    Select,
    /// A reduction along some axes.
    Reduce(kernels::Reduce, Axes),
    /// A matrix product over the last two axes; the axes in front broadcast.
    MatMul,
    /// The same elements under another shape, in row-major order.
    Reshape,
    /// The axes in another order.
    Permute(SmallVec<[usize; 4]>),
    /// Repetition along axes of extent 1.
    Broadcast,
    /// The same elements, or truth values as numbers.
    Reinterpret,
    /// The same elements in memory of their own.
    Copy,
}
