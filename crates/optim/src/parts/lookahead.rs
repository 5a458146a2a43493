//! Slow weights behind fast ones.

use serde::Serialize;

use super::{Call, Part};
use crate::compiled::Operands;
use crate::engine::described;
use crate::{Domain, Number, Optimizer, Precision, Slot, Visit};

/// Lookahead: after every k updates goes back part of the way.
///
/// > every k updates  φ ← φ + α·(θ − φ),  θ ← φ.
///
/// (Zhang et al., "Lookahead optimizer: k steps forward, 1 step back", arXiv:1907.08610: k = 5,
/// α = 0.5.)
///
/// ```
/// use cotangent::optim::{Adam, Lookahead, Optimizer};
/// let adam = Adam::<f32>::new(1e-3).with(Lookahead::new(5, 0.5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Lookahead {
    /// k.
    pub every: u32,
    /// α: the part of the way that is kept.
    pub share: f64,
}

impl Lookahead {
    /// Every k updates, keeping a share α of the way.
    pub fn new(every: u32, share: f64) -> Self {
        Self { every, share }
    }
}

impl Part for Lookahead {
    const NAME: &'static str = "lookahead";
    described!();

    fn hyperparameters(&mut self, visit: &mut Visit<'_>) {
        visit("every", Domain::AtLeastOne, &mut f64::from(self.every));
        visit("share", Domain::Fraction, &mut self.share);
    }

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::copy_of_weights("slow")]
    }

    fn numbers(&self) -> &'static [Number] {
        &[("since", 0.0)]
    }

    fn update<T: Precision>(&self, inner: &mut dyn Optimizer<T>, mut call: Call<'_, T>) {
        call.compile(gone_back, 1);
        let before = inner.steps();
        inner.update(call.weights, call.gradients);
        call.numbers()[0] += (inner.steps() - before) as f64;
        if call.numbers()[0] < f64::from(self.every) {
            return;
        }
        call.numbers()[0] = 0.0;
        call.apply(gone_back, &[self.share]);
    }
}

fn gone_back(at: &mut Operands<'_>) {
    let ([share], slow) = (at.numbers(), at.slots[0]);
    at.slots[0] = slow + share * (at.weights - slow);
    at.weights = at.slots[0];
}
