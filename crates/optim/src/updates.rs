//! The updates of a rule, compiled for the parameters of a step.

use std::fmt;

use graph::Var;
use program::Program;
use smallvec::SmallVec;

use crate::compiled::{Compiled, Operands, Slices};
use crate::memory::Memory;
use crate::rule::any::{AnyFormula, AnyRule, Recorded};
use crate::segments::Segment;
use crate::{Moment, Precision};

/// How many numbers an update usually has.
const NUMBERS: usize = 16;

/// The compiled updates of a rule, of the form that it has, for a layout of parameters.
pub(crate) struct Updates<T> {
    /// The form of the rule, and of the one for what does not decay.
    forms: Option<[Box<dyn AnyRule>; 2]>,
    /// By whether parameters decay.
    compiled: Compiled<bool, AnyFormula, T>,
}

impl<T> Default for Updates<T> {
    fn default() -> Self {
        Self { forms: None, compiled: Compiled::default() }
    }
}

impl<T> Clone for Updates<T> {
    /// A clone compiles its own.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T> fmt::Debug for Updates<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.compiled, f)
    }
}

impl<T: Precision> Updates<T> {
    /// Forgets what is for another layout, or for rules of another form: the rule, and the one for what does not decay.
    pub fn fit(&mut self, memory: &Memory<T>, rules: [&dyn AnyRule; 2]) {
        let of_form = |forms: &[Box<dyn AnyRule>; 2]| {
            forms.iter().zip(rules).all(|(form, rule)| form.is_form_of(rule))
        };
        if !self.compiled.fits(memory) || !self.forms.as_ref().is_some_and(of_form) {
            let compiled = Compiled::new(rules[0].name(), rules[0].unit(), memory);
            *self = Self { forms: Some(rules.map(AnyRule::form)), compiled };
        }
    }

    /// Updates a run of parameters, which begins with this segment, by a rule that was given to [`fit`](Self::fit).
    pub fn run(
        &mut self,
        (rule, decays): (&dyn AnyRule, bool),
        first: &Segment,
        moment: &Moment<'_>,
        slices: Slices<'_, T>,
    ) {
        if slices.weights.is_empty() {
            return;
        }
        let forms = self.forms.as_ref().expect("the updates were fitted");
        let form = &*forms[usize::from(!decays)];
        let position =
            self.compiled.position(decays, &first.shape, &slices, &|at| record(form, at));
        let formulas = self.compiled.numbers(position);
        let numbers: SmallVec<[f64; NUMBERS]> =
            formulas.iter().map(|formula| formula(rule, moment)).collect();
        self.compiled.run(position, &numbers, slices);
    }

    /// The programs, to be explained.
    pub fn programs(&self) -> impl Iterator<Item = &Program<T>> {
        self.compiled.programs()
    }
}

/// Records the update of a rule of this form.
fn record<'g>(form: &dyn AnyRule, at: &mut Operands<'g>) -> Vec<(Var<'g>, AnyFormula)> {
    let Recorded { updated, numbers } = form.record(at.weights, at.gradients, &at.slots);
    (at.weights, at.slots) = (updated.weights, updated.state);
    numbers
}
