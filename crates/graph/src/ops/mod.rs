//! The operations: each with its mathematics, shape rule, reverse rule, plain evaluation and
//! examples in one place, and one line in the list below.
//!
//! Model code records them through the methods of [`Var`](crate::Var) and
//! [`Graph`](crate::Graph); code that builds graphs from data records these types through
//! [`Graph::record`](crate::Graph::record).

mod activation;
mod calculus;
mod clamp;
mod indexing;
pub(crate) mod leaf;
#[cfg(feature = "linalg")]
mod linalg;
mod map;
mod matrix;
mod powf;
mod random;
mod reduce;
mod refused;
mod registry;
mod select;
mod shaping;
mod softmax;
mod stop_gradient;
mod table;
mod to_real;
mod window;
mod zip;

pub use indexing::IsAt;
pub use leaf::{Copy, Full};
pub use map::{Map, Unary};
pub use matrix::{AxisList, Triangle};
pub use random::Distribution;
pub use reduce::{Along, Fold, Reduction};
pub use refused::Refused;
pub use registry::{Example, Sample};
pub use shaping::Span;
pub(crate) use shaping::joined;
pub use window::{Divisor, Pair, Window};
pub use zip::{Binary, Operand, Zip};

registry::operations! {
    activation: Elu, LeakyRelu;
    calculus: Abs, Add, And, Atan2, Cos, Div, Eq, Erf, Exp, Expm1, Ge, Gt, Le, Ln, Log1p,
        LogAddExp, Lt, Maximum, Minimum, Mul, MulNoNan, Ne, Neg, Or, Pow, Recip, Relu, Rsqrt,
        SechSquared, Sigmoid, Sign, Sin, Softplus, Sqrt, Square, Sub, Tanh;
    clamp: Clamp;
    indexing: DynamicSlice, DynamicUpdateSlice, Gather, IndexAdd, OneHot, ScatterAdd, Take;
    #[cfg(feature = "linalg")]
    linalg: Cholesky, Cofactor, Det, DetSign, Inverse, LogAbsDet, Solve, TriangularSolve;
    matrix: Contract, MatMul, Part;
    powf: Powf;
    random: Random;
    reduce: ArgMax, ArgMin, CumSum, LogSumExp, Max, Mean, Min, Norm, Prod, Sum, Variance;
    select: Select;
    shaping: Broadcast, Embed, Permute, Reshape, View;
    softmax: LogSoftmax, Softmax;
    stop_gradient: StopGradient;
    to_real: ToReal;
    window: Conv2d, MaxPool2d;
}
