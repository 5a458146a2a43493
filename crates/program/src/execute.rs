//! Running a program.

use kernels::{Isa, Pool, Source};
use ndarray::{ArrayView, ArrayViewD, ArrayViewMutD, Axis, IxDyn, ShapeBuilder};
use smallvec::SmallVec;
use std::ops::Range;
use std::panic::Location;

use crate::Precision;
use crate::Program;
use crate::in_place::Lent;
use crate::instruction::MAX_INPUTS;
use crate::instruction::{Action, Base, FusedInput, Instruction, Memory, Operand};
use crate::look::{Look, Within};
use crate::workspace::{Constants, Workspace};
use graph::Seed;
use graph::{Args, Op, Out, RunResult};
use graph::{Kind, RunError, Shape, View};

impl<T: Precision> Program<T> {
    /// Runs all instructions, while something looks on. Indices are in their places, and reals `lent`.
    pub(crate) fn execute(
        &mut self,
        params: &[T],
        seed: Seed,
        lent: &mut [Lent<'_, T>],
        look: &mut impl Look<T>,
    ) -> Result<(), RunError> {
        let Workspace { reals, indices, scratch, .. } = &mut self.workspace;
        let arenas = Arenas { reals, indices, scratch };
        let machine = Machine { isa: self.isa, pool: &self.pool, seed };
        let fixed = Fixed { params, constants: &self.constants };
        machine.run(&self.instructions, fixed, arenas, lent, look)
    }
}

/// What runs instructions.
#[derive(Clone, Copy)]
pub(crate) struct Machine<'a> {
    pub isa: Isa,
    pub pool: &'a Pool,
    pub seed: Seed,
}

/// What a run writes.
pub(crate) struct Arenas<'a, T> {
    pub reals: &'a mut [T],
    pub indices: &'a mut [i64],
    pub scratch: &'a mut Vec<T>,
}

impl<T> Arenas<'_, T> {
    /// The same, for as long as this is not used.
    pub fn again(&mut self) -> Arenas<'_, T> {
        Arenas { reals: &mut *self.reals, indices: &mut *self.indices, scratch: &mut *self.scratch }
    }
}

