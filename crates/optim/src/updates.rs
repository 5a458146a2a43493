//! The updates of a rule, compiled for the parameters of a step.

use std::fmt;

use graph::{Graph, Shape, Var};
use program::{InPlace, Lent, Program};
use smallvec::SmallVec;

use crate::memory::{MAX_SLOTS, Memory, Slot, Slots};
use crate::rule::any::{AnyFormula, AnyRule, Recorded};
use crate::segments::Segment;
use crate::{Moment, Precision, Unit};

/// How many numbers an update usually has.
const NUMBERS: usize = 16;

/// The compiled updates of a rule, of the form that it has, for a layout of parameters.
pub(crate) struct Updates<T> {
    /// That of the memory that they are for.
    layout: Option<u64>,
    slots: Vec<Slot>,
    /// The form of the rule, and of the one for what does not decay.
    forms: Option<[Box<dyn AnyRule>; 2]>,
    known: Vec<Update>,
    programs: InPlace<T>,
}

/// The update of parameters of a shape.
struct Update {
    decays: bool,
    shape: Shape,
    /// Which program it is; none if nothing is written.
    program: Option<usize>,
    numbers: Vec<AnyFormula>,
}

/// What an update works on.
pub(crate) struct Operands<'a, T> {
    pub weights: &'a mut [T],
    pub gradients: &'a [T],
    pub slots: Slots<'a, T>,
}

impl<T> Default for Updates<T> {
    fn default() -> Self {
        let (slots, known) = (Vec::new(), Vec::new());
        Self { layout: None, slots, forms: None, known, programs: InPlace::default() }
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
        write!(f, "updates of {} shapes", self.known.len())
    }
}

/// What takes the place of an input, if anything does.
fn changed<'g>(old: Var<'g>, new: Var<'g>) -> Option<Var<'g>> {
    (old.id() != new.id()).then_some(new)
}

impl<T: Precision> Updates<T> {
    /// Forgets what is for another layout, or for rules of another form: the rule, and the one for what does not decay.
    pub fn fit(&mut self, memory: &Memory<T>, rules: [&dyn AnyRule; 2]) {
        let of_form = |forms: &[Box<dyn AnyRule>; 2]| {
            forms.iter().zip(rules).all(|(form, rule)| form.is_form_of(rule))
        };
        if self.layout != Some(memory.layout()) || !self.forms.as_ref().is_some_and(of_form) {
            *self = Self {
                layout: Some(memory.layout()),
                slots: memory.slots().collect(),
                forms: Some(rules.map(AnyRule::form)),
                ..Self::default()
            };
        }
    }

    /// Updates a run of parameters, which begins with this segment, by a rule that was given to [`fit`](Self::fit).
    pub fn run(
        &mut self,
        (rule, decays): (&dyn AnyRule, bool),
        first: &Segment,
        moment: &Moment<'_>,
        operands: Operands<'_, T>,
    ) {
        let Operands { weights, gradients, slots } = operands;
        if weights.is_empty() {
            return;
        }
        let length = [weights.len()];
        let shape: &[usize] = if rule.unit() == Unit::Element { &length } else { &first.shape };
        let known = |update: &Update| update.decays == decays && update.shape[..] == *shape;
        let position = self.known.iter().position(known).unwrap_or_else(|| {
            self.compile(decays, shape.into(), &slots);
            self.known.len() - 1
        });
        let Update { program, numbers, .. } = &self.known[position];
        let Some(program) = *program else { return };
        let numbers: SmallVec<[f64; NUMBERS]> =
            numbers.iter().map(|formula| formula(rule, moment)).collect();
        let mut lent: SmallVec<[Lent<'_, T>; MAX_SLOTS + 2]> = SmallVec::new();
        lent.extend([Lent::Written(weights), Lent::Read(gradients)]);
        lent.extend(slots.into_iter().take(self.slots.len()).map(Lent::Written));
        let done = self.programs.run(program, &numbers, &mut lent);
        // Nothing was promised of operations that can fail, and a rule has other ways to refuse.
        done.unwrap_or_else(|error| panic!("{}: {error}", rule.name()));
    }

    fn compile(&mut self, decays: bool, shape: Shape, slots: &Slots<'_, T>) {
        let graph = Graph::new();
        let forms = self.forms.as_ref().expect("the updates were fitted");
        let form = &forms[usize::from(!decays)];
        let (w, g) =
            (graph.input("weights", shape.clone()), graph.input("gradient", shape.clone()));
        let of_slot = |(slot, values): (&Slot, &&mut [T])| {
            let shape = match form.unit() {
                Unit::Element => Shape::from([values.len()]),
                Unit::Parameter => slot.shape_for(&shape),
            };
            graph.input(slot.name(), shape)
        };
        let state: Vec<Var<'_>> = self.slots.iter().zip(slots).map(of_slot).collect();
        let Recorded { updated, numbers } = form.record(w, g, &state);

        let mut lent = vec![(w, changed(w, updated.weights)), (g, None)];
        lent.extend(state.iter().zip(updated.state).map(|(&old, new)| (old, changed(old, new))));
        assert_eq!(lent.len(), state.len() + 2, "{} answers each of its slots", form.name());
        let (fed, numbers): (Vec<_>, Vec<_>) = numbers.into_iter().unzip();
        let writes = lent.iter().any(|(_, new)| new.is_some());
        let program = writes.then(|| self.programs.add(&lent, &fed));
        self.known.push(Update { decays, shape, program, numbers });
    }

    /// The programs, to be explained.
    pub fn programs(&self) -> impl Iterator<Item = &Program<T>> {
        self.programs.programs()
    }
}
