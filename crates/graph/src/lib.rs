//! The computation graph of Cotangent: operations, reverse-mode gradients, compiled programs and
//! parameters.
//!
//! A [`Graph`] records operations on [`Var`]s into a DAG. [`Var::grad`] extends the DAG with the
//! gradient. An [`Evaluator`] computes values plainly, which defines what a graph means.
//! [`Params`] holds what is trained.
//!
//! | module of the source | what is there |
//! |---|---|
//! | `graph`, `var`, `shape`, `types` | recording: nodes, handles, shapes and kinds |
//! | `operation`, [`ops`] | what an operation is, and all of them |
//! | `gradient`, [`transform`] | reverse mode, and every other derivative from it |
//! | `evaluate` | the plain evaluator |
//! | [`reading`] | what a graph has recorded, for tools |
//! | `compile` | from a graph to a program |
//! | `params` | the store, its files and its summary |

mod atomic;
mod compile;
mod dot;
mod error;
mod evaluate;
mod fault;
mod gradient;
mod graph;
mod operation;
pub mod ops;
mod params;
mod program;
mod random;
pub mod reading;
mod scalar;
mod shape;
pub mod transform;
mod types;
mod value;
mod var;

pub use atomic::write_atomically;
pub use compile::Lowering;
pub use error::{GradientError, RecordError, RunError};
pub use evaluate::Evaluator;
pub use fault::{Defect, Fault, RunResult};
pub use gradient::Gradient;
pub use graph::Graph;
pub use ndarray;
pub use operation::{AnyOperation, Args, Cotangents, Op, Operation, Out, View, no_derivative};
pub use ops::{Operand, Span};
pub use params::{
    GradientLayout, Gradients, GradientsError, LoadError, Mismatch, Param, ParamId, Params,
    ParamsError, Role, SaveError, Scope, Summary,
};
pub use program::{
    Explanation, Feeds, Function, Profile, Program, Step, default_pool, set_default_threads,
};
pub use random::Seed;
pub use scalar::Scalar;
pub use shape::{Axes, Shape, keep};
pub use types::{Kind, Type};
pub use value::Value;
pub use var::Var;