impl Machine<'_> {
    /// Runs instructions, one after the other.
    pub fn run<T: Precision>(
        self,
        instructions: &[Instruction<T>],
        fixed: Fixed<'_, T>,
        arenas: Arenas<'_, T>,
        lent: &mut [Lent<'_, T>],
        look: &mut impl Look<T>,
    ) -> Result<(), RunError> {
        let Arenas { reals, indices, scratch } = arenas;
        let Self { isa, pool, seed } = self;
        for (position, instruction) in instructions.iter().enumerate() {
            match &instruction.action {
                Action::Fused { program, inputs, slots, .. } => {
                    let mut taken = Taken::out_of(lent, slots);
                    {
                        let (memory, mut slots) = carve_all(reals, lent, slots, &mut taken);
                        // Filled in place: it is too large to be moved.
                        let mut sources: SmallVec<[Source<'_, T>; MAX_INPUTS]> = SmallVec::new();
                        let source = |input: &FusedInput| match input {
                            FusedInput::Memory(memory) if memory.is_of_indices() => {
                                Source::Index(fixed.indices(memory, indices))
                            }
                            input => memory.source(input, fixed),
                        };
                        sources.extend(inputs.iter().map(source));
                        program.run(isa, pool, &sources, &mut slots, scratch);
                    }
                    taken.hand_back(lent);
                }
                Action::Contract(product) => {
                    let to = std::slice::from_ref(&product.output.memory);
                    let mut taken = Taken::out_of(lent, to);
                    {
                        let (memory, mut outputs) = carve_all(reals, lent, to, &mut taken);
                        let source = |input| memory.source(input, fixed);
                        let [a, b] = product.factors.each_ref().map(source);
                        let contraction = &product.contraction;
                        match &product.packed {
                            None => contraction.run(isa, pool, a, b, outputs[0]),
                            Some(range) => {
                                let packed = memory.slice(range);
                                contraction.run_packed(isa, pool, a, packed, outputs[0]);
                            }
                        }
                    }
                    taken.hand_back(lent);
                }
                Action::Pack { contraction, from, to } => {
                    let (memory, mut outputs) = carve_one(reals, to);
                    let memory = memory.beside(lent);
                    contraction.pack_b(isa, pool, memory.read(from, fixed), outputs[0]);
                }
                Action::Zero(gaps) => {
                    gaps.iter().for_each(|gap| reals[gap.clone()].fill(T::zero()));
                }
                Action::Scatter { scatter, base, reads: [source, index], to } => {
                    let to = std::slice::from_ref(to);
                    let mut taken = Taken::out_of(lent, to);
                    {
                        let (memory, mut outputs) = carve_all(reals, lent, to, &mut taken);
                        let start = match base {
                            Base::Number(x) => Some(*x),
                            Base::Copy(copy, from) => {
                                let (from, first) =
                                    (memory.read(from, fixed), kernels::Scatter::FIRST);
                                copy.run(isa, pool, from, first, None, outputs[0]);
                                None
                            }
                            Base::Own => None,
                        };
                        let (source, index) =
                            (memory.read(source, fixed), fixed.indices(index, indices));
                        scatter.run(isa, pool, source, index, start, outputs[0]);
                    }
                    taken.hand_back(lent);
                }
                Action::Overlay { parts, to } => {
                    let to = std::slice::from_ref(to);
                    let mut taken = Taken::out_of(lent, to);
                    {
                        let (memory, mut outputs) = carve_all(reals, lent, to, &mut taken);
                        let mut start = Some(T::zero());
                        for (part, from) in parts {
                            let from = memory.read(from, fixed);
                            let first = kernels::Scatter::FIRST;
                            part.run(isa, pool, from, first, start.take(), outputs[0]);
                        }
                    }
                    taken.hand_back(lent);
                }
                Action::Position { search, from, to } => {
                    let memory = Carved::whole(reals).beside(lent);
                    let from = memory.read(from, fixed);
                    search.run(isa, pool, from, &mut indices[to.clone()]);
                }
                Action::Loop(looped) => {
                    let arenas = Arenas { reals, indices, scratch };
                    let within = Within { look: &mut *look, position };
                    let run = looped.run(self, fixed, arenas, lent, within);
                    run.map_err(|fault| in_step(fault, instruction.location))?;
                }
                Action::Repeated(repeated) => {
                    let arenas = Arenas { reals, indices, scratch };
                    let within = Within { look: &mut *look, position };
                    let run = repeated.run(self, fixed, arenas, lent, within);
                    run.map_err(|fault| in_step(fault, instruction.location))?;
                }
                Action::Chosen(chosen) => {
                    let arenas = Arenas { reals, indices, scratch };
                    let within = Within { look: &mut *look, position };
                    chosen.run(self, fixed, arenas, lent, within)?;
                }
                Action::Plain { op, inputs, output, kind, shape } => {
                    let result = match output {
                        Memory::Index(range) => {
                            let (indices, mut outputs) = carve_one(indices, range);
                            let memory = Carved::whole(reals).beside(lent);
                            let to = view_mut(shape, outputs[0]);
                            plain(op, inputs, &memory, fixed, &indices, seed, &mut Out::Index(to))
                        }
                        _ => {
                            debug_assert_ne!(*kind, Kind::Index);
                            let (memory, mut outputs) = carve_one(reals, output.range());
                            let memory = memory.beside(lent);
                            let indices = Carved::whole(indices);
                            let to = view_mut(shape, outputs[0]);
                            plain(op, inputs, &memory, fixed, &indices, seed, &mut Out::Real(to))
                        }
                    };
                    result.map_err(|fault| fault.at(op.name(), instruction.location))?;
                }
            }
            look.after(position, Seen { reals, fixed, lent })?;
        }
        Ok(())
    }
}

/// An error in a step of a loop that this line recorded.
fn in_step((step, error): (usize, RunError), location: &'static Location<'static>) -> RunError {
    RunError::InStep { error: Box::new(error), step, location }
}

/// So many slices that are written need no heap: more than a loop stores, and a step of most loops. What is carved is
/// moved for every instruction, and so is small.
const MOST_CARVED: usize = 16;

/// Memory without what an instruction writes: what is left to read.
pub(crate) struct Carved<'a, E> {
    /// The parts of the arena between what is written, each with where it starts.
    parts: SmallVec<[(usize, &'a [E]); MOST_CARVED + 1]>,
    /// What the caller lends; empty where it is written.
    lent: &'a [Lent<'a, E>],
}

/// The slices that a caller lends and an instruction writes, while it runs: with its slot, and which they are.
struct Taken<'l, E>(SmallVec<[(usize, usize, &'l mut [E]); 4]>);

