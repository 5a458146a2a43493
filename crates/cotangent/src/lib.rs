//! Record mathematics, differentiate it, compile it: an autodiff computation-graph framework for
//! the CPU.
//!
//! A model is a plain struct of layers; a [`Step`] records its loss, extends the graph with the
//! gradient and compiles both into one program; an optimizer changes the parameters by the
//! gradients:
//!
//! ```
//! use cotangent::prelude::*;
//!
//! struct Mlp {
//!     hidden: Linear,
//!     output: Linear,
//! }
//!
//! impl Mlp {
//!     fn new(scope: &mut Scope<'_>) -> Self {
//!         Self {
//!             hidden: Linear::new(64, 32).build(scope, "hidden"),
//!             output: Linear::new(32, 10).build(scope, "output"),
//!         }
//!     }
//!     fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
//!         self.output.forward(self.hidden.forward(x).relu())
//!     }
//! }
//!
//! let mut params = Params::seeded(0);
//! let model = Mlp::new(&mut params.root());
//! let mut adam = Adam::new(1e-2).schedule(Cosine::new(1.0, 0.1, 60)).with(ClipGlobalNorm::new(5.0));
//! let mut step = Step::new(|_, [x, labels]| model.forward(x).cross_entropy(labels));
//! let mut losses = Vec::new();
//! for epoch in 0..3 {
//!     for (x, labels) in cotangent::data::digits().batches(64)?.shuffled((0, epoch)) {
//!         losses.push(step.run(&mut params, (&x, &labels))?);
//!         adam.step(&mut params, step.gradients())?;
//!     }
//! }
//! assert!(losses.last() < losses.first());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | to … | see |
//! |---|---|
//! | record mathematics and differentiate it | [`Graph`], [`Var`], [`Var::grad`], [`Gradient`] |
//! | Jacobians, Hessians, products with them, gradients of samples | [`transform`] |
//! | train | [`Step`], [`nn`], [`optim`], [`data`] |
//! | predict | [`Function`] |
//! | save, load, freeze | [`Params`], [`optim::Checkpoint`] |
//! | prove a derivative right | `check`, a feature |
//! | minimise a whole vector, fit by least squares | `minimize`, a feature |
//! | print, count and walk a model | `nn::Layers`, a feature: `derive` |
//! | factorise and solve | `linalg`, a feature |
//! | train in `f64` | `double`, a feature that is there by default |
//! | transform signals | `fft`, a feature |
//! | add an operation | [`Operation`], [`ops::Unary`] |
//! | see what runs, and how long it takes | [`Program::explain`], [`Step::profile`] |
//! | find where a NaN began | [`Step::run_checked`] |
//! | know the mathematics of an operation | [`ops`] |
//!
//! # Builds without optimisation
//!
//! Kernels without optimisation are slow, and a profile is the choice of the workspace that builds:
//! two lines in the `Cargo.toml` of a program make training in debug builds usable.
//!
//! ```toml
//! [profile.dev.package."*"]
//! opt-level = 3
//! ```

#[cfg(feature = "check")]
pub use check;
pub use data;
pub use graph::*;
#[cfg(feature = "minimize")]
pub use minimize;
pub use ndarray;
pub use nn;
pub use optim;
// That of optimizers, which is that of programs and a little more: one bound is enough for both.
pub use optim::Precision;
pub use program::*;

/// What a training script needs, to be imported whole.
pub mod prelude {
    pub use crate::Precision;
    #[cfg(feature = "check")]
    pub use check::{Check, CheckFn, assert_gradients, check_fn};
    pub use data::{Dataset, Standardizer};
    pub use graph::{Gradient, Graph, Param, Params, RunError, Scope, Shape, Var, keep};
    #[cfg(feature = "minimize")]
    pub use minimize::{Lbfgs, LevenbergMarquardt, Minimizer, Newton};
    pub use ndarray::{Array, Array1, Array2, ArrayD, array};
    #[cfg(feature = "derive")]
    pub use nn::Layers;
    pub use nn::{
        Activation, AdaptiveAvgPool2d, AvgPool2d, BatchNorm, Conv1d, Conv2d, Conv3d,
        ConvTranspose2d, Dropout, Dropout2d, Embedding, Flatten, GroupNorm, Gru, LayerNorm, Linear,
        Loss, Lstm, MaxPool1d, MaxPool2d, Mode, Module, Rnn, Sequential,
    };
    pub use optim::{
        Accumulate, Adam, Checkpoint, Checkpoints, ClipGlobalNorm, Cosine, Curve, Ema, Groups,
        Optimizer, Ramp, ReduceOnPlateau, Sgd, StepDecay,
    };
    pub use program::{Function, Step};
}
