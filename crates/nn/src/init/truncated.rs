//! The truncated normal distribution.

use rand::distr::Distribution;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use super::finite;
use crate::HyperparameterError;

/// A normal distribution conditioned on lying in [low, high].
#[derive(Clone, Copy, Debug)]
pub(super) struct TruncatedNormal {
    pub mean: f64,
    pub std: f64,
    pub low: f64,
    pub high: f64,
}

impl TruncatedNormal {
    pub fn check(self) -> Result<(), HyperparameterError> {
        let owner = "TruncatedNormal";
        finite(owner, "the mean", self.mean)?;
        finite(owner, "the lower cut", self.low)?;
        finite(owner, "the upper cut", self.high)?;
        let holds = self.std > 0.0 && self.std.is_finite();
        let (name, rule) = ("the standard deviation", "positive and finite");
        HyperparameterError::unless(holds, owner, name, rule, self.std)?;
        let (name, rule) = ("the upper cut", "above the lower");
        HyperparameterError::unless(self.high > self.low, owner, name, rule, self.high)?;
        let distance = self.distance();
        let name = "the distance of the cuts from the mean, in standard deviations,";
        HyperparameterError::unless(distance <= 2.0, owner, name, "at most 2", distance)
    }

    /// How far the nearest point of the interval is from the mean, in standard deviations.
    fn distance(self) -> f64 {
        let (low, high) = self.standard();
        low.max(-high).max(0.0)
    }

    /// The cuts of the standard normal distribution that this one scales and shifts.
    fn standard(self) -> (f64, f64) {
        ((self.low - self.mean) / self.std, (self.high - self.mean) / self.std)
    }

    /// A draw, by rejection: from the normal distribution where the interval is wide, and from the
    /// uniform one where it is narrow. As the interval comes within two deviations of the mean, one
    /// proposal in 50 at least is accepted.
    pub fn sample(self, rng: &mut impl Rng) -> f64 {
        let (low, high) = self.standard();
        let nearest = self.distance();
        loop {
            let (z, density) = if high - low > 4.0 {
                let z: f64 = StandardNormal.sample(rng);
                (z, f64::from(u8::from((low..=high).contains(&z))))
            } else {
                let z = low + (high - low) * rng.random::<f64>();
                (z, ((nearest * nearest - z * z) / 2.0).exp())
            };
            if rng.random::<f64>() < density {
                // Rounding may lead past a cut.
                return (self.mean + self.std * z).clamp(self.low, self.high);
            }
        }
    }
}
