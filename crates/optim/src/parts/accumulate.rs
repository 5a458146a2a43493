//! One update for several batches.

use serde::Serialize;

use super::{Call, Part};
use crate::compiled::Operands;
use crate::engine::described;
use crate::{Domain, Number, Optimizer, Precision, Slot, Visit};

/// One update for every n steps, by the mean of their gradients: a batch n times as large in the
/// memory of one.
///
/// ```
/// use cotangent::optim::{Accumulate, Adam, Optimizer};
/// let adam = Adam::<f32>::new(1e-3).with(Accumulate::new(4));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Accumulate {
    /// n.
    pub steps: u32,
}

impl Accumulate {
    /// One update for every n steps.
    pub fn new(steps: u32) -> Self {
        Self { steps }
    }
}

impl Part for Accumulate {
    const NAME: &'static str = "accumulate";
    const REWRITES: bool = true;
    described!();

    fn hyperparameters(&mut self, visit: &mut Visit<'_>) {
        visit("steps", Domain::AtLeastOne, &mut f64::from(self.steps));
    }

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::like_weights("mean")]
    }

    fn numbers(&self) -> &'static [Number] {
        &[("gathered", 0.0)]
    }

    fn update<T: Precision>(&self, inner: &mut dyn Optimizer<T>, mut call: Call<'_, T>) {
        call.numbers()[0] += 1.0;
        let complete = call.numbers()[0] >= f64::from(self.steps);
        call.compile(completed, 1);
        call.apply(if complete { completed } else { gathered }, &[1.0 / f64::from(self.steps)]);
        if complete {
            call.numbers()[0] = 0.0;
            inner.update(call.weights, call.rewritten);
        }
    }
}

/// Shares are added, as the sum of finite gradients may be infinite.
fn gathered(at: &mut Operands<'_>) {
    let [share] = at.numbers();
    at.slots[0] = at.slots[0] + share * at.gradients;
}

/// The mean is handed on, and the next one begins.
fn completed(at: &mut Operands<'_>) {
    gathered(at);
    (at.rewritten, at.slots[0]) = (at.slots[0], at.zeros());
}
