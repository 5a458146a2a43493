//! One step as a part sees it.

use graph::Shape;
use kernels::{Isa, all_finite};
use program::default_pool;

use super::{Fed, Formula, Formulas};
use crate::compiled::Slices;
use crate::memory::Memory;
use crate::norm::squares;
use crate::segments::Segment;
use crate::{Precision, Slots, Unit};

/// One step as a part sees it.
///
/// It stands in the example of [`Part`](crate::Part), which [`Optimizer::with`](crate::Optimizer::with) puts around an optimizer.
#[derive(Debug)]
pub struct Call<'a, T> {
    /// The weights of the whole store.
    pub weights: &'a mut [T],
    /// Their gradients.
    pub gradients: &'a [T],
    /// Where gradients are written that are to be handed on; empty unless the part rewrites.
    pub rewritten: &'a mut [T],
    pub(super) unit: Unit,
    pub(super) memory: &'a mut Memory<T>,
    pub(super) formulas: &'a mut Formulas<T>,
}

/// A parameter, or a run of several, as a part sees it.
///
/// What a [`Call`] goes through: that of a [`Part`](crate::Part), which [`Optimizer::with`](crate::Optimizer::with) puts around an optimizer.
#[derive(Debug)]
pub struct Stretch<'a, T> {
    /// The weights.
    pub weights: &'a mut [T],
    /// Their gradients; empty where a part goes through all that it [knows](Call::each_known).
    pub gradients: &'a [T],
    /// Where other gradients are written; empty unless the part rewrites.
    pub rewritten: &'a mut [T],
    /// The part's buffers.
    pub slots: Slots<'a, T>,
    segments: &'a mut [Segment],
    formulas: &'a mut Formulas<T>,
}

impl<T: Precision> Stretch<'_, T> {
    /// The shape of the parameter; of the first one in a run.
    pub fn shape(&self) -> &Shape {
        &self.segments[0].shape
    }

    /// How many steps the part has counted of these parameters: equally many of each.
    pub fn steps(&self) -> u64 {
        self.segments[0].steps
    }

    /// Counts a step of these parameters.
    pub fn count(&mut self) {
        self.segments.iter_mut().for_each(|segment| segment.steps += 1);
    }

    /// Applies a formula, which is fed these numbers, rounded to the precision of the weights.
    pub fn apply(&mut self, formula: Formula, numbers: &[f64]) {
        self.feed(formula, Fed::Now(numbers));
    }

    /// Compiles a formula that a later step may apply, with so many numbers, so that only the first step has to.
    pub fn compile(&mut self, formula: Formula, numbers: usize) {
        self.feed(formula, Fed::Later(numbers));
    }

    fn feed(&mut self, formula: Formula, fed: Fed<'_>) {
        let slices = Slices {
            weights: self.weights,
            gradients: self.gradients,
            rewritten: self.rewritten,
            slots: self.slots.each_mut().map(|slot| &mut **slot),
        };
        T::apply_formula(self.formulas, (formula, fed), &self.segments[0].shape, slices);
    }
}

impl<T: Precision> Call<'_, T> {
    /// The part's numbers.
    pub fn numbers(&mut self) -> &mut [f64] {
        &mut self.memory.numbers
    }

    /// Applies a formula to all parameters of the step.
    pub fn apply(&mut self, formula: Formula, numbers: &[f64]) {
        self.each(|mut stretch| stretch.apply(formula, numbers));
    }

    /// Compiles a formula that a later step may apply, with so many numbers, so that only the first step has to.
    pub fn compile(&mut self, formula: Formula, numbers: usize) {
        self.each(|mut stretch| stretch.compile(formula, numbers));
    }

    /// Goes through the parameters of the step, several at a time where the part's unit allows it.
    pub fn each(&mut self, mut visit: impl FnMut(Stretch<'_, T>)) {
        self.each_of(&mut visit);
    }

    /// The same loop for all parts.
    fn each_of(&mut self, visit: &mut dyn FnMut(Stretch<'_, T>)) {
        let Self { weights, gradients, rewritten, memory, formulas, .. } = self;
        memory.each(&mut |run, segments, slots| {
            let range = run.gradients.clone();
            let rewritten =
                if rewritten.is_empty() { &mut [][..] } else { &mut rewritten[range.clone()] };
            let weights = &mut weights[run.weights.clone()];
            let gradients = &gradients[range];
            visit(Stretch { weights, gradients, rewritten, slots, segments, formulas });
        });
    }

    /// Goes through every parameter that the part remembers, also those that take no part in the
    /// step, several at a time where the part's unit allows it. There are no gradients then.
    pub fn each_known(&mut self, mut visit: impl FnMut(Stretch<'_, T>)) {
        let Self { weights, memory, formulas, .. } = self;
        memory.each_known(self.unit, &mut |segments, slots| {
            let (first, last) = (&segments[0].weights, &segments[segments.len() - 1].weights);
            let weights = &mut weights[first.start..last.end];
            let (gradients, rewritten) = (&[][..], &mut [][..]);
            visit(Stretch { weights, gradients, rewritten, slots, segments, formulas });
        });
    }

    /// Whether the gradients of all these parameters are finite.
    pub fn gradients_are_finite(&mut self) -> bool {
        let (pool, mut finite) = (default_pool(), true);
        self.each(|stretch| finite &= all_finite(Isa::best(), &pool, stretch.gradients));
        finite
    }

    /// The Euclidean norm of the gradients of all these parameters together, in double precision.
    pub fn gradient_norm(&mut self) -> f64 {
        let mut sum = 0.0;
        self.each(|stretch| sum += squares(stretch.gradients));
        sum.sqrt()
    }
}
