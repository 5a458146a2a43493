//! Record mathematics, differentiate it, compile it: an autodiff computation-graph framework for
//! the CPU.
//!
//! This crate is the front door: it re-exports [`graph`], [`check`], [`nn`], [`optim`] and [`data`],
//! and [`prelude`] has what a training script needs.
//!
//! ```
//! use cotangent::prelude::*;
//!
//! let g = Graph::new();
//! let x = g.constant(array![1.0, 2.0]);
//! let y = (x * x).sum();
//! assert_eq!(y.grad(x).eval()?, array![2.0, 4.0].into_dyn());
//! # Ok::<(), RunError>(())
//! ```

pub use check;
pub use data;
pub use graph;
pub use minimize;
pub use ndarray;
pub use nn;
pub use optim;
pub use program;

/// What a training script needs, to be imported whole.
pub mod prelude {
    pub use check::{Check, CheckFn, assert_gradients, check_fn};
    pub use data::{Dataset, Standardizer};
    pub use graph::{Gradient, Graph, Param, Params, RunError, Scope, Shape, Var, keep};
    pub use minimize::{Lbfgs, Minimizer};
    pub use ndarray::{Array, Array1, Array2, ArrayD, array};
    pub use nn::{
        Activation, BatchNorm, Dropout, LayerNorm, Linear, Loss, Mode, Module, Sequential,
    };
    pub use optim::{Adam, Checkpoint, Checkpoints, Curve, Optimizer, Sgd, StepDecay};
    pub use program::{Function, Step};
}
