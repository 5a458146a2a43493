//! The operations: each with its mathematics, shape rule, reverse rule, plain evaluation and
//! examples in one place, and one line in the list below.
//!
//! Model code records them through the methods of [`Var`](crate::Var) and
//! [`Graph`](crate::Graph); code that builds graphs from data records these types through
//! [`Graph::record`](crate::Graph::record).

mod activation;
mod calculus;
mod clamp;
#[cfg(feature = "fft")]
mod fourier;
mod indexing;
pub(crate) mod leaf;
#[cfg(feature = "linalg")]
mod linalg;
mod logarithms;
mod map;
mod matrix;
mod order;
mod powf;
mod precision;
mod random;
mod reduce;
mod refused;
mod registry;
mod rounding;
mod select;
mod shaping;
mod softmax;
mod special;
mod stop_gradient;
mod table;
mod to_real;
mod trigonometry;
mod window;
mod zip;

pub use indexing::IsAt;
pub use leaf::{Copy, Full};
// For minimisers, which factor Jacobians.
#[cfg(feature = "linalg")]
#[doc(hidden)]
pub use linalg::singular;
#[cfg(feature = "linalg")]
pub use linalg::{MatrixNorm, Spectrum};
pub use map::{Map, Unary};
pub use matrix::{AxisList, Triangle};
pub use random::Distribution;
pub use reduce::{Along, Fold, Reduction};
pub use refused::Refused;
pub use registry::{Example, Sample};
pub(crate) use shaping::joined;
pub use shaping::{PaddingMode, Span};
pub use window::{Conv, Divisor, Interpolation, Sizes, Window};
pub use zip::{Binary, Operand, Zip};

registry::operations! {
    activation: Elu, LeakyRelu, Mish, Softsign;
    calculus: Abs, Add, And, Atan2, Cos, Div, Eq, Erf, Exp, Expm1, Ge, Gt, Le, Ln, Log1p,
        LogAddExp, Lt, Maximum, Minimum, Mul, MulNoNan, Ne, Neg, Or, Pow, Recip, Relu, Rsqrt,
        SechSquared, Sigmoid, Sign, Sin, Softplus, Sqrt, Square, Sub, Tanh;
    clamp: Clamp;
    #[cfg(feature = "fft")]
    fourier: Fft, Irfft, Rfft;
    indexing: Bounded, DynamicSlice, DynamicUpdateSlice, Gather, IndexAdd, OneHot, ScatterAdd, Within,
        SegmentMax, Take;
    #[cfg(feature = "linalg")]
    linalg: Cholesky, Cofactor, Det, DetSign, Eigh, Gaps, Inverse, LogAbsDet, MatrixExp, MatrixRank, Pinv, Qr, Solve,
        Svd, TriangularSolve;
    logarithms: Cbrt, Exp2, Hypot, Log10, Log2, Logit, Xlogy;
    matrix: Contract, MatMul, Part;
    order: ArgSort, CumArg, SearchSorted;
    powf: Powf;
    precision: MachineEpsilon;
    random: Draws, Random;
    reduce: ArgMax, ArgMin, CumProd, CumSum, LogCumSumExp, LogSumExp, Max, Mean, Min, Norm, Prod, Sum, Variance;
    rounding: Ceil, Floor, Fmod, Remainder, Round, Trunc;
    select: Select;
    shaping: Broadcast, Embed, Permute, Reshape, View;
    softmax: LogSoftmax, Softmax;
    special: Erfc, Erfinv, Lgamma, Polygamma, Sinc;
    stop_gradient: StopGradient;
    to_real: ToReal;
    trigonometry: Acos, Acosh, Asin, Asinh, Atan, Atanh, Cosh, Sinh, Tan;
    window: Convolution, MaxPool;
}
