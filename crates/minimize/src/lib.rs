//! Minimizers of a whole vector, which evaluate the objective as often as they need.
//!
//! | minimizer | what it needs of the objective | when |
//! |---|---|---|
//! | [`GradientDescent`] | [`Objective`]: value and gradient | as a baseline |
//! | [`ConjugateGradient`] | [`Objective`] | so many variables that little may be remembered |
//! | [`Lbfgs`] | [`Objective`] | most smooth problems; with bounds too |
//! | [`NewtonCg`] | [`HessianProduct`] | many variables, and curvature that matters |
//! | [`Newton`] | [`Hessian`] | few variables; saddle points |
//! | [`LevenbergMarquardt`] | [`Residuals`] | nonlinear least squares |
//!
//! Each is a [`Minimizer`] and answers a [`Minimum`]: the point, why it stopped, what was evaluated,
//! and the history. Objectives are closures, or [`Recorded`] graphs, of a flat vector or of a
//! model's parameters. [`TorchLbfgs`] makes PyTorch's steps instead.

mod conjugate_gradient;
mod descent;
mod error;
mod gradient_descent;
mod krylov;
mod lbfgs;
mod levenberg_marquardt;
mod line_search;
mod minimum;
mod newton;
mod newton_cg;
mod objective;
mod pairs;
mod projected;
mod recorded;
mod spectrum;
mod stopping;
mod torch_lbfgs;
mod torch_wolfe;
mod trust_region;
mod vector;

pub use conjugate_gradient::{Beta, ConjugateGradient};
pub use error::MinimizeError;
pub use gradient_descent::GradientDescent;
pub use lbfgs::Lbfgs;
pub use levenberg_marquardt::LevenbergMarquardt;
pub use line_search::{Found, LineSearch};
pub use minimum::{Evaluations, Iterate, Minimizer, Minimum, Stop};
pub use newton::Newton;
pub use newton_cg::NewtonCg;
pub use objective::{Hessian, HessianProduct, Objective, ResidualFunctions, Residuals};
pub use recorded::{Recorded, RecordedResiduals, assign, trainable};
pub use stopping::Stopping;
pub use torch_lbfgs::TorchLbfgs;
