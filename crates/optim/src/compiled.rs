//! Formulas over weights, gradients and slots, compiled for the parameters of a step: what rules and parts have in common.

use std::fmt;

use graph::{Graph, Shape, Var};
use program::{InPlace, Lent, Program};
use smallvec::SmallVec;

use crate::memory::{MAX_SLOTS, Memory, Slot, Slots};
use crate::{Precision, Unit};

/// How many slices a formula is lent beside slots: weights, gradients, and where others are written.
const BESIDE_SLOTS: usize = 3;

/// What a [`Formula`](crate::Formula) is recorded with. What is assigned to a field is written to where the field lies;
/// gradients are only read.
///
/// It stands in the example of [`Part`](crate::Part), which [`Optimizer::with`](crate::Optimizer::with) puts around an optimizer.
#[derive(Clone, Debug)]
pub struct Operands<'g> {
    /// The weights.
    pub weights: Var<'g>,
    /// Their gradients; of no element where there are none.
    pub gradients: Var<'g>,
    /// Where other gradients are written; of no element unless the part rewrites.
    pub rewritten: Var<'g>,
    /// The buffers, in the order of their declaration.
    pub slots: Vec<Var<'g>>,
    /// What is fed.
    pub(crate) numbers: Vec<Var<'g>>,
}

impl<'g> Operands<'g> {
    /// The numbers that the formula is given at each step.
    ///
    /// # Panics
    /// If there are more, or fewer.
    #[track_caller]
    pub fn numbers<const N: usize>(&self) -> [Var<'g>; N] {
        let numbers = self.numbers[..].try_into();
        numbers
            .unwrap_or_else(|_| panic!("a formula of {N} numbers was given {}", self.numbers.len()))
    }

    /// Zeros in the shape of the weights.
    pub fn zeros(&self) -> Var<'g> {
        self.weights.graph().full(self.weights.shape(), 0.0)
    }

    /// All that is lent, in its order.
    fn lent(&self) -> impl Iterator<Item = Var<'g>> {
        [self.weights, self.gradients, self.rewritten].into_iter().chain(self.slots.iter().copied())
    }
}

/// Where the operands lie; empty slices stand for what there is none of.
#[derive(Debug)]
pub struct Slices<'a, T> {
    pub weights: &'a mut [T],
    pub gradients: &'a [T],
    pub rewritten: &'a mut [T],
    pub slots: Slots<'a, T>,
}

/// How a formula is recorded: it changes the operands, and answers the numbers that it is fed, as inputs, with how each comes
/// about.
pub(crate) type Record<'r, N> = dyn for<'g> Fn(&mut Operands<'g>) -> Vec<(Var<'g>, N)> + 'r;

/// Compiled formulas for a layout of parameters, by a key that says which formula it is.
pub struct Compiled<K, N, T> {
    /// Whose they are.
    of: &'static str,
    unit: Unit,
    /// That of the memory that they are for.
    layout: Option<u64>,
    slots: Vec<Slot>,
    known: Vec<Known<K, N>>,
    programs: InPlace<T>,
}

/// A formula for parameters of a shape.
struct Known<K, N> {
    key: K,
    shape: Shape,
    /// Which program it is; none if nothing is written.
    program: Option<usize>,
    numbers: Vec<N>,
}

impl<K, N, T> Default for Compiled<K, N, T> {
    fn default() -> Self {
        let (slots, known, programs) = (Vec::new(), Vec::new(), InPlace::default());
        Self { of: "", unit: Unit::Element, layout: None, slots, known, programs }
    }
}

impl<K, N, T> Clone for Compiled<K, N, T> {
    /// A clone compiles its own.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<K, N, T> fmt::Debug for Compiled<K, N, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} compiled formulas", self.known.len())
    }
}

impl<K: PartialEq, N, T: Precision> Compiled<K, N, T> {
    /// None yet, for what is laid out like this.
    pub(crate) fn new(of: &'static str, unit: Unit, memory: &Memory<T>) -> Self {
        let slots = memory.slots().collect();
        Self { of, unit, layout: Some(memory.layout()), slots, ..Self::default() }
    }

