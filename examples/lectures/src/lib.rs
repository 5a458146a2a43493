//! The lectures, executed: experiments on two decks about training neural networks.
//!
//! Each lecture is one file beside this folder, numbered in the order of the decks. The list below is
//! the only one: the gallery, its program and the tests of its claims go through it.

use lab::Lecture;

macro_rules! lectures {
    ($($name:ident $file:literal)*) => {
        $(#[path = $file] mod $name;)*

        /// All lectures, in the order of the decks.
        pub const ALL: &[Lecture] =
            &[$(Lecture::new($file, include_str!($file), $name::EXPERIMENT)),*];

        /// Hands the names of all lectures to another macro, in order: `each!(check)` becomes
        /// `check! { first second … }`.
        #[macro_export]
        macro_rules! each {
            ($with:ident) => { $with! { $($name)* } };
        }
    };
}

lectures! {
    error_surface "../01_error_surface.rs"
    batches "../02_batches.rs"
    ravine "../03_ravine.rs"
    saddle_points "../04_saddle_points.rs"
    gradient_noise "../05_gradient_noise.rs"
    averages "../06_averages.rs"
    momentum "../07_momentum.rs"
    nesterov "../08_nesterov.rs"
    adaptive "../09_adaptive.rs"
    race "../10_race.rs"
    learning_rate "../11_learning_rate.rs"
    decay "../12_decay.rs"
    monitoring "../13_monitoring.rs"
    second_order "../14_second_order.rs"
    lbfgs "../15_lbfgs.rs"
    normalising_inputs "../16_normalising_inputs.rs"
    deep_gradients "../17_deep_gradients.rs"
    batch_norm "../18_batch_norm.rs"
    covariate_shift "../19_covariate_shift.rs"
    test_time "../20_test_time.rs"
    advantages "../21_advantages.rs"
}

/// The lecture of a name.
pub fn named(name: &str) -> Option<&'static Lecture> {
    ALL.iter().find(|lecture| lecture.name() == name)
}
