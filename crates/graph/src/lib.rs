//! The computation graph of Cotangent: operations, reverse-mode gradients, and parameters.
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
//! | [`reading`], [`rewriting`] | walking a recorded graph, and recording it anew |
//! | `lowering` | the words in which an operation tells a compiler what it is |
//! | `params`, [`tensors`] | the store and its summary; its files, and others like them |

mod arose;
mod atomic;
pub mod control;
mod domain;
mod dot;
mod elementwise;
mod error;
mod evaluate;
mod extent;
mod fault;
mod gradient;
mod graph;
mod integer;
mod lowering;
mod operation;
// The examples of operations are for tests; a user's build leaves them out.
#[cfg_attr(not(any(test, feature = "testing")), allow(dead_code))]
pub mod ops;
mod params;
mod place;
mod random;
pub mod reading;
pub mod rewriting;
mod scalar;
mod shape;
mod short;
mod sorted;
pub mod tensors;
#[cfg(any(test, feature = "testing"))]
#[doc(hidden)]
pub mod testing;
#[cfg_attr(not(any(test, feature = "testing")), allow(dead_code))]
pub mod transform;
mod types;
mod value;
mod var;
mod view;

pub use atomic::{check_writable, remove_abandoned, write_atomically};
pub use domain::Domain;
pub use error::{GradientError, Obstacle, RecordError, RunError, Unreached, misfit};
pub use evaluate::Evaluator;
pub use fault::{BoundWords, Defect, Fault, IndexWords, RunResult};
pub use gradient::{Gradient, composed};
pub use graph::Graph;
pub use integer::Integer;
pub use lowering::{FoldWord, Lowering, MapWord, ZipWord};
pub use ndarray;
pub use operation::{AnyOperation, Args, Cotangents, Op, Operation, Out, no_derivative};
pub use ops::{Operand, Span};
pub use params::{
    GradientLayout, Gradients, GradientsError, Import, LoadError, Loaded, Mismatch, Param, ParamId,
    Params, ParamsError, Pattern, Role, SaveError, Scope, Summary,
};
pub use place::Place;
pub use random::Seed;
pub use scalar::{Number, Scalar};
pub use shape::{Axes, Shape, keep};
pub use tensors::Storage;
pub use transform::{Batch, Sparse, SparsePattern};
pub use types::{Kind, Type};
pub use value::Value;
pub use var::Var;
pub use view::View;
