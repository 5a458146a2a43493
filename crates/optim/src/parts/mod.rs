//! What is put around an optimizer, one part to a file, and their list.

mod accumulate;
mod any;
mod clip;
mod ema;
mod lookahead;
mod maximize;
mod sam;
mod skip;
mod with;

use std::fmt::Debug;

use graph::Shape;
use kernels::{Isa, all_finite};
use program::default_pool;
use serde::Serialize;
use serde_json::Value;

use crate::memory::Memory;
use crate::norm::squares;
use crate::segments::Segment;
use crate::{Number, Optimizer, Precision, Slot, Slots, Unit, Visit};

/// What puts a part around an optimizer.
pub type PutAround<T> = fn(Box<dyn Optimizer<T>>) -> Box<dyn Optimizer<T>>;

pub(crate) use any::AnyPart;
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
pub trait Part: Copy + Debug + Send + Serialize + 'static {
    /// The part's name in errors and files.
    const NAME: &'static str;

    /// How much the part is handed at a time by [`Call::each`].
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

/// One step as a part sees it.
#[derive(Debug)]
pub struct Call<'a, T> {
    /// The weights of the whole store.
    pub weights: &'a mut [T],
    /// Their gradients.
    pub gradients: &'a [T],
    /// Where gradients are written that are to be handed on; empty unless the part rewrites.
    pub rewritten: &'a mut [T],
    memory: &'a mut Memory<T>,
}

/// A parameter, or a run of several, as a part sees it.
#[derive(Debug)]
pub struct Stretch<'a, T> {
    /// The weights.
    pub weights: &'a mut [T],
    /// Their gradients.
    pub gradients: &'a [T],
    /// Where other gradients are written; empty unless the part rewrites.
    pub rewritten: &'a mut [T],
    /// The part's buffers.
    pub slots: Slots<'a, T>,
    segments: &'a mut [Segment],
}

/// A parameter that a part remembers something of.
#[derive(Debug)]
pub struct Known<'a, T> {
    /// The weights.
    pub weights: &'a mut [T],
    /// The part's buffers.
    pub slots: Slots<'a, T>,
    /// How many steps of it the part has counted.
    pub steps: &'a mut u64,
}

impl<T> Stretch<'_, T> {
    /// The shape of the parameter; of the first one in a run.
    pub fn shape(&self) -> &Shape {
        &self.segments[0].shape
    }

    /// Counts a step of these parameters.
    pub fn count(&mut self) {
        self.segments.iter_mut().for_each(|segment| segment.steps += 1);
    }
}

impl<T: Precision> Call<'_, T> {
    /// The part's numbers.
    pub fn numbers(&mut self) -> &mut [f64] {
        &mut self.memory.numbers
    }

    /// Goes through the parameters of the step, several at a time where the part's unit allows it.
    pub fn each(&mut self, mut visit: impl FnMut(Stretch<'_, T>)) {
        self.each_of(&mut visit);
    }

    /// The same loop for all parts.
    fn each_of(&mut self, visit: &mut dyn FnMut(Stretch<'_, T>)) {
        let Self { weights, gradients, rewritten, memory } = self;
        memory.each(&mut |run, segments, slots| {
            let range = run.gradients.clone();
            let rewritten =
                if rewritten.is_empty() { &mut [][..] } else { &mut rewritten[range.clone()] };
            visit(Stretch {
                weights: &mut weights[run.weights.clone()],
                gradients: &gradients[range],
                rewritten,
                slots,
                segments,
            });
        });
    }

    /// Goes through every parameter that the part remembers, also those that take no part in the
    /// step.
    pub fn each_known(&mut self, mut visit: impl FnMut(Known<'_, T>)) {
        let weights = &mut *self.weights;
        self.memory.each_known(&mut |segment, slots| {
            let weights = &mut weights[segment.weights.clone()];
            visit(Known { weights, slots, steps: &mut segment.steps });
        });
    }

    /// Whether the gradients of all these parameters are finite.
    pub fn gradients_are_finite(&mut self) -> bool {
        let (pool, mut finite) = (default_pool(), true);
        self.each(|stretch| finite &= all_finite(Isa::best(), &pool, stretch.gradients));
        finite
    }

    /// The Euclidean norm of the gradients of all these parameters together.
    pub fn gradient_norm(&mut self) -> f64 {
        let mut sum = 0.0;
        self.each(|stretch| sum += squares(stretch.gradients));
        sum.sqrt()
    }
}
