//! Schedules: numbers as pure functions of the step.

mod combine;
mod constant;
mod cosine;
mod cycle;
mod decay;
mod piecewise;
mod plateau;
mod ramp;

use std::fmt::{self, Debug, Display};
use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use combine::{Bounded, Per, Product, Sequence};
pub use constant::Constant;
pub use cosine::{Cosine, CosineRestarts};
pub use cycle::{Anneal, CycleMode, Cyclic, OneCycle};
pub use decay::{Exponential, Geometric, InverseSqrt, InverseTime, MultiStep, StepDecay};
pub use piecewise::Piecewise;
pub use plateau::{ReduceOnPlateau, Threshold};
pub use ramp::{Polynomial, Ramp};

/// A pure function of the step t = 0, 1, 2, …
///
/// A curve is a factor or a value, by what it is given to:
/// [`Optim::schedule`](crate::Optim::schedule) multiplies the learning rate by it, and
/// [`Optim::vary`](crate::Optim::vary) gives a hyperparameter its values.
///
/// Without memory there is nothing to save, and a resumed run continues where the step count says.
/// (The one schedule with memory is [`ReduceOnPlateau`](crate::ReduceOnPlateau), which is no
/// curve.)
///
/// ```
/// use cotangent::optim::{Cosine, Curve, Ramp};
/// let schedule = Ramp::warmup(10).then_at(10, Cosine::new(1.0, 0.0, 90));
/// assert_eq!(schedule.sample(0..100).len(), 100);
/// println!("{schedule}");
/// ```
pub trait Curve: Clone + Debug + Display + Into<Schedule> {
    /// The value at a step.
    fn at(&self, step: u64) -> f64;

    /// The values at several steps, to be plotted.
    fn sample(&self, steps: Range<u64>) -> Vec<f64> {
        steps.map(|step| self.at(step)).collect()
    }

    /// The curve in a slower unit: s(⌊t/n⌋). With n steps in an epoch it counts epochs.
    fn per(self, steps: u64) -> Schedule {
        Per { schedule: Box::new(self.into()), steps }.into()
    }

    /// The product of two curves.
    fn multiplied_by(self, other: impl Into<Schedule>) -> Schedule {
        Product { factors: vec![self.into(), other.into()] }.into()
    }

    /// The curve times a constant: values of factors.
    fn times(self, constant: f64) -> Schedule {
        self.multiplied_by(Constant::new(constant))
    }

    /// The curve before `step`, and from there on another that begins at its own step 0.
    fn then_at(self, step: u64, next: impl Into<Schedule>) -> Schedule {
        match self.into() {
            Schedule::Sequence(sequence) => sequence.with(step, next.into()),
            first => Sequence::new(first).with(step, next.into()),
        }
        .into()
    }

    /// The curve held at its first value for so many steps, and begun after.
    fn after(self, steps: u64) -> Schedule {
        Constant::new(self.at(0)).then_at(steps, self)
    }

    /// The curve, or `least` where it is lower.
    fn at_least(self, least: f64) -> Schedule {
        Bounded { schedule: Box::new(self.into()), least, most: f64::MAX }.into()
    }

    /// The curve, or `most` where it is higher.
    fn at_most(self, most: f64) -> Schedule {
        Bounded { schedule: Box::new(self.into()), least: f64::MIN, most }.into()
    }
}

/// Writes the enum of all curves, and what holds for each of them, from one table.
macro_rules! schedules {
    ($($name:ident),* $(,)?) => {
        /// Any schedule: what optimizers keep, and what is written to files.
        ///
        /// ```
        /// use cotangent::optim::{Curve, Schedule, StepDecay};
        /// let schedule = StepDecay::halve_every(10).times(0.1);
        /// let text = serde_json::to_string(&schedule)?;
        /// let read: Schedule = serde_json::from_str(&text)?;
        /// assert_eq!(read, schedule);
        /// # Ok::<(), serde_json::Error>(())
        /// ```
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Schedule {
            $(
                #[doc = concat!("See [`", stringify!($name), "`](struct@", stringify!($name), ").")]
                $name($name)
            ),*
        }

        $(impl From<$name> for Schedule {
            fn from(curve: $name) -> Self {
                Self::$name(curve)
            }
        })*

        impl Curve for Schedule {
            fn at(&self, step: u64) -> f64 {
                match self { $(Self::$name(curve) => curve.at(step)),* }
            }
        }

        impl Display for Schedule {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Self::$name(curve) => Display::fmt(curve, f)),* }
            }
        }
    };
}

schedules! {
    Constant,
    StepDecay,
    MultiStep,
    Exponential,
    Geometric,
    InverseTime,
    InverseSqrt,
    Ramp,
    Polynomial,
    Cosine,
    CosineRestarts,
    OneCycle,
    Cyclic,
    Piecewise,
    Sequence,
    Product,
    Per,
    Bounded,
}

impl Default for Schedule {
    /// The constant 1.
    fn default() -> Self {
        Constant::new(1.0).into()
    }
}