    /// Whether they are for what is laid out like this.
    pub(crate) fn fits(&self, memory: &Memory<T>) -> bool {
        self.layout == Some(memory.layout())
    }

    /// The position of a formula for these slices, of a parameter of this shape or of a run that begins with one; it is
    /// recorded if it is not known.
    pub fn position(
        &mut self,
        key: K,
        first: &Shape,
        slices: &Slices<'_, T>,
        record: &Record<'_, N>,
    ) -> usize {
        let length = [slices.weights.len()];
        let shape: &[usize] = if self.unit == Unit::Element { &length } else { first };
        let known = |known: &Known<K, N>| known.key == key && known.shape[..] == *shape;
        self.known.iter().position(known).unwrap_or_else(|| {
            self.compile(key, shape.into(), slices, record);
            self.known.len() - 1
        })
    }

    /// How the numbers of a formula come about.
    pub fn numbers(&self, position: usize) -> &[N] {
        &self.known[position].numbers
    }

    /// Applies a formula.
    pub fn run(&mut self, position: usize, numbers: &[f64], slices: Slices<'_, T>) {
        let Some(program) = self.known[position].program else { return };
        let Slices { weights, gradients, rewritten, slots } = slices;
        let mut lent: SmallVec<[Lent<'_, T>; BESIDE_SLOTS + MAX_SLOTS]> = SmallVec::new();
        lent.extend([Lent::Written(weights), Lent::Read(gradients), Lent::Written(rewritten)]);
        lent.extend(slots.into_iter().take(self.slots.len()).map(Lent::Written));
        let done = self.programs.run(program, numbers, &mut lent);
        // Nothing was promised of operations that can fail, and there are other ways to refuse a step.
        done.unwrap_or_else(|error| panic!("{}: {error}", self.of));
    }

    fn compile(&mut self, key: K, shape: Shape, slices: &Slices<'_, T>, record: &Record<'_, N>) {
        let graph = Graph::new();
        let before = self.operands(&graph, &shape, slices);
        let mut after = before.clone();
        let (fed, numbers): (Vec<_>, Vec<_>) = record(&mut after).into_iter().unzip();
        let (of, gradients) = (self.of, before.gradients.id());
        assert_eq!(after.gradients.id(), gradients, "{of} cannot write over gradients");
        assert_eq!(after.slots.len(), before.slots.len(), "{of} answers each of its slots");

        let lent = before.lent().zip(after.lent());
        let lent: Vec<_> =
            lent.map(|(old, new)| (old, (new.id() != old.id()).then_some(new))).collect();
        let writes = lent.iter().any(|(_, new)| new.is_some());
        let program = writes.then(|| self.programs.add(&lent, &fed));
        self.known.push(Known { key, shape, program, numbers });
    }

    /// What a formula is recorded with for these slices.
    fn operands<'g>(
        &self,
        graph: &'g Graph,
        shape: &Shape,
        slices: &Slices<'_, T>,
    ) -> Operands<'g> {
        let like_weights = |name, values: &[T]| {
            let shape = if values.is_empty() { Shape::from([0]) } else { shape.clone() };
            graph.input(name, shape)
        };
        let of_slot = |(slot, values): (&Slot, &&mut [T])| {
            let shape = match self.unit {
                Unit::Element => Shape::from([values.len()]),
                Unit::Parameter => slot.shape_for(shape),
            };
            graph.input(slot.name(), shape)
        };
        Operands {
            weights: like_weights("weights", slices.weights),
            gradients: like_weights("gradient", slices.gradients),
            rewritten: like_weights("rewritten", slices.rewritten),
            slots: self.slots.iter().zip(&slices.slots).map(of_slot).collect(),
            numbers: Vec::new(),
        }
    }

    /// The programs, to be explained.
    pub fn programs(&self) -> impl Iterator<Item = &Program<T>> {
        self.programs.programs()
    }
}
