//! From graph to machine: the compiler of Cotangent, and the programs it makes.
//!
//! A [`Program`] computes what the plain [`Evaluator`](graph::Evaluator) computes, fast. A [`Step`]
//! is a loss with its gradients and running statistics, a [`Function`] any other function of inputs
//! and parameters; both record and compile when they first see inputs of a shape.
//!
//! | module of the source | what is there |
//! |---|---|
//! | `compile` | passes over the graph, groups, the plan of memory, and instructions |
//! | `words` | what each word of a graph is to the kernels, and what it costs |
//! | `instruction` | what a program consists of; below compilation and execution |
//! | `program`, `execute`, `feed`, `given`, `checked` | running a program |
//! | `in_place` | programs that compute in memory of their caller |
//! | `workspace` | the memory that programs read and write, and share |
//! | `engine`, `precision` | what is compiled once for each precision |
//! | `step`, `function`, `recipe`, `work`, `per_shape`, `reports` | recording and compiling on demand |
//! | `explain`, `profile` | what a program does, and how long it takes |
//! | `threads` | the threads that programs share |

mod checked;
mod chosen;
mod compile;
mod engine;
mod execute;
mod explain;
mod feed;
mod function;
mod given;
mod in_place;
mod instruction;
mod look;
mod looped;
mod nested;
mod per_shape;
mod precision;
mod profile;
mod program;
mod recipe;
mod repeated;
mod reports;
mod step;
mod threads;
mod trial;
mod watched;
mod words;
mod work;
mod workspace;

pub use compile::Arithmetic;
pub use explain::Explanation;
pub use feed::{Feeds, IntoFeed};
pub use function::{Answer, Function, One, Several};
pub use given::{Feed, Indices};
pub use in_place::{InPlace, Lent};
pub use precision::Precision;
pub use profile::Profile;
pub use program::Program;
pub use reports::Reported;
pub use step::Step;
pub use threads::{default_pool, set_default_threads};
