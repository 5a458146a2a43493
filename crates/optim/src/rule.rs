//! What an update rule is.

pub(crate) mod any;

use std::fmt::Debug;

use graph::Shape;
use serde::Serialize;
use serde_json::Value;

use crate::{Hyperparameters, Number, Precision, Slot, Slots};

/// How much a rule is handed at a time.
///
/// It stands among what a [`Rule`] says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Any run of numbers: the rule treats each by itself.
    Element,
    /// One parameter: the rule depends on its norm or its shape.
    Parameter,
}

/// What a rule may know of a step besides weights, gradients and state.
///
/// It stands in the example of [`Rule`].
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// The number of the step, t = 1, 2, …, for this parameter: steps in which it was frozen, or had
    /// no gradient, do not count.
    pub step: u64,
    /// The parameter's shape; of the first one where the [`Unit`] is an element.
    pub shape: &'a Shape,
    /// The rule's numbers, as [`advance`](Rule::advance) left them.
    pub numbers: &'a [f64],
}

impl At<'_> {
    /// 1 − βᵗ: the weight that a running average of decay β, started at 0, has gathered.
    pub fn gathered(&self, beta: f64) -> f64 {
        1.0 - beta.powf(self.step as f64)
    }
}

/// A first-order update rule: its hyperparameters are its fields, and its formula one pass over
/// weights, gradients and state.
///
/// [`Optim`](crate::Optim) makes an optimizer of it, with checks, schedules, weight-decay masks,
/// counting and saving. A rule of one's own is some thirty lines:
///
/// ```
/// use cotangent::optim::{At, Optim, Rule, Slots, hyperparameters};
/// use cotangent::{Precision, GradientLayout, Gradients, Params};
///
/// hyperparameters! {
///     /// Steps of a fixed size against the sign of the gradient: θ ← θ − α·sign(g).
///     #[derive(Clone, Copy, Debug, serde::Serialize)]
///     struct SignDescent {
///         /// α.
///         learning_rate in NonNegative: f64,
///     }
/// }
///
/// impl Rule for SignDescent {
///     const NAME: &'static str = "sign_descent";
///     fn update<T: Precision>(&self, _: &At<'_>, w: &mut [T], g: &[T], _: Slots<'_, T>) {
///         for (w, g) in w.iter_mut().zip(g) {
///             *w -= T::from_f64(self.learning_rate) * g.signum();
///         }
///     }
/// }
///
/// use cotangent::optim::Optimizer;
/// let mut params = Params::seeded(0);
/// params.root().parameter("w", cotangent::ndarray::array![1.0, 2.0].into_dyn());
/// let layout = GradientLayout::new(params.trainable_entries());
/// let mut optimizer = Optim::new_rule(SignDescent::new(0.5));
/// optimizer.step(&mut params, Gradients::new(&layout, &[3.0, -4.0]))?;
/// assert_eq!(params.trainable(), [0.5, 2.5]);
/// # Ok::<(), cotangent::optim::OptimError>(())
/// ```
pub trait Rule: Hyperparameters + Copy + Debug + Serialize + 'static {
    /// The rule's name in errors and files.
    const NAME: &'static str;

    /// How much the rule is handed at a time.
    const UNIT: Unit = Unit::Element;

    /// The buffers that the rule needs.
    fn slots(&self) -> Vec<Slot> {
        Vec::new()
    }

    /// The single numbers that the rule remembers of each parameter from step to step.
    fn numbers(&self) -> &'static [Number] {
        &[]
    }

    /// Whether the rule has a formula for parameters of this shape.
    ///
    /// # Errors
    /// What the rule asks for.
    fn accepts(&self, _shape: &Shape) -> Result<(), &'static str> {
        Ok(())
    }

    /// Changes the numbers of a parameter before its update, to those of its step t = 1, 2, …
    fn advance(&self, _step: u64, _numbers: &mut [f64]) {}

    /// Updates weights and state. All slices are of one length where the slots are like the
    /// weights.
    fn update<T: Precision>(
        &self,
        at: &At<'_>,
        weights: &mut [T],
        gradients: &[T],
        state: Slots<'_, T>,
    );

    #[doc(hidden)]
    fn settings(&self) -> Value {
        crate::state::plain(self)
    }
}
