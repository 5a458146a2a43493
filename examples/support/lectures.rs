//! The experiments of the gallery, in the order of the lectures.

#[path = "../averages.rs"]
pub mod averages;
#[path = "../ravine.rs"]
pub mod ravine;

use lab::Experiment;

/// All of them.
pub const ALL: &[Experiment] = &[ravine::EXPERIMENT, averages::EXPERIMENT];
