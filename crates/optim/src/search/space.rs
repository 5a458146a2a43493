//! What values hyperparameters may have, and drawing them.

use std::fmt;

use graph::Seed;
use serde::Serialize;

use super::SearchError;

/// The hyperparameters of a search, each with its range.
///
/// Ranges are checked when a search begins.
///
/// It stands in the example of [`RandomSearch`](super::RandomSearch).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Space {
    ranges: Vec<(String, Range)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Range {
    LogUniform(f64, f64),
    Uniform(f64, f64),
    Integer(i64, i64),
    Choice(Vec<String>),
}

/// The value of one hyperparameter in one trial.
///
/// It stands in the example of [`RandomSearch`](super::RandomSearch).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Setting {
    /// Of a uniform or log-uniform range.
    Real(f64),
    /// Of a range of integers.
    Integer(i64),
    /// One of several names.
    Choice(String),
}

/// The values of one trial.
///
/// It stands in the example of [`RandomSearch`](super::RandomSearch).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trial {
    /// The number of the trial, from 0.
    pub number: usize,
    /// A seed for the trial's own random numbers, such as initial parameters: another for each.
    pub seed: u64,
    /// Every hyperparameter, in the order of the [`Space`].
    pub settings: Vec<(String, Setting)>,
}

impl Space {
    /// No hyperparameter yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A number between two positive ones, whose logarithm is uniform: for learning rates and
    /// strengths of decay, of which only the order of magnitude is unknown.
    #[must_use]
    pub fn log_uniform(self, name: &str, low: f64, high: f64) -> Self {
        self.with(name, Range::LogUniform(low, high))
    }

    /// A number between two, uniform.
    #[must_use]
    pub fn uniform(self, name: &str, low: f64, high: f64) -> Self {
        self.with(name, Range::Uniform(low, high))
    }

    /// An integer between two, both included, each equally likely.
    #[must_use]
    pub fn integer(self, name: &str, low: i64, high: i64) -> Self {
        self.with(name, Range::Integer(low, high))
    }

    /// One of several names, each equally likely.
    #[must_use]
    pub fn choice<S: Into<String>>(self, name: &str, choices: impl IntoIterator<Item = S>) -> Self {
        self.with(name, Range::Choice(choices.into_iter().map(Into::into).collect()))
    }

    fn with(mut self, name: &str, range: Range) -> Self {
        self.ranges.push((name.to_owned(), range));
        self
    }

    pub(super) fn check(&self) -> Result<(), SearchError> {
        for (i, (name, range)) in self.ranges.iter().enumerate() {
            if self.ranges[..i].iter().any(|other| other.0 == *name) {
                return Err(SearchError::Duplicate { name: name.clone() });
            }
            range.check().map_err(|(rule, given)| {
                let name = name.clone();
                SearchError::Range { name, rule, given }
            })?;
        }
        Ok(())
    }

    /// The values of a trial: a function of seed and number.
    pub(super) fn draw(&self, seed: u64, number: usize) -> Trial {
        let random = Seed { seed, run: number as u64 };
        let setting = |(i, (name, range)): (usize, &(String, Range))| {
            (name.clone(), range.at(random.uniform(i as u64, 0)))
        };
        let settings = self.ranges.iter().enumerate().map(setting).collect();
        Trial { number, seed: random.bits(self.ranges.len() as u64, 0), settings }
    }
}

impl Range {
    /// The rule that is broken, and what was given.
    fn check(&self) -> Result<(), (&'static str, String)> {
        match self {
            Self::LogUniform(low, high) if !(0.0 < *low && low <= high && high.is_finite()) => {
                Err(("a log-uniform range must be 0 < low ≤ high < ∞", format!("{low} and {high}")))
            }
            Self::Uniform(low, high) if !(low <= high && (high - low).is_finite()) => Err((
                "a uniform range must be low ≤ high, both finite",
                format!("{low} and {high}"),
            )),
            Self::Integer(low, high) if low > high => {
                Err(("a range of integers must be low ≤ high", format!("{low} and {high}")))
            }
            Self::Choice(choices) if choices.is_empty() => {
                Err(("there must be something to choose from", "no choice".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// The value at a share of the range, 0 ≤ share < 1.
    fn at(&self, share: f64) -> Setting {
        match self {
            Self::LogUniform(low, high) => {
                let x = (low.ln() + share * (high.ln() - low.ln())).exp();
                Setting::Real(x.clamp(*low, *high))
            }
            Self::Uniform(low, high) => {
                Setting::Real((low + share * (high - low)).clamp(*low, *high))
            }
            Self::Integer(low, high) => {
                // In 128 bits, as there may be 2⁶⁴ of them.
                let count = i128::from(*high) - i128::from(*low) + 1;
                let offset = ((share * count as f64) as i128).min(count - 1);
                Setting::Integer((i128::from(*low) + offset) as i64)
            }
            Self::Choice(choices) => {
                Setting::Choice(choices[(share * choices.len() as f64) as usize].clone())
            }
        }
    }
}

impl Trial {
    /// The value of a uniform or log-uniform range.
    ///
    /// # Panics
    /// If the space has no such range of this name.
    #[track_caller]
    pub fn real(&self, name: &str) -> f64 {
        match self.setting(name) {
            Setting::Real(x) => *x,
            other => panic!("{name:?} is no real number: it is {other}"),
        }
    }

    /// The value of a range of integers.
    ///
    /// # Panics
    /// If the space has no such range of this name.
    #[track_caller]
    pub fn integer(&self, name: &str) -> i64 {
        match self.setting(name) {
            Setting::Integer(x) => *x,
            other => panic!("{name:?} is no integer: it is {other}"),
        }
    }

    /// The one of several names that was chosen.
    ///
    /// # Panics
    /// If the space has no choice of this name.
    #[track_caller]
    pub fn choice(&self, name: &str) -> &str {
        match self.setting(name) {
            Setting::Choice(choice) => choice,
            other => panic!("{name:?} is no choice: it is {other}"),
        }
    }

    #[track_caller]
    fn setting(&self, name: &str) -> &Setting {
        match self.settings.iter().find(|setting| setting.0 == name) {
            Some((_, setting)) => setting,
            None => panic!("the space has no hyperparameter {name:?}"),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Real(x) if *x != 0.0 && !(1e-3..1e4).contains(&x.abs()) => write!(f, "{x:.4e}"),
            Self::Real(x) => write!(f, "{x:.5}"),
            Self::Integer(x) => write!(f, "{x}"),
            Self::Choice(choice) => f.write_str(choice),
        }
    }
}
