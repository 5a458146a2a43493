//! Sharpness-aware minimization.

use serde::Serialize;

use super::{Call, Part, With};
use crate::compiled::Operands;
use crate::engine::described;
use crate::{Domain, Number, Optimizer, Precision, Slot, Visit};

/// SAM: descends by the gradient at the worst point nearby, which leads to flat minima.
///
/// > θ′ = θ + ρ·g/‖g‖,  and θ is updated by the gradient at θ′.
///
/// So every update takes two steps: the first, with the gradient at θ, moves the parameters to θ′;
/// the second, with the gradient there (of the same batch), moves them back and updates them.
/// [`is_ahead`](With::is_ahead) tells which of the two was last; a model is evaluated, and saved,
/// only when it is not ahead. (Foret et al., arXiv:2010.01412: ρ = 0.05.)
///
/// ```
/// use cotangent::optim::{Optimizer, Sam, Sgd};
/// let sgd = Sgd::<f32>::new(0.1).momentum(0.9).with(Sam::new(0.05));
/// assert!(!sgd.is_ahead());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sam {
    /// ρ.
    pub radius: f64,
}

impl Sam {
    /// The worst point at the distance ρ.
    pub fn new(radius: f64) -> Self {
        Self { radius }
    }
}

impl Part for Sam {
    const NAME: &'static str = "sam";
    described!();
    // A step there and a step back: a parameter stands at θ′ while the count is odd.
    const COUNTS: bool = true;

    fn hyperparameters(&mut self, visit: &mut Visit<'_>) {
        visit("radius", Domain::NonNegative, &mut self.radius);
    }

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::like_weights("origin")]
    }

    fn numbers(&self) -> &'static [Number] {
        &[("ahead", 0.0)]
    }

    fn update<T: Precision>(&self, inner: &mut dyn Optimizer<T>, mut call: Call<'_, T>) {
        let ahead = call.numbers()[0] == 1.0;
        call.numbers()[0] = if ahead { 0.0 } else { 1.0 };
        if ahead {
            // Also those that were frozen in between.
            call.each_known(|mut known| {
                if known.steps() % 2 == 1 {
                    known.apply(returned, &[]);
                    known.count();
                }
            });
            return inner.update(call.weights, call.gradients);
        }
        if !call.gradients_are_finite() {
            // There is no way uphill; what is inside knows what to do with them.
            call.numbers()[0] = 0.0;
            return inner.update(call.weights, call.gradients);
        }
        let norm = call.gradient_norm();
        let reach = if norm > 0.0 { self.radius / norm } else { 0.0 };
        call.each(|mut stretch| {
            stretch.count();
            stretch.apply(gone_ahead, &[reach]);
        });
        call.each_known(|mut known| known.compile(returned, 0));
    }
}

fn gone_ahead(at: &mut Operands<'_>) {
    let [reach] = at.numbers();
    at.slots[0] = at.weights;
    at.weights = at.weights + reach * at.gradients;
}

fn returned(at: &mut Operands<'_>) {
    at.weights = at.slots[0];
}

impl<O: Optimizer<T>, T: Precision> With<O, Sam, T> {
    /// Whether the parameters stand at θ′, waiting for the gradient there.
    pub fn is_ahead(&self) -> bool {
        self.memory().numbers[0] == 1.0
    }
}