impl<'l, E> Taken<'l, E> {
    /// Leaves empty slices.
    fn out_of(lent: &mut [Lent<'l, E>], written: &[Memory]) -> Self {
        let mut taken = SmallVec::new();
        for (slot, memory) in written.iter().enumerate() {
            if let Memory::Lent(position, _) = memory
                && let Lent::Written(slice) = &mut lent[*position]
            {
                taken.push((slot, *position, std::mem::take(slice)));
            }
        }
        Self(taken)
    }

    fn hand_back(self, lent: &mut [Lent<'l, E>]) {
        for (_, position, slice) in self.0 {
            lent[position] = Lent::Written(slice);
        }
    }
}

/// Takes what is written out of the arena; what is written of what is lent was taken before. It is answered in the order
/// given.
fn carve_all<'a, E>(
    arena: &'a mut [E],
    lent: &'a [Lent<'a, E>],
    written: &[Memory],
    taken: &'a mut Taken<'_, E>,
) -> (Carved<'a, E>, SmallVec<[&'a mut [E]; MOST_CARVED]>) {
    if lent.is_empty() {
        return carve(arena, written, |memory| Some(memory.range()));
    }
    let (mut carved, mut outputs) = carve(arena, written, Memory::real);
    carved.lent = lent;
    for (slot, _, slice) in &mut taken.0 {
        outputs[*slot] = &mut slice[written[*slot].range().clone()];
    }
    (carved, outputs)
}

/// Takes one range to write out of an arena.
fn carve_one<'a, E>(
    arena: &'a mut [E],
    written: &Range<usize>,
) -> (Carved<'a, E>, SmallVec<[&'a mut [E]; MOST_CARVED]>) {
    carve(arena, std::slice::from_ref(written), Some)
}

/// Takes the ranges to write out of an arena. They are answered in the order given, empty where there is none.
pub(crate) fn carve<'a, 'w, E, W>(
    arena: &'a mut [E],
    written: &'w [W],
    range: impl Fn(&'w W) -> Option<&'w Range<usize>>,
) -> (Carved<'a, E>, SmallVec<[&'a mut [E]; MOST_CARVED]>) {
    let mut order: SmallVec<[(usize, usize, usize); MOST_CARVED]> = SmallVec::new();
    let ranges = written.iter().map(range).enumerate();
    order.extend(ranges.filter_map(|(i, range)| range.map(|range| (range.start, range.end, i))));
    if order.len() > 1 {
        order.sort_unstable();
    }
    let mut outputs: SmallVec<[&'a mut [E]; MOST_CARVED]> = SmallVec::new();
    outputs.extend(written.iter().map(|_| &mut [][..]));
    let mut carved = Carved { parts: SmallVec::new(), lent: &[] };
    let (mut rest, mut start) = (arena, 0);
    for (first, end, i) in order {
        let (before, after) = rest.split_at_mut(first - start);
        let (output, after) = after.split_at_mut(end - first);
        carved.parts.push((start, &*before));
        outputs[i] = output;
        (rest, start) = (after, end);
    }
    carved.parts.push((start, &*rest));
    (carved, outputs)
}

impl<'a, E> Carved<'a, E> {
    pub fn whole(arena: &'a [E]) -> Self {
        let mut parts = SmallVec::new();
        parts.push((0, arena));
        Self { parts, lent: &[] }
    }

    /// The same, with what the caller lends, none of which is written.
    pub fn beside(mut self, lent: &'a [Lent<'a, E>]) -> Self {
        self.lent = lent;
        self
    }

    pub fn slice(&self, range: &Range<usize>) -> &'a [E] {
        let (start, part) = *self
            .parts
            .iter()
            .find(|(start, part)| *start <= range.start && range.end <= start + part.len())
            .expect("an instruction does not read what it writes");
        &part[range.start - start..range.end - start]
    }

    fn source(&self, input: &FusedInput, fixed: Fixed<'a, E>) -> Source<'a, E> {
        match input {
            FusedInput::Memory(memory) => Source::Slice(self.read(memory, fixed)),
            FusedInput::Output(slot) => Source::Output(*slot),
        }
    }

    pub fn read(&self, place: &Memory, fixed: Fixed<'a, E>) -> &'a [E] {
        match place {
            Memory::Real(range) => self.slice(range),
            Memory::Param(range) => &fixed.params[range.clone()],
            Memory::Constant(range) => &fixed.constants.reals[range.clone()],
            Memory::Lent(position, range) => match &self.lent[*position] {
                Lent::Written(slice) => &slice[range.clone()],
                Lent::Read(slice) => &slice[range.clone()],
            },
            Memory::Index(_) | Memory::IndexConstant(_) => unreachable!("an operand of reals"),
        }
    }
}

/// The memory of reals between two instructions.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a, T> {
    pub reals: &'a [T],
    pub fixed: Fixed<'a, T>,
    pub lent: &'a [Lent<'a, T>],
}

