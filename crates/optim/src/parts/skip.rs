//! No update by gradients that are no numbers.

use serde::Serialize;

use super::{Call, Part, With};
use crate::engine::described;
use crate::{Number, Optimizer, Precision};

/// Makes no update when a gradient is NaN or infinite, and counts how often that was.
///
/// ```
/// use cotangent::optim::{Adam, Optimizer, SkipNonFinite};
/// let adam = Adam::<f32>::new(1e-3).with(SkipNonFinite);
/// assert_eq!(adam.skipped(), 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SkipNonFinite;

impl Part for SkipNonFinite {
    const NAME: &'static str = "skip_non_finite";
    const TAKES_NON_FINITE: bool = true;
    described!();

    fn numbers(&self) -> &'static [Number] {
        &[("skipped", 0.0)]
    }

    fn update<T: Precision>(&self, inner: &mut dyn Optimizer<T>, mut call: Call<'_, T>) {
        if call.gradients_are_finite() {
            inner.update(call.weights, call.gradients)
        } else {
            call.numbers()[0] += 1.0
        }
    }
}

impl<O: Optimizer<T>, T: Precision> With<O, SkipNonFinite, T> {
    /// How many steps were skipped.
    pub fn skipped(&self) -> u64 {
        self.memory().numbers[0] as u64
    }
}
