//! Stateful optimizers and schedules keyed by parameter id for Cotangent.
//!
//! An [`Optimizer`] changes [`graph::Params`] by [`graph::Gradients`]. [`Optim`] is the optimizer
//! of one [`Rule`]: [`Sgd`], [`Adam`] and the others are names for it. A [`Schedule`] is a pure
//! function of the step, for the learning rate or any other hyperparameter. A [`Part`] is put
//! around an optimizer, and [`Groups`] puts several side by side. A [`State`] is what any of them
//! remembers.
//!
//! ```
//! use cotangent::optim::{Adam, ClipGlobalNorm, Cosine, Curve, Ema, Ramp, Optimizer};
//! let optimizer = Adam::<f32>::adamw(1e-3)
//!     .no_decay("*.bias")
//!     .schedule(Ramp::warmup(100).then_at(100, Cosine::new(1.0, 0.0, 900)))
//!     .with(ClipGlobalNorm::new(1.0))
//!     .with(Ema::new(0.999));
//! assert_eq!(optimizer.learning_rate(), 1e-3 / 100.0);
//! ```
//!
//! Where a type is written down, precision is single unless said, as in [`graph::Params`]:
//!
//! ```
//! use cotangent::Params;
//! use cotangent::optim::{Adam, Optimizer, Sgd};
//!
//! struct Training {
//!     params: Params,
//!     adam: Adam,                                  // Adam<f32>
//!     then: Box<dyn Optimizer>,                    // Box<dyn Optimizer<f32>>
//! }
//! let adam = Adam::new(1e-3);
//! let run = Training { params: Params::seeded(0), adam, then: Box::new(Sgd::new(0.1)) };
//! assert_eq!((run.adam.learning_rate(), run.then.learning_rate()), (1e-3, 0.1));
//! ```
//!
//! | module of the source | what is there |
//! |---|---|
//! | `optimizer`, `rule`, `optim` | what an optimizer is, a rule, and the optimizer of a rule |
//! | `rules` | the update rules, one to a file |
//! | `parts` | what is put around an optimizer: clipping, accumulation, averages, … |
//! | `groups` | different optimizers for different parameters |
//! | `state` | saving and restoring an optimizer |
//! | `checkpoint` | saving and restoring a whole training run |
//! | `report` | what a step did to each parameter |
//! | `range_test`, [`search`] | choosing a learning rate, and other hyperparameters |
//! | `schedule` | schedules and their composition |
//! | `convention` | what rules differ in: where ε stands, how weights decay |
//! | `compiled`, `updates` | what parts and rules record, compiled for the parameters of a step |
//! | `engine`, `work` | what all of them do, compiled once for each precision |
//! | `memory`, `segments` | state beside the parameters, and selecting them |

mod checkpoint;
mod compiled;
mod convention;
mod engine;
mod error;
mod groups;
mod hyperparameters;
mod memory;
mod norm;
mod optim;
mod optimizer;
mod parts;
mod range_test;
mod report;
mod rule;
mod rules;
mod schedule;
pub mod search;
mod segments;
mod state;
mod updates;
mod work;

pub use checkpoint::{Checkpoint, CheckpointError, Checkpoints};
pub use compiled::Operands;
pub use convention::{Epsilon, WeightDecay};
pub use engine::Precision;
pub use error::{OptimError, TrainError};
pub use graph::Domain;
pub use groups::Groups;
pub use hyperparameters::{Hyperparameter, Hyperparameters, Visit};
pub use memory::{MAX_SLOTS, Number, Slot, Slots};
pub use optim::Optim;
pub use optimizer::Optimizer;
pub use parts::*;
pub use range_test::{RangeCurve, RangePoint, RangeTest, RangeTestError};
pub use report::{ParameterReport, StepReport, zero_share};
pub use rule::{At, Moment, Rule, Unit, Unrolled, Updated};
pub use rules::*;
pub use schedule::{
    Anneal, Bounded, Constant, Cosine, CosineRestarts, Curve, CycleMode, Cyclic, Exponential,
    Geometric, InverseSqrt, InverseTime, MultiStep, OneCycle, Per, Piecewise, Polynomial, Product,
    Ramp, ReduceOnPlateau, Schedule, Sequence, StepDecay, Threshold,
};
pub use segments::Selected;
pub use state::{Difference, Ledger, State, StateError};
