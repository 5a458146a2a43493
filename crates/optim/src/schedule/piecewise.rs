//! Values at given steps, and what is between them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::cycle::Anneal;
use super::{Curve, ramp};

/// Given values from given steps on; between two of them the earlier one, or a way from it to the
/// next.
///
/// ```
/// use cotangent::optim::{Curve, Piecewise};
/// let steps = Piecewise::new(0.1).to(20, 0.05).to(60, 0.01);
/// assert_eq!((steps.at(19), steps.at(20), steps.at(99)), (0.1, 0.05, 0.01));
/// let lines = steps.linear();
/// assert!((lines.at(10) - 0.075).abs() < 1e-15);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Piecewise {
    /// The value at step 0.
    pub first: f64,
    /// The later steps, in order, with their values.
    pub points: Vec<(u64, f64)>,
    /// What is between two points; `None` keeps the value of the earlier.
    pub between: Option<Anneal>,
}

impl Piecewise {
    /// A value for step 0.
    pub fn new(first: f64) -> Self {
        Self { first, points: Vec::new(), between: None }
    }

    /// Another value from `step` on.
    pub fn to(mut self, step: u64, value: f64) -> Self {
        let place = self.points.partition_point(|point| point.0 <= step);
        self.points.insert(place, (step, value));
        self
    }

    /// Straight lines between the points.
    pub fn linear(self) -> Self {
        Self { between: Some(Anneal::Linear), ..self }
    }

    /// Half cosines between the points.
    pub fn cosine(self) -> Self {
        Self { between: Some(Anneal::Cosine), ..self }
    }
}

impl Curve for Piecewise {
    fn at(&self, step: u64) -> f64 {
        let next = self.points.partition_point(|point| point.0 <= step);
        let (start, value) = next.checked_sub(1).map_or((0, self.first), |i| self.points[i]);
        match (self.between, self.points.get(next)) {
            (Some(anneal), Some(&(end, target))) => {
                anneal.between(value, target, ramp::progress(step - start, end - start))
            }
            _ => value,
        }
    }
}

impl fmt::Display for Piecewise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        self.points.iter().try_for_each(|(step, value)| write!(f, ", from step {step} {value}"))?;
        f.write_str(match self.between {
            None => "",
            Some(Anneal::Linear) => ", along straight lines",
            Some(Anneal::Cosine) => ", along cosines",
        })
    }
}
