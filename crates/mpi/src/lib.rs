//! Data-parallel training: the same program on one process or on many, over MPI.
//!
//! Each process, a *rank*, has the whole model and computes gradients of its part of every batch; their mean is that of the whole
//! batch, and so all make the same step. [`launch`] starts a program, [`Distributed`] makes the steps:
//!
//! ```
//! use std::process::ExitCode;
//! use cotangent::data::digits;
//! use cotangent::prelude::*;
//! use cotangent_mpi::{Distributed, launch};
//!
//! fn main() -> ExitCode {
//!     launch(|world| {
//!         let train = digits();
//!         let mut params = Params::seeded(0);
//!         let layer = Linear::new(64, 10).build(&mut params.root(), "layer");
//!         let step = Step::new(|_, [x, labels]| layer.forward(x).cross_entropy(labels));
//!         let mut training = Distributed::new(world, step, Adam::new(1e-2));
//!         let batches = train.epochs(64)?.shuffled(7).part(world.rank(), world.size());
//!         let mut loss = f32::NAN;
//!         for (x, labels) in batches.take(100) {
//!             loss = training.train(&mut params, (&x, &labels))?; // of the whole batch, on all ranks alike
//!         }
//!         if world.is_root() {
//!             println!("the last loss is {loss}");
//!         }
//!         Ok::<(), Box<dyn std::error::Error>>(())
//!     })
//! }
//! ```
//!
//! ```text
//! cargo build --release --features mpi
//! mpirun -n 4 target/release/program
//! ```
//!
//! Without the feature `mpi` there is one rank, and nothing beside Rust is needed. With it, an MPI library and libclang are: on
//! Debian, `setup.sh` of this package installs them.

mod all_reduce;
mod distributed;
mod engine;
mod error;
mod exchange;
mod fixed;
mod launch;
mod meeting;
mod precision;
pub mod scaling;
mod sharded;
mod sync_batch_norm;
mod tally;
mod world;

pub use all_reduce::{AllReduce, all_reduce};
pub use distributed::Distributed;
pub use error::DistributedError;
pub use launch::launch;
pub use precision::Precision;
pub use sharded::Sharded;
pub use sync_batch_norm::SyncBatchNorm;
pub use world::World;