impl<'a, T> Seen<'a, T> {
    /// What lies somewhere, if it is of reals.
    pub fn read(self, memory: &Memory) -> Option<&'a [T]> {
        let whole = || Carved::whole(self.reals).beside(self.lent);
        (!memory.is_of_indices()).then(|| whole().read(memory, self.fixed))
    }
}

/// What a run reads and does not write.
#[derive(Clone, Copy)]
pub(crate) struct Fixed<'a, T> {
    pub params: &'a [T],
    pub constants: &'a Constants<T>,
}

impl<'a, T> Fixed<'a, T> {
    /// Indices, those that a run computes or is given lying in an arena.
    fn indices(self, memory: &Memory, arena: &'a [i64]) -> &'a [i64] {
        match memory {
            Memory::Index(range) => &arena[range.clone()],
            Memory::IndexConstant(range) => &self.constants.indices[range.clone()],
            _ => unreachable!("an operand of indices"),
        }
    }
}

fn plain<'a, T: Precision>(
    op: &Op,
    inputs: &[Operand],
    reals: &Carved<'a, T>,
    fixed: Fixed<'a, T>,
    indices: &Carved<'_, i64>,
    seed: Seed,
    out: &mut Out<'_, T>,
) -> RunResult {
    let view = |operand: &Operand| match &operand.memory {
        Memory::Index(range) => View::Index(view(operand, indices.slice(range))),
        Memory::IndexConstant(range) => {
            View::Index(view(operand, &fixed.constants.indices[range.clone()]))
        }
        memory => View::Real(view(operand, reals.read(memory, fixed))),
    };
    let views = inputs.iter().map(view).collect();
    T::eval(&**op, &Args::new(views, seed), out)
}

pub(crate) fn view<'a, E>(operand: &Operand, memory: &'a [E]) -> ArrayViewD<'a, E> {
    let place = &operand.place;
    if place.shape.size() == 0 {
        // ndarray accepts no strides over no memory.
        return ArrayView::from_shape(IxDyn(&place.shape), &[]).expect("no elements");
    }
    let strides: SmallVec<[usize; 4]> =
        place.strides.iter().map(|stride| stride.unsigned_abs()).collect();
    let down = |axis: &usize| place.strides[*axis] < 0;
    let before = |axis: usize| (place.shape[axis] - 1) * strides[axis];
    let lowest = place.offset - (0..place.shape.rank()).filter(down).map(before).sum::<usize>();
    let shape = IxDyn(&place.shape).strides(IxDyn(&strides));
    let mut view =
        ArrayView::from_shape(shape, &memory[lowest..]).expect("planned within the memory");
    (0..place.shape.rank()).filter(down).for_each(|axis| view.invert_axis(Axis(axis)));
    view
}

fn view_mut<'a, E>(shape: &Shape, memory: &'a mut [E]) -> ArrayViewMutD<'a, E> {
    ArrayViewMutD::from_shape(IxDyn(shape), memory).expect("planned to the size of the shape")
}
