//! The operations: each with its mathematics, shape rule, reverse rule, plain evaluation and
//! examples in one place, and one line in [`registry`].
//!
//! Model code records them through the methods of [`Var`](crate::Var) and
//! [`Graph`](crate::Graph); code that builds graphs from data records these types through
//! [`Graph::record`](crate::Graph::record).

mod activation;
mod arithmetic;
mod compare;
mod exponential;
mod extremum;
mod indexing;
pub(crate) mod leaf;
mod linalg;
mod logic;
mod magnitude;
mod map;
mod matmul;
mod power;
mod random;
mod reduce;
mod registry;
mod select;
mod shaping;
mod sigmoidal;
mod softmax;
mod stop_gradient;
mod trigonometric;
mod window;
mod zip;

pub use activation::{Elu, LeakyRelu, Relu};
pub use arithmetic::{Add, Div, Mul, MulNoNan, Neg, Recip, Square, Sub};
pub use compare::{Eq, Ge, Gt, Le, Lt, Ne};
pub use exponential::{Exp, Expm1, Ln, Log1p};
pub use extremum::{Clamp, Maximum, Minimum};
pub use indexing::{Gather, IndexAdd, OneHot, ScatterAdd, Take};
pub use leaf::{Copy, Full};
pub use linalg::{
    Cholesky, Cofactor, Det, DetSign, Diag, Diagonal, Inverse, LogAbsDet, Part, Solve, Triangle,
    TriangularSolve,
};
pub use logic::{And, Or, ToReal};
pub use magnitude::{Abs, Sign};
pub use map::{Map, Unary};
pub use matmul::MatMul;
pub use power::{Pow, Powf, Rsqrt, Sqrt};
pub use random::{Distribution, Random};
pub use reduce::{
    Along, ArgMax, ArgMin, CumSum, Fold, LogSumExp, Max, Mean, Min, Norm, Prod, Reduction, Sum,
    Variance,
};
pub use registry::{Example, Sample, registry};
pub use select::Select;
pub use shaping::{Broadcast, Concat, Flip, Pad, Permute, Reshape, Slice, Span, Unslice};
pub use sigmoidal::{Erf, SechSquared, Sigmoid, Softplus, Tanh};
pub use softmax::{LogSoftmax, Softmax};
pub use stop_gradient::StopGradient;
pub use trigonometric::{Atan2, Cos, Sin};
pub use window::{ArgMaxPool2d, Conv2d, Divisor, Fold2d, Pair, Unfold2d, Window};
pub use zip::{Binary, Operand, Zip};
