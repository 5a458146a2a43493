//! What is put around an optimizer, one part to a file, and their list.

mod accumulate;
mod any;
mod call;
mod clip;
mod ema;
mod formula;
mod lookahead;
mod maximize;
mod sam;
mod skip;
mod with;

use std::fmt::Debug;

use serde::Serialize;
use serde_json::Value;

use crate::{Number, Optimizer, Precision, Slot, Unit, Visit};

/// What puts a part around an optimizer.
pub type PutAround<T> = fn(Box<dyn Optimizer<T>>) -> Box<dyn Optimizer<T>>;

pub(crate) use any::AnyPart;
pub use call::{Call, Stretch};
pub use formula::Formula;
pub(crate) use formula::{Fed, Formulas, apply};
pub(crate) use with::Around;
pub use with::With;

/// From one list come what is exported and what the suites go through, so that no part is left out.
macro_rules! parts {
    ($($module:ident: $name:ident = $part:expr;)*) => {
        $(pub use $module::$name;)*

        /// Every part by its [name](Part::NAME), with hyperparameters of ordinary size.
        ///
        /// ```
        /// let names: Vec<&str> = cotangent::optim::every_part::<f32>().into_iter().map(|(name, _)| name).collect();
        /// assert!(names.contains(&"ema"));
        /// ```
        pub fn every_part<T: Precision>() -> Vec<(&'static str, PutAround<T>)> {
            vec![$(($name::NAME, |inner| Box::new(inner.with($part)))),*]
        }
    };
}

parts! {
    accumulate: Accumulate = Accumulate::new(4);
    clip: AdaptiveClip = AdaptiveClip::new(0.1);
    clip: ClipGlobalNorm = ClipGlobalNorm::new(0.5);
    clip: ClipNorm = ClipNorm::new(0.5);
    clip: ClipValue = ClipValue::new(0.5);
    ema: Ema = Ema::new(0.9);
    lookahead: Lookahead = Lookahead::new(4, 0.5);
    maximize: Maximize = Maximize;
    sam: Sam = Sam::new(0.05);
    skip: SkipNonFinite = SkipNonFinite;
}

/// What is put around an optimizer by [`Optimizer::with`]: it decides with which gradients and when
/// the optimizer inside makes an update, and what becomes of the weights after.
///
/// What happens when is decided by plain code, which has the part's numbers and norms in double precision. What is done to
/// weights, gradients and slots is recorded mathematics: a [`Formula`], which is compiled to a loop over them where they lie.
/// A part of one's own is some thirty lines:
///
/// ```
/// use cotangent::optim::{Call, Operands, Optimizer, Part, Sgd};
/// use cotangent::{GradientLayout, Gradients, Params, Precision};
///
/// /// Pulls weights towards 0 after every update: θ ← (1 − λ)·θ.
/// #[derive(Clone, Copy, Debug, serde::Serialize)]
/// struct Shrink {
///     strength: f64,
/// }
///
/// impl Part for Shrink {
///     const NAME: &'static str = "shrink";
///     fn update<T: Precision>(&self, inner: &mut dyn Optimizer<T>, mut call: Call<'_, T>) {
///         inner.update(call.weights, call.gradients);
///         call.apply(shrunk, &[1.0 - self.strength]);
///     }
/// }
///
/// fn shrunk(at: &mut Operands<'_>) {
///     let [kept] = at.numbers();
///     at.weights = kept * at.weights;
/// }
///
/// let mut params = Params::seeded(0);
/// params.root().parameter("w", cotangent::ndarray::array![1.0, 2.0].into_dyn());
/// let layout = GradientLayout::new(params.trainable_entries());
/// let mut sgd = Sgd::new(1.0).with(Shrink { strength: 0.5 });
/// sgd.step(&mut params, Gradients::new(&layout, &[3.0, -4.0]))?;
/// assert_eq!(params.trainable(), [-1.0, 3.0]);
/// # Ok::<(), cotangent::optim::OptimError>(())
/// ```
pub trait Part: Copy + Debug + Send + Serialize + 'static {
    /// The part's name in errors and files.
    const NAME: &'static str;

    /// How much the part is handed at a time by [`Call::each`] and [`Call::each_known`].
    const UNIT: Unit = Unit::Element;

    /// The part hands on other gradients than it was given: then there is a buffer for them.
    const REWRITES: bool = false;

    /// The part makes no update by gradients that are infinite or NaN, which would else be refused.
    const TAKES_NON_FINITE: bool = false;

    /// The part counts the steps of each parameter, and so remembers them.
    const COUNTS: bool = false;

    /// Shows every hyperparameter that is a number, so that it can be checked.
    fn hyperparameters(&mut self, _visit: &mut Visit<'_>) {}

    /// The buffers that the part needs.
    fn slots(&self) -> Vec<Slot> {
        Vec::new()
    }

    /// The single numbers that the part remembers.
    fn numbers(&self) -> &'static [Number] {
        &[]
    }

    /// Does what the part does with one step, which may be to let `inner` make an update.
    fn update<T: Precision>(&self, inner: &mut dyn Optimizer<T>, call: Call<'_, T>);

    #[doc(hidden)]
    fn settings(&self) -> Value {
        crate::state::plain(self)
    }
}
