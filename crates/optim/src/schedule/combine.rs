//! Schedules made of schedules.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Curve, Schedule};

/// One schedule after another, each beginning at its own step 0: [`Curve::then_at`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sequence {
    /// What there is before any of `next` begins.
    pub first: Box<Schedule>,
    /// When each of the others begins, in order.
    pub next: Vec<(u64, Schedule)>,
}

impl Sequence {
    /// A sequence of one.
    pub fn new(first: impl Into<Schedule>) -> Self {
        Self { first: Box::new(first.into()), next: Vec::new() }
    }

    /// The sequence, with another schedule from `step` on.
    pub fn with(mut self, step: u64, schedule: Schedule) -> Self {
        let place = self.next.partition_point(|(start, _)| *start <= step);
        self.next.insert(place, (step, schedule));
        self
    }
}

impl Curve for Sequence {
    fn at(&self, step: u64) -> f64 {
        match self.next.iter().rfind(|(start, _)| *start <= step) {
            Some((start, schedule)) => schedule.at(step - start),
            None => self.first.at(step),
        }
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        self.next.iter().try_for_each(|(start, next)| write!(f, ", from step {start} {next}"))
    }
}

/// The product of schedules: [`Curve::multiplied_by`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// What is multiplied.
    pub factors: Vec<Schedule>,
}

impl Curve for Product {
    fn at(&self, step: u64) -> f64 {
        self.factors.iter().map(|factor| factor.at(step)).product()
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let factors: Vec<String> =
            self.factors.iter().map(|factor| format!("({factor})")).collect();
        f.write_str(&factors.join(" · "))
    }
}

/// A schedule in a slower unit, s(⌊t/n⌋): [`Curve::per`]. An n of 0 gives NaN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Per {
    /// s.
    pub schedule: Box<Schedule>,
    /// n.
    pub steps: u64,
}

impl Curve for Per {
    fn at(&self, step: u64) -> f64 {
        step.checked_div(self.steps).map_or(f64::NAN, |unit| self.schedule.at(unit))
    }
}

impl fmt::Display for Per {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} per {} steps", self.schedule, self.steps)
    }
}

/// A schedule held between bounds: [`Curve::at_least`], [`Curve::at_most`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounded {
    /// What is held.
    pub schedule: Box<Schedule>,
    /// The lower bound.
    pub least: f64,
    /// The upper bound.
    pub most: f64,
}

impl Curve for Bounded {
    fn at(&self, step: u64) -> f64 {
        self.schedule.at(step).max(self.least).min(self.most)
    }
}

impl fmt::Display for Bounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.schedule)?;
        if self.least > f64::MIN {
            write!(f, ", at least {}", self.least)?;
        }
        if self.most < f64::MAX {
            write!(f, ", at most {}", self.most)?;
        }
        Ok(())
    }
}
