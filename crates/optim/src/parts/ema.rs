//! A running average of the parameters.

use graph::Params;
use serde::Serialize;

use super::{Call, Part, With};
use crate::compiled::Operands;
use crate::engine::described;
use crate::{Domain, Optimizer, Precision, Slot, Visit};

/// Keeps an exponential moving average of the parameters, which often is the better model.
///
/// > a ← β·a + (1 − β)·θ after every update, from a = 0; the average is a/(1 − βᵗ).
///
/// [Without bias correction](Self::without_bias_correction) a starts at the initial θ instead and
/// is itself the average. (Polyak and Juditsky, 1992; the correction as in Adam.)
///
/// ```
/// use cotangent::{GradientLayout, Gradients, Params};
/// use cotangent::optim::{Ema, Optimizer, Sgd};
/// let mut params = Params::seeded(0);
/// params.root().parameter("w", cotangent::ndarray::array![0.0].into_dyn());
/// let layout = GradientLayout::new(params.trainable_entries());
/// let mut sgd = Sgd::new(1.0).with(Ema::new(0.5));
/// for _ in 0..2 {
///     sgd.step(&mut params, Gradients::new(&layout, &[-1.0]))?;   // w = 1, then 2
/// }
/// let average = sgd.averaged(&params).trainable()[0];
/// assert!((average - (0.25 * 1.0 + 0.5 * 2.0) / 0.75).abs() < 1e-6);
/// # Ok::<(), cotangent::optim::OptimError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ema {
    /// β: how much of the average survives an update; in \[0, 1).
    pub decay: f64,
    /// The average is divided by the weight it has gathered.
    pub bias_correction: bool,
}

impl Ema {
    /// An average of decay β.
    pub fn new(decay: f64) -> Self {
        Self { decay, bias_correction: true }
    }

    /// Starts at the initial parameters.
    pub fn without_bias_correction(self) -> Self {
        Self { bias_correction: false, ..self }
    }
}

impl Part for Ema {
    const NAME: &'static str = "ema";
    const COUNTS: bool = true;
    described!();

    fn hyperparameters(&mut self, visit: &mut Visit<'_>) {
        visit("decay", Domain::Decay, &mut self.decay);
    }

    fn slots(&self) -> Vec<Slot> {
        vec![if self.bias_correction {
            Slot::like_weights("average")
        } else {
            Slot::copy_of_weights("average")
        }]
    }

    fn update<T: Precision>(&self, inner: &mut dyn Optimizer<T>, mut call: Call<'_, T>) {
        let before = inner.steps();
        inner.update(call.weights, call.gradients);
        if inner.steps() == before {
            return;
        }
        // What is frozen is averaged, too: its average goes to where it stands.
        call.each_known(|mut known| {
            known.count();
            known.apply(averaged, &[1.0 - self.decay]);
        });
    }
}

fn averaged(at: &mut Operands<'_>) {
    let ([take], average) = (at.numbers(), at.slots[0]);
    at.slots[0] = average + take * (at.weights - average);
}

impl<O: Optimizer<T>, T: Precision> With<O, Ema, T> {
    /// The parameters with their averages in place of the weights; those that no update was made
    /// with, as they are.
    pub fn averaged(&self, params: &Params<T>) -> Params<T> {
        let mut averaged = params.clone();
        let averages = self.memory().segments.iter().enumerate();
        for (position, segment) in averages.filter(|(_, segment)| segment.steps > 0) {
            let gathered = if self.part().bias_correction {
                1.0 - self.part().decay.powf(segment.steps as f64)
            } else {
                1.0
            };
            let unbias = T::from_f64(1.0 / gathered);
            let weights = &mut averaged.trainable_mut()[segment.weights.clone()];
            let average = self.memory().slot(0, position);
            weights.iter_mut().zip(average).for_each(|(w, &a)| *w = unbias * a);
        }
        averaged
    }
}
