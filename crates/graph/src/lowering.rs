//! What a compiler knows of an operation: the few words in which an operation tells what it is.

use smallvec::SmallVec;

use crate::ops::Contract;
use crate::params::ParamId;
use crate::{Axes, Place};

/// How the compiler runs an operation.
///
/// ```
/// use cotangent::{FoldWord, Graph, Lowering, MapWord, ZipWord, reading::operation};
///
/// let g = Graph::new();
/// let x = g.input("x", [2]);
/// assert_eq!(operation(x.tanh()).lower(), Lowering::Map(MapWord::Tanh));
/// assert_eq!(operation(x * x).lower(), Lowering::Zip(ZipWord::Mul));
/// assert!(matches!(operation(x.sum()).lower(), Lowering::Reduce(FoldWord::Sum, _)));
/// ```
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
    Map(MapWord),
    /// Elementwise of two arguments, which broadcast.
    Zip(ZipWord),
    /// Elementwise: the second or the third argument, by the first. All broadcast.
    Select,
    /// A reduction along some axes.
    Reduce(FoldWord, Axes),
    /// A product of two arrays, summed over axes of both.
    Contract(Contract),
    /// The same elements under another shape, in row-major order.
    Reshape,
    /// The axes in another order.
    Permute(SmallVec<[usize; 4]>),
    /// Repetition along axes of extent 1.
    Broadcast,
    /// The elements that lie in a place among those of the argument.
    View(Place),
    /// The arguments in their places, added where several lie, and 0 where none does.
    Embed(Vec<Place>),
    /// The elements that indices say: of a place with one axis more than the indices, along which they point.
    Pick(Place),
    /// The first argument with each element of the third added where the index in the second says, of such a place.
    Put(Place),
    /// The first argument with each element of the third in place of the one where the index in the second says, of such a
    /// place; no two of them at one.
    Replace(Place),
    /// Whether each position along an axis, at which the indices have extent 1, is the one that the index says.
    IsAt(usize),
    /// The same indices, each of which is less than this extent, or the run is an error.
    Within(usize),
    /// Where the largest or the smallest element along an axis stands, as [`FoldWord::Max`] or [`FoldWord::Min`] says.
    Position(FoldWord, Axes),
    /// A loop with a body: [`Scan`](crate::control::Scan).
    Scan,
    /// One of two bodies: [`Cond`](crate::control::Cond).
    Cond,
    /// A body that runs as long as another answers so: [`While`](crate::control::While).
    While,
    /// The same elements, or truth values as numbers.
    Reinterpret,
    /// The same elements in memory of their own.
    Copy,
}

/// A function of one number that a compiler has a fast form of. The operations of the same names,
/// in [`ops`](crate::ops), say what each means.
///
/// It stands in the example of [`Lowering`].
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MapWord {
    Abs,
    Cos,
    Erf,
    Exp,
    Expm1,
    Ln,
    Log1p,
    Neg,
    Recip,
    Relu,
    Rsqrt,
    SechSquared,
    Sigmoid,
    Sign,
    Sin,
    Sqrt,
    Square,
    Tanh,
}

/// A function of two numbers that a compiler has a fast form of; truth values are 0 and 1. The
/// operations of the same names, in [`ops`](crate::ops), say what each means.
///
/// It stands in the example of [`Lowering`].
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ZipWord {
    Add,
    Atan2,
    Div,
    Eq,
    Ge,
    Gt,
    Le,
    Lt,
    Max,
    Min,
    Mul,
    MulNoNan,
    Ne,
    Pow,
    Sub,
}

/// A function of many numbers that a compiler has a fast form of.
///
/// It stands in the example of [`Lowering`].
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FoldWord {
    Max,
    Min,
    Prod,
    Sum,
}
