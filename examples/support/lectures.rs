//! The experiments of the gallery, in the order of the lectures.

#[path = "../adaptive.rs"]
pub mod adaptive;
#[path = "../advantages.rs"]
pub mod advantages;
#[path = "../averages.rs"]
pub mod averages;
#[path = "../batch_norm.rs"]
pub mod batch_norm;
#[path = "../batches.rs"]
pub mod batches;
#[path = "../covariate_shift.rs"]
pub mod covariate_shift;
#[path = "../decay.rs"]
pub mod decay;
#[path = "../deep_gradients.rs"]
pub mod deep_gradients;
#[path = "../error_surface.rs"]
pub mod error_surface;
#[path = "../gradient_noise.rs"]
pub mod gradient_noise;
#[path = "../lbfgs.rs"]
pub mod lbfgs;
#[path = "../learning_rate.rs"]
pub mod learning_rate;
#[path = "../momentum.rs"]
pub mod momentum;
#[path = "../monitoring.rs"]
pub mod monitoring;
#[path = "../nesterov.rs"]
pub mod nesterov;
#[path = "../normalising_inputs.rs"]
pub mod normalising_inputs;
#[path = "../race.rs"]
pub mod race;
#[path = "../ravine.rs"]
pub mod ravine;
#[path = "../saddle_points.rs"]
pub mod saddle_points;
#[path = "../second_order.rs"]
pub mod second_order;
#[path = "../test_time.rs"]
pub mod test_time;

use lab::Experiment;

/// All of them.
pub const ALL: &[Experiment] = &[
    error_surface::EXPERIMENT,
    batches::EXPERIMENT,
    ravine::EXPERIMENT,
    saddle_points::EXPERIMENT,
    gradient_noise::EXPERIMENT,
    averages::EXPERIMENT,
    momentum::EXPERIMENT,
    nesterov::EXPERIMENT,
    adaptive::EXPERIMENT,
    race::EXPERIMENT,
    learning_rate::EXPERIMENT,
    decay::EXPERIMENT,
    monitoring::EXPERIMENT,
    second_order::EXPERIMENT,
    lbfgs::EXPERIMENT,
    normalising_inputs::EXPERIMENT,
    deep_gradients::EXPERIMENT,
    batch_norm::EXPERIMENT,
    covariate_shift::EXPERIMENT,
    test_time::EXPERIMENT,
    advantages::EXPERIMENT,
];
