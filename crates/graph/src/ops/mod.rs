//! The operations: each with its mathematics, shape rule, reverse rule, plain evaluation and
//! examples in one place, and one line in [`registry`].
//!
//! Model code records them through the methods of [`Var`](crate::Var) and
//! [`Graph`](crate::Graph); code that builds graphs from data records these types through
//! [`Graph::record`](crate::Graph::record).

mod activation;
mod calculus;
mod clamp;
mod indexing;
pub(crate) mod leaf;
mod linalg;
mod map;
mod matmul;
mod powf;
mod random;
mod reduce;
mod registry;
mod select;
mod shaping;
mod softmax;
mod stop_gradient;
mod table;
mod to_real;
mod window;
mod zip;

pub use activation::{Elu, LeakyRelu};
pub use calculus::{
    Abs, Add, And, Atan2, Cos, Div, Eq, Erf, Exp, Expm1, Ge, Gt, Le, Ln, Log1p, LogAddExp, Lt,
    Maximum, Minimum, Mul, MulNoNan, Ne, Neg, Or, Pow, Recip, Relu, Rsqrt, SechSquared, Sigmoid,
    Sign, Sin, Softplus, Sqrt, Square, Sub, Tanh,
};
pub use clamp::Clamp;
pub use indexing::{Gather, IndexAdd, OneHot, ScatterAdd, Take};
pub use leaf::{Copy, Full};
pub use linalg::{
    Cholesky, Cofactor, Det, DetSign, Diag, Diagonal, Inverse, LogAbsDet, Part, Solve, Triangle,
    TriangularSolve,
};
pub use map::{Map, Unary};
pub use matmul::MatMul;
pub use powf::Powf;
pub use random::{Distribution, Random};
pub use reduce::{
    Along, ArgMax, ArgMin, CumSum, Fold, LogSumExp, Max, Mean, Min, Norm, Prod, Reduction, Sum,
    Variance,
};
pub use registry::{Example, Sample, registry};
pub use select::Select;
pub use shaping::{Broadcast, Concat, Flip, Pad, Permute, Reshape, Slice, Span, Unslice};
pub use softmax::{LogSoftmax, Softmax};
pub use stop_gradient::StopGradient;
pub use to_real::ToReal;
pub use window::{ArgMaxPool2d, Conv2d, Divisor, Fold2d, Pair, Unfold2d, Window};
pub use zip::{Binary, Operand, Zip};
