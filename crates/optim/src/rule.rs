//! What an update rule is.

pub(crate) mod any;
mod at;
mod unrolled;

use std::fmt::Debug;

use graph::{Shape, Var};
use serde::Serialize;
use serde_json::Value;

use crate::{Hyperparameters, Number, Slot};
pub use at::{At, Moment};
pub use unrolled::Unrolled;

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

/// What an update makes of weights and state.
///
/// It stands in the example of [`Rule`].
#[derive(Debug)]
pub struct Updated<'g> {
    pub(crate) weights: Var<'g>,
    pub(crate) state: Vec<Var<'g>>,
}

impl<'g> Updated<'g> {
    /// New weights, and what the slots hold from now on, in the order of their declaration: the variables that were there
    /// where nothing changes.
    pub fn new(weights: Var<'g>, state: impl IntoIterator<Item = Var<'g>>) -> Self {
        Self { weights, state: state.into_iter().collect() }
    }
}

/// A first-order update rule: its hyperparameters are its fields, and its formula is recorded mathematics.
///
/// [`Optim`](crate::Optim) makes an optimizer of it, with checks, schedules, weight-decay masks,
/// counting and saving. The formula is recorded once, and compiled to a loop over weights, gradients and slots where they
/// lie. A rule of one's own is some thirty lines:
///
/// ```
/// use cotangent::optim::{At, Optim, Rule, Updated, hyperparameters};
/// use cotangent::{GradientLayout, Gradients, Params};
///
/// hyperparameters! {
///     /// Steps of a fixed size against the sign of the gradient: θ ← θ − α·sign(g).
///     #[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
///     struct SignDescent {
///         /// α.
///         learning_rate in NonNegative: f64,
///     }
/// }
///
/// impl Rule for SignDescent {
///     const NAME: &'static str = "sign_descent";
///     fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
///         let (w, g, []) = at.arguments();
///         Updated::new(w - at.rate(|_, _| 1.0) * g.sign(), [])
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
pub trait Rule:
    Hyperparameters + Copy + Debug + PartialEq + Serialize + Send + Sync + 'static
{
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

    /// Records the update of a parameter, or of a run of several, by the operations that losses are recorded with.
    ///
    /// It is recorded once for many steps. What changes from step to step, and every hyperparameter, is a
    /// [number](At::number), which is computed in double precision and rounded once. `self` is there for what decides which
    /// formula it is: flags, and whether a hyperparameter is 0; one that is not, stands there as ∞. When that changes, the
    /// update is recorded anew.
    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g>;

    #[doc(hidden)]
    fn settings(&self) -> Value {
        crate::state::plain(self)
    }
}
