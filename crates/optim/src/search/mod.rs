//! Random search for hyperparameters.
//!
//! "Try random values": random trials find better values than a grid of as many, because in a grid
//! each value of an important hyperparameter is tried again for every value of an unimportant one.
//! (Bergstra and Bengio, "Random search for hyper-parameter optimization", 2012.)
//!
//! ```
//! use cotangent::optim::search::{RandomSearch, Space};
//! let space = Space::new()
//!     .log_uniform("rate", 1e-4, 1.0)
//!     .uniform("dropout", 0.0, 0.5)
//!     .integer("width", 16, 256)
//!     .choice("activation", ["relu", "tanh"]);
//! let trials = RandomSearch::minimize(40).seed(1).run(&space, |trial| {
//!     // Build a model by these values, train it, and answer its validation loss.
//!     let loss = (trial.real("rate").log10() + 2.0).powi(2) + trial.real("dropout");
//!     if trial.choice("activation") == "tanh" { Err("no such layer") } else { Ok(loss) }
//! })?;
//! let best = trials.best().unwrap();
//! assert!(best.score().unwrap() < 0.5);
//! assert!(trials.failed().all(|outcome| outcome.trial.choice("activation") == "tanh"));
//! println!("{trials}");
//! # Ok::<(), cotangent::optim::search::SearchError>(())
//! ```

mod outcome;
mod space;

use std::error::Error;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

pub use outcome::{Outcome, TrialError, Trials};
pub use space::{Setting, Space, Trial};

/// Tries random values, in parallel threads.
///
/// The values of a trial are a function of the seed and the trial's number alone, so that the result
/// depends neither on the number of threads nor on which trial is finished first, and more trials
/// of the same seed begin with those of fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RandomSearch {
    trials: usize,
    seed: u64,
    threads: Option<NonZeroUsize>,
    maximize: bool,
}

impl RandomSearch {
    /// A search for the least score (a loss) in this many trials.
    pub fn minimize(trials: usize) -> Self {
        Self { trials, seed: 0, threads: None, maximize: false }
    }

    /// A search for the greatest score (an accuracy) in this many trials.
    pub fn maximize(trials: usize) -> Self {
        Self { maximize: true, ..Self::minimize(trials) }
    }

    /// The seed of all values; 0 unless set.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// How many trials run at a time; as many as the machine has processors unless set.
    #[must_use]
    pub fn threads(self, threads: NonZeroUsize) -> Self {
        Self { threads: Some(threads), ..self }
    }

    /// Runs every trial. `score` is told the values and answers what they are worth.
    ///
    /// A trial that fails, panics, or answers a score that is not finite is recorded as
    /// [failed](Trials::failed), and the others go on.
    ///
    /// # Errors
    /// If there is no trial, or the space has a range without values, or a name twice.
    pub fn run<E>(
        &self,
        space: &Space,
        score: impl Fn(&Trial) -> Result<f64, E> + Sync,
    ) -> Result<Trials, SearchError>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        space.check()?;
        if self.trials == 0 {
            return Err(SearchError::NoTrials);
        }
        let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(self.trials)));
        let work = || {
            while let Some(trial) = self.take(&next, space) {
                let result = judge(&trial, &score);
                done.lock().expect("nothing panics in here").push(Outcome { trial, result });
            }
        };
        let machine = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let threads = self.threads.unwrap_or(machine).get().min(self.trials);
        thread::scope(|scope| {
            (1..threads).for_each(|_| drop(scope.spawn(work)));
            work();
        });
        Ok(Trials::new(done.into_inner().expect("nothing panics in there"), self.maximize))
    }

    fn take(&self, next: &AtomicUsize, space: &Space) -> Option<Trial> {
        let number = next.fetch_add(1, Ordering::Relaxed);
        (number < self.trials).then(|| space.draw(self.seed, number))
    }
}

fn judge<E>(trial: &Trial, score: impl Fn(&Trial) -> Result<f64, E>) -> Result<f64, TrialError>
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    // What a panic may have left half-done belongs to the trial, and is gone with it.
    match catch_unwind(AssertUnwindSafe(|| score(trial))) {
        Ok(Ok(score)) if score.is_finite() => Ok(score),
        Ok(Ok(score)) => Err(TrialError::NonFinite { score }),
        Ok(Err(error)) => Err(TrialError::Failed(error.into())),
        Err(payload) => {
            let text = payload.downcast_ref::<&str>().map(ToString::to_string);
            let message = text.or_else(|| payload.downcast_ref::<String>().cloned());
            Err(TrialError::Panicked { message: message.unwrap_or_default() })
        }
    }
}

/// A search that was not begun.
#[derive(Clone, PartialEq, thiserror::Error)]
pub enum SearchError {
    /// No trial at all.
    #[error("a search needs at least 1 trial; asked for 0")]
    NoTrials,
    /// A name that stands for two hyperparameters.
    #[error("a hyperparameter is named once; {name:?} is named twice")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// A range without values.
    #[error("{name:?}: {rule}; given {given}")]
    Range {
        /// The hyperparameter.
        name: String,
        /// The rule broken.
        rule: &'static str,
        /// What was given.
        given: String,
    },
}

graph::debug_as_display!(SearchError);
