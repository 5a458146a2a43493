//! Running a program.

use kernels::{Isa, Pool, Source};
use ndarray::{ArrayView, ArrayViewD, ArrayViewMutD, Axis, IxDyn, ShapeBuilder};
use smallvec::SmallVec;
use std::ops::Range;
use std::panic::Location;
use std::time::Instant;
use std::{iter, mem, slice};

use crate::Precision;
use crate::Program;
use crate::in_place::{Lent, MAX_LENT};
use crate::instruction::MAX_INPUTS;
use crate::instruction::{Action, Base, FusedInput, Instruction, Memory, Operand};
use crate::look::{Look, Unseen, Within};
use crate::trial::Threads;
use crate::workspace::{Constants, Workspace};
use graph::Seed;
use graph::{Args, Op, Out, RunResult};
use graph::{Kind, RunError, Shape, View};

impl<T: Precision> Program<T> {
    /// Runs all instructions, on as many threads as are found to be faster. Indices are in their places, and reals `lent`.
    pub(crate) fn execute(
        &mut self,
        params: &[T],
        seed: Seed,
        lent: &mut [Lent<'_, T>],
    ) -> Result<(), RunError> {
        let (threads, told) = self.trials.next();
        let start = told.then(Instant::now);
        let run = self.execute_on(threads, params, seed, lent, &mut Unseen);
        if let Some(start) = start {
            self.trials.took(start.elapsed());
        }
        run
    }

    /// Runs all instructions on all threads, while something looks on.
    pub(crate) fn execute_seen(
        &mut self,
        params: &[T],
        seed: Seed,
        lent: &mut [Lent<'_, T>],
        look: &mut impl Look<T>,
    ) -> Result<(), RunError> {
        self.execute_on(Threads::All, params, seed, lent, look)
    }

    fn execute_on(
        &mut self,
        threads: Threads,
        params: &[T],
        seed: Seed,
        lent: &mut [Lent<'_, T>],
        look: &mut impl Look<T>,
    ) -> Result<(), RunError> {
        let Workspace { reals, indices, scratch, .. } = &mut self.workspace;
        let arenas = Arenas { reals, indices, scratch };
        let pool = match threads {
            Threads::All => &*self.pool,
            Threads::One => self.alone,
        };
        let machine = Machine { isa: self.isa, pool, seed };
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
                    carve_all(reals, lent, slots, |memory, slots| {
                        // Filled in place: it is too large to be moved.
                        let mut sources: SmallVec<[Source<'_, T>; MAX_INPUTS]> = SmallVec::new();
                        for input in inputs {
                            sources.push(match input {
                                FusedInput::Memory(memory) if memory.is_of_indices() => {
                                    Source::Index(fixed.indices(memory, indices))
                                }
                                input => memory.source(input, fixed),
                            });
                        }
                        program.run(isa, pool, &sources, slots, scratch);
                    });
                }
                Action::Contract(product) => {
                    let to = slice::from_ref(&product.output.memory);
                    carve_all(reals, lent, to, |memory, outputs| {
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
                    });
                }
                Action::Pack { contraction, from, to } => {
                    carve_one(reals, to, |memory, output| {
                        let from = memory.beside(lent).read(from, fixed);
                        contraction.pack_b(isa, pool, from, output);
                    });
                }
                Action::Zero(gaps) => {
                    gaps.iter().for_each(|gap| reals[gap.clone()].fill(T::zero()));
                }
                Action::Scatter { scatter, base, reads: [source, index], to } => {
                    carve_all(reals, lent, slice::from_ref(to), |memory, outputs| {
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
                    });
                }
                Action::Overlay { parts, to } => {
                    carve_all(reals, lent, slice::from_ref(to), |memory, outputs| {
                        let mut start = Some(T::zero());
                        for (part, from) in parts {
                            let from = memory.read(from, fixed);
                            let first = kernels::Scatter::FIRST;
                            part.run(isa, pool, from, first, start.take(), outputs[0]);
                        }
                    });
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
                            let memory = Carved::whole(reals).beside(lent);
                            carve_one(indices, range, |indices, to| {
                                let to = &mut Out::Index(view_mut(shape, to));
                                plain(op, inputs, memory, fixed, indices, seed, to)
                            })
                        }
                        _ => {
                            debug_assert_ne!(*kind, Kind::Index);
                            let indices = Carved::whole(indices);
                            carve_one(reals, output.range(), |memory, to| {
                                let to = &mut Out::Real(view_mut(shape, to));
                                plain(op, inputs, memory.beside(lent), fixed, indices, seed, to)
                            })
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

/// So many slices that are written need no heap: more than a loop stores, and a step of most loops.
const MOST_CARVED: usize = 16;

/// Memory without what an instruction writes: what is left to read.
#[derive(Clone, Copy)]
pub(crate) struct Carved<'a, E> {
    /// The parts of the arena before the last thing that is written, each with where it starts; and the part after it.
    before: &'a [Part<'a, E>],
    last: Part<'a, E>,
    /// What the caller lends; empty where it is written.
    lent: &'a [Lent<'a, E>],
}

/// A part of an arena, with where it starts.
type Part<'a, E> = (usize, &'a [E]);

/// Takes what is written out of the arena and of what is lent while `run` works. It is answered in the order given.
fn carve_all<E, R>(
    arena: &mut [E],
    lent: &mut [Lent<'_, E>],
    written: &[Memory],
    run: impl FnOnce(Carved<'_, E>, &mut [&mut [E]]) -> R,
) -> R {
    if lent.is_empty() {
        return carve(arena, written, |memory| Some(memory.range()), run);
    }
    let mut taken: SmallVec<[(usize, usize, &mut [E]); MAX_LENT]> = SmallVec::new();
    for (slot, memory) in written.iter().enumerate() {
        if let Memory::Lent(position, _) = memory
            && let Lent::Written(slice) = &mut lent[*position]
        {
            taken.push((slot, *position, mem::take(slice)));
        }
    }
    let result = carve(arena, written, Memory::real, |memory, outputs| {
        for (slot, _, slice) in &mut taken {
            outputs[*slot] = &mut slice[written[*slot].range().clone()];
        }
        run(memory.beside(lent), outputs)
    });
    for (_, position, slice) in &mut taken {
        lent[*position] = Lent::Written(mem::take(slice));
    }
    result
}

/// Takes one range to write out of an arena while `run` works.
pub(crate) fn carve_one<E, R>(
    arena: &mut [E],
    written: &Range<usize>,
    run: impl FnOnce(Carved<'_, E>, &mut [E]) -> R,
) -> R {
    carve(arena, slice::from_ref(written), Some, |memory, outputs| run(memory, outputs[0]))
}

/// Takes the ranges to write out of an arena while `run` works. They are handed to it in the order given, empty where there
/// is none. The lists are lent to it where they stand: as values they were moved several times for each instruction.
pub(crate) fn carve<'a, 'w, E, W, R>(
    arena: &'a mut [E],
    written: &'w [W],
    range: impl Fn(&'w W) -> Option<&'w Range<usize>>,
    run: impl FnOnce(Carved<'_, E>, &mut [&'a mut [E]]) -> R,
) -> R {
    let mut order: SmallVec<[(usize, usize, usize); MOST_CARVED]> = SmallVec::new();
    let mut outputs: SmallVec<[&'a mut [E]; MOST_CARVED]> = SmallVec::new();
    for (i, written) in written.iter().enumerate() {
        outputs.push(&mut []);
        if let Some(range) = range(written) {
            order.push((range.start, range.end, i));
        }
    }
    if order.len() > 1 {
        order.sort_unstable();
    }
    let mut before: SmallVec<[Part<'a, E>; MOST_CARVED]> = SmallVec::new();
    let (mut rest, mut start) = (arena, 0);
    for &(first, end, i) in &order {
        let (part, after) = rest.split_at_mut(first - start);
        let (output, after) = after.split_at_mut(end - first);
        before.push((start, part));
        outputs[i] = output;
        (rest, start) = (after, end);
    }
    run(Carved { before: &before, last: (start, rest), lent: &[] }, &mut outputs)
}

impl<'a, E> Carved<'a, E> {
    pub fn whole(arena: &'a [E]) -> Self {
        Self { before: &[], last: (0, arena), lent: &[] }
    }

    /// The same, with what the caller lends, none of which is written.
    pub fn beside(self, lent: &'a [Lent<'a, E>]) -> Self {
        Self { lent, ..self }
    }

    pub fn slice(&self, range: &Range<usize>) -> &'a [E] {
        let within =
            |(start, part): &&Part<'a, E>| *start <= range.start && range.end <= start + part.len();
        let mut parts = iter::once(&self.last).chain(self.before);
        let (start, part) =
            parts.find(within).expect("an instruction does not read what it writes");
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
    reals: Carved<'a, T>,
    fixed: Fixed<'a, T>,
    indices: Carved<'_, i64>,
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
