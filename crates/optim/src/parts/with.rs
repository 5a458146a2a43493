//! An optimizer with a part around it.

use std::fmt;

use super::{AnyPart, Call, Formulas, Part};
use crate::engine::What;
use crate::memory::{Memory, Remembered};
use crate::segments::{Segment, Selected};
use crate::state::Ledger;
use crate::{OptimError, Optimizer, Precision};

/// An optimizer with a [`Part`] around it: what [`Optimizer::with`] answers.
#[derive(Clone)]
pub struct With<O, P, T> {
    inner: O,
    part: P,
    around: Around<T>,
}

/// What there is around an optimizer beside the part itself.
#[derive(Clone, Debug)]
pub struct Around<T> {
    remembered: Remembered<T>,
    /// For the gradients that are handed on.
    rewritten: Vec<T>,
    formulas: Formulas<T>,
}

impl<O: fmt::Debug, P: fmt::Debug, T: Precision> fmt::Debug for With<O, P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "With {{ inner: {:?}, part: {:?}, around: ", self.inner, self.part)?;
        T::debug_around(&self.around, f)?;
        f.write_str(" }")
    }
}

impl<O: Optimizer<T>, P: Part, T: Precision> With<O, P, T> {
    /// An optimizer with a part around it.
    pub fn new(inner: O, part: P) -> Self {
        let remembered = Remembered::nothing(part.numbers());
        let (rewritten, formulas) = (Vec::new(), Formulas::default());
        Self { inner, part, around: Around { remembered, rewritten, formulas } }
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

    /// What the part remembers.
    pub(super) fn memory(&self) -> &Memory<T> {
        &self.around.remembered.now
    }

    fn ask(&mut self, what: What<'_, '_, T>) -> Result<(), OptimError> {
        T::part_work(&mut self.around, &mut self.part, &mut self.inner, what)
    }
}

impl<T: Precision> Around<T> {
    /// Does what is asked, of the part and of the optimizer inside.
    pub(crate) fn answer(
        &mut self,
        part: &mut dyn AnyPart,
        inner: &mut dyn Optimizer<T>,
        what: What<'_, '_, T>,
    ) -> Result<(), OptimError> {
        match what {
            What::Prepare(selected) => self.prepare(part, inner, selected),
            What::Remember(selected) => {
                inner.remember(selected)?;
                let nothing = Memory::nothing(part.numbers());
                self.remembered = extended(part, &nothing, selected)?.into();
                Ok(())
            }
            What::Transfer(ledger) => {
                ledger.section(part.name(), |ledger| {
                    ledger.fields(part.settings());
                    let memory = &mut self.remembered.now;
                    memory.transfer(part.numbers(), &[], part.counts(), ledger);
                    inner.transfer(ledger);
                });
                Ok(())
            }
        }
    }

    fn prepare(
        &mut self,
        part: &mut dyn AnyPart,
        inner: &mut dyn Optimizer<T>,
        selected: Selected<'_, T>,
    ) -> Result<(), OptimError> {
        check(part, inner.steps())?;
        inner.prepare(if part.takes_non_finite() {
            selected.with_any_gradients()
        } else {
            selected
        })?;
        if !self.remembered.fits(selected)? {
            self.remembered.next = Some(extended(part, &self.remembered.now, selected)?);
        }
        Ok(())
    }

    /// Makes the step that was prepared.
    pub(crate) fn update(
        &mut self,
        part: &dyn AnyPart,
        inner: &mut dyn Optimizer<T>,
        weights: &mut [T],
        gradients: &[T],
    ) {
        if part.rewrites() {
            self.rewritten.resize(gradients.len(), T::zero());
        }
        inner.begin();
        let Self { remembered, rewritten, formulas } = self;
        let (memory, unit) = (remembered.begin(), part.unit());
        if !formulas.fits(memory) {
            *formulas = Formulas::new(part.name(), unit, memory);
        }
        let call = Call { weights, gradients, rewritten, unit, memory, formulas };
        T::update_around(part, inner, call);
    }
}

/// What a part remembers, laid out for a step in which other parameters take part.
fn extended<T: Precision>(
    part: &dyn AnyPart,
    memory: &Memory<T>,
    selected: Selected<'_, T>,
) -> Result<Memory<T>, OptimError> {
    memory.extended(selected, part.unit(), &|| part.slots(), &Segment::new)
}

/// Fails if a hyperparameter of the part is outside of its domain.
fn check(part: &mut dyn AnyPart, step: u64) -> Result<(), OptimError> {
    let (of, mut refused) = (part.name(), None);
    part.show(&mut |name, domain, value| {
        if refused.is_none() && !domain.contains(*value) {
            let value = *value;
            refused = Some(OptimError::Hyperparameter { of, name, value, domain, step });
        }
    });
    refused.map_or(Ok(()), Err)
}

impl<O: Optimizer<T>, P: Part, T: Precision> Optimizer<T> for With<O, P, T> {
    fn prepare(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        self.ask(What::Prepare(selected))
    }

    fn update(&mut self, weights: &mut [T], gradients: &[T]) {
        T::part_step(&mut self.around, &self.part, &mut self.inner, weights, gradients);
    }

    fn begin(&mut self) {
        self.around.remembered.begin();
        self.inner.begin();
    }

    fn remember(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        self.ask(What::Remember(selected))
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
        self.ask(What::Transfer(ledger)).expect("a transfer does not fail");
    }
}
