//! What is put around an optimizer, one part to a file.

mod accumulate;
mod clip;
mod ema;
mod lookahead;
mod maximize;
mod sam;
mod skip;

use std::fmt::Debug;

use graph::Shape;
use kernels::{Isa, all_finite};
use program::{Scalar, default_pool};
use serde::Serialize;

use crate::memory::{Memory, Piece};
use crate::segments::{self, Run, Selected};
use crate::state::Ledger;
use crate::{Number, OptimError, Optimizer, Slot, Slots, Unit, Visit};

pub use accumulate::Accumulate;
pub use clip::{AdaptiveClip, ClipGlobalNorm, ClipNorm, ClipValue};
pub use ema::Ema;
pub use lookahead::Lookahead;
pub use maximize::Maximize;
pub use sam::Sam;
pub use skip::SkipNonFinite;

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
    fn update<T: Scalar>(&self, inner: &mut dyn Optimizer<T>, call: Call<'_, T>);
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
    runs: &'a [Run],
}

/// A parameter, or a run of several, as a part sees it.
#[derive(Debug)]
pub struct Stretch<'a, T> {
    /// The shape of the parameter; of the first one in a run.
    pub shape: &'a Shape,
    /// The weights.
    pub weights: &'a mut [T],
    /// Their gradients.
    pub gradients: &'a [T],
    /// Where other gradients are written; empty unless the part rewrites.
    pub rewritten: &'a mut [T],
    /// The part's buffers.
    pub slots: Slots<'a, T>,
}

impl<T: Scalar> Call<'_, T> {
    /// The part's numbers.
    pub fn numbers(&mut self) -> &mut [f64] {
        &mut self.memory.numbers
    }

    /// Goes through the parameters that the optimizer is responsible for.
    pub fn each(&mut self, mut visit: impl FnMut(Stretch<'_, T>)) {
        for run in self.runs {
            let Piece { shape, slots, .. } = self.memory.of(run);
            let range = run.range.clone();
            let rewritten = match self.rewritten.is_empty() {
                true => &mut [][..],
                false => &mut self.rewritten[range.clone()],
            };
            visit(Stretch {
                shape,
                weights: &mut self.weights[range.clone()],
                gradients: &self.gradients[range],
                rewritten,
                slots,
            });
        }
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

/// Σ x².
fn squares<T: Scalar>(x: &[T]) -> f64 {
    x.iter().map(|&x| x.to_f64() * x.to_f64()).sum()
}

/// An optimizer with a [`Part`] around it: what [`Optimizer::with`] answers.
#[derive(Clone, Debug)]
pub struct With<O, P, T> {
    inner: O,
    part: P,
    state: Option<State<T>>,
}

#[derive(Clone, Debug)]
struct State<T> {
    memory: Memory<T>,
    runs: Vec<Run>,
    rewritten: Vec<T>,
}

impl<O: Optimizer<T>, P: Part, T: Scalar> With<O, P, T> {
    /// An optimizer with a part around it.
    pub fn new(inner: O, part: P) -> Self {
        Self { inner, part, state: None }
    }

    /// The optimizer inside.
    pub fn inner(&self) -> &O {
        &self.inner
    }

    /// The optimizer inside, to be changed.
    pub fn inner_mut(&mut self) -> &mut O {
        &mut self.inner
    }

    /// The part's hyperparameters.
    pub fn part(&self) -> &P {
        &self.part
    }

    /// What the part remembers, once there was a step.
    fn memory(&self) -> Option<&Memory<T>> {
        self.state.as_ref().map(|state| &state.memory)
    }

    fn check(&self) -> Result<(), OptimError> {
        let (mut part, step, mut refused) = (self.part, self.inner.steps(), None);
        part.hyperparameters(&mut |name, domain, value| {
            if refused.is_none() && !domain.contains(*value) {
                let (of, value) = (P::NAME, *value);
                refused = Some(OptimError::Hyperparameter { of, name, value, domain, step });
            }
        });
        refused.map_or(Ok(()), Err)
    }

    fn lay_out(&self, selected: Selected<'_, T>) -> State<T> {
        let memory = Memory::new(selected, &self.part.slots(), self.part.numbers());
        let runs = match P::UNIT {
            Unit::Element => segments::joined(&memory.segments, |_| true),
            Unit::Parameter => segments::separate(&memory.segments, |_| true),
        };
        let size = if P::REWRITES { selected.params().trainable_count() } else { 0 };
        State { memory, runs, rewritten: vec![T::zero(); size] }
    }
}

impl<O: Optimizer<T>, P: Part, T: Scalar> Optimizer<T> for With<O, P, T> {
    fn prepare(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        self.check()?;
        self.inner.prepare(match P::TAKES_NON_FINITE {
            true => selected.with_any_gradients(),
            false => selected,
        })?;
        match &self.state {
            Some(state) => state.memory.check(selected)?,
            None => self.state = Some(self.lay_out(selected)),
        }
        Ok(())
    }

    fn update(&mut self, weights: &mut [T], gradients: &[T]) {
        let State { memory, runs, rewritten } =
            self.state.as_mut().expect("a step is prepared first");
        self.part.update(&mut self.inner, Call { weights, gradients, rewritten, memory, runs });
    }

    fn steps(&self) -> u64 {
        self.inner.steps()
    }

    fn learning_rate(&self) -> f64 {
        self.inner.learning_rate()
    }

    fn observe(&mut self, metric: f64) {
        self.inner.observe(metric);
    }

    fn set_rate_factor(&mut self, factor: f64) {
        self.inner.set_rate_factor(factor);
    }

    fn transfer(&mut self, ledger: &mut Ledger<'_, T>) {
        ledger.section(P::NAME, |ledger| {
            ledger.settings(&self.part);
            if let Some(state) = &mut self.state {
                state.memory.transfer(self.part.numbers(), ledger);
            }
            self.inner.transfer(ledger);
        });
    }
}
