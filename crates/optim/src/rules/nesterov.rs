//! Nesterov's momentum as he wrote it.

use graph::Params;
use serde::Serialize;

use crate::engine::described;
use crate::{At, Optim, Precision, Rule, Slot, Updated, hyperparameters};

/// Nesterov's momentum in its look-ahead form: the gradient is taken where the velocity leads.
///
/// > v ← ρ·v − α·∇f(x + ρ·v),  x ← x + v.
///
/// Between steps the parameters stand at x + ρ·v, where the next gradient is wanted, so that it is
/// used like any other optimizer; [`settled`](Self::settled) answers x itself. At a constant α what
/// the parameters go through is what [`Sgd`](crate::Sgd) with momentum and `nesterov` makes them go
/// through, by the lecture's change of variables; the two differ under a schedule, where that one
/// scales the whole velocity by the new rate. (Nesterov, 1983; Sutskever et al., ICML 2013.)
///
/// ```
/// use cotangent::optim::Nesterov;
/// let nesterov = Nesterov::<f32>::new(0.01, 0.9);
/// # nesterov.validate()?;
/// # Ok::<(), cotangent::optim::OptimError>(())
/// ```
pub type Nesterov<T = f32> = Optim<NesterovRule, T>;

hyperparameters! {
    /// The hyperparameters of [`Nesterov`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct NesterovRule {
        /// α.
        pub learning_rate in NonNegative: f64,
        /// ρ: how much of the velocity survives a step.
        pub momentum in Decay: f64,
    }
}

impl<T: Precision> Nesterov<T> {
    /// Nesterov's momentum with the learning rate α and the momentum ρ.
    pub fn new(learning_rate: f64, momentum: f64) -> Self {
        Self::new_rule(NesterovRule::new(learning_rate, momentum))
    }

    /// The parameters at x, without the look-ahead: the model to evaluate.
    pub fn settled(&self, params: &Params<T>) -> Params<T> {
        let mut settled = params.clone();
        self.read_slot(1, settled.trainable_mut());
        settled
    }
}

impl Rule for NesterovRule {
    const NAME: &'static str = "nesterov";
    described!();

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::like_weights("velocity"), Slot::copy_of_weights("position")]
    }

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (_, g, [velocity, position]) = at.arguments();
        let momentum = at.number(|r, _| r.momentum);
        let velocity = momentum * velocity - at.rate(|_, _| 1.0) * g;
        let position = position + velocity;
        Updated::new(position + momentum * velocity, [velocity, position])
    }
}
