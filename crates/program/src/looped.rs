//! Loops of a program: instructions that run once for each step, on operands that move.

use std::ops::Range;

use ndarray::{ArrayViewD, Axis};
use smallvec::SmallVec;

use crate::Precision;
use crate::execute::{Arenas, Fixed, Machine, carve, view};
use crate::in_place::Lent;
use crate::instruction::{Instruction, Memory, Operand};
use crate::workspace::Constants;
use graph::RunError;

/// So many values of a step need no heap.
const INLINE: usize = 32;

/// A loop, whose step reads what it is given in the memory of the program, and writes its results there.
#[derive(Clone, Debug)]
pub(crate) struct Loop<T> {
    pub steps: usize,
    pub reverse: bool,
    /// What is computed before the first step, of what all of them read.
    pub once: Vec<Instruction<T>>,
    pub instructions: Vec<Instruction<T>>,
    pub constants: Constants<T>,
    pub carries: Vec<Carry>,
    /// The other reals that a step reads.
    pub reads: Vec<Moving>,
    /// The indices that it reads, and where in its arena it finds them.
    pub indices: Vec<(Indices, Range<usize>)>,
    /// What is kept of each step.
    pub each: Vec<Moving>,
    /// Where the results lie.
    pub written: Range<usize>,
    /// What a step computes in its arena, if it is not computed where it belongs: of the carries, and of what is kept.
    pub copied: Vec<Range<usize>>,
    /// The arenas of a step, in those of the program.
    pub arena: Range<usize>,
    pub index_arena: Range<usize>,
    /// Where the memory ends that it needs beside that of the program.
    pub end: usize,
}

/// Memory that moves with the steps: so much from `start` on for slice 0, and `apart` further for each slice.
#[derive(Clone, Debug)]
pub(crate) struct Moving {
    pub memory: Memory,
    pub start: usize,
    pub apart: isize,
    pub len: usize,
}

/// Indices for a step: the same, or a slice along the first axis.
#[derive(Clone, Debug)]
pub(crate) struct Indices {
    pub operand: Operand,
    pub sliced: bool,
}

/// A carry: what it starts as, and where it lies before each step and after the last.
#[derive(Clone, Debug)]
pub(crate) struct Carry {
    pub start: Operand,
    pub len: usize,
    /// Where its values lie, one after the other if all are kept.
    pub at: usize,
    /// Where it lies every other time, if they are not.
    pub spare: Option<usize>,
}

impl Carry {
    /// Where it lies before step `step` of so many; and after the last, if that is as many.
    fn before(&self, step: usize, steps: usize) -> Range<usize> {
        let start = match self.spare {
            None => self.at + step * self.len,
            // So that the last lies where it belongs.
            Some(_) if (steps - step).is_multiple_of(2) => self.at,
            Some(spare) => spare,
        };
        start..start + self.len
    }
}

impl Moving {
    fn range(&self, slice: usize) -> Range<usize> {
        let start = self.start.wrapping_add_signed(self.apart * slice as isize);
        start..start + self.len
    }
}

impl<T: Precision> Loop<T> {
    /// Runs all steps.
    pub fn run(
        &self,
        machine: Machine<'_>,
        fixed: Fixed<'_, T>,
        arenas: Arenas<'_, T>,
        lent: &[Lent<'_, T>],
    ) -> Result<(), (usize, RunError)> {
        let Arenas { reals, indices, scratch } = arenas;
        for carry in &self.carries {
            let to = [carry.before(0, self.steps)];
            let (memory, mut outputs) = carve(reals, &to, Some);
            let from = memory.beside(lent).read(&carry.start.memory, fixed);
            let from: ArrayViewD<'_, T> = view(&carry.start, from);
            outputs[0].iter_mut().zip(from).for_each(|(to, &from)| *to = from);
        }
        let (before, own, after) = split(indices, &self.index_arena);
        for step in 0..self.steps {
            let slice = if self.reverse { self.steps - 1 - step } else { step };
            for (from, to) in &self.indices {
                if step == 0 || from.sliced {
                    from.copy(
                        slice,
                        fixed,
                        [before, after],
                        self.index_arena.end,
                        &mut own[to.clone()],
                    );
                }
            }
            let carried = self.carries.iter().map(|carry| carry.before(step + 1, self.steps));
            let each = self.each.iter().map(|each| each.range(slice));
            let written: SmallVec<[Range<usize>; INLINE]> =
                [self.arena.clone()].into_iter().chain(carried).chain(each).collect();
            let (memory, outputs) = carve(reals, &written, Some);
            let memory = memory.beside(lent);
            let mut outputs = outputs.into_iter();
            let arena = outputs.next().expect("the arena of a step is written");
            let mut given: SmallVec<[Lent<'_, T>; INLINE]> = SmallVec::new();
            let carries = self.carries.iter().map(|carry| carry.before(step, self.steps));
            given.extend(carries.map(|range| Lent::Read(memory.slice(&range))));
            let moving = |read: &Moving| &memory.read(&read.memory, fixed)[read.range(slice)];
            given.extend(self.reads.iter().map(|read| Lent::Read(moving(read))));
            let results = given.len();
            given.extend(outputs.map(Lent::Written));
            let own_fixed = Fixed { params: &[], constants: &self.constants };
            let mut run = |instructions: &[Instruction<T>], given: &mut [Lent<'_, T>]| {
                let arenas =
                    Arenas { reals: &mut *arena, indices: &mut *own, scratch: &mut *scratch };
                machine.run(instructions, own_fixed, arenas, given, |_, _, _| Ok(()))
            };
            if step == 0 {
                run(&self.once, &mut given).map_err(|error| (slice, error))?;
            }
            run(&self.instructions, &mut given).map_err(|error| (slice, error))?;
            for (from, to) in self.copied.iter().zip(&mut given[results..]) {
                if let (Lent::Written(to), false) = (to, from.is_empty()) {
                    to.copy_from_slice(&arena[from.clone()]);
                }
            }
        }
        Ok(())
    }
}

/// An arena before a range of it, the range, and after it.
fn split<'a>(arena: &'a mut [i64], range: &Range<usize>) -> (&'a [i64], &'a mut [i64], &'a [i64]) {
    let (before, rest) = arena.split_at_mut(range.start);
    let (own, after) = rest.split_at_mut(range.len());
    (before, own, after)
}

impl Indices {
    /// Copies what step `slice` reads.
    fn copy<T>(
        &self,
        slice: usize,
        fixed: Fixed<'_, T>,
        [before, after]: [&[i64]; 2],
        end: usize,
        to: &mut [i64],
    ) {
        let from = match &self.operand.memory {
            Memory::IndexConstant(range) => &fixed.constants.indices[range.clone()],
            memory => {
                let range = memory.range();
                match range.start.checked_sub(end) {
                    Some(start) => &after[start..start + range.len()],
                    None => &before[range.clone()],
                }
            }
        };
        let from = view(&self.operand, from);
        let from = if self.sliced { from.index_axis_move(Axis(0), slice) } else { from };
        to.iter_mut().zip(from).for_each(|(to, &from)| *to = from);
    }
}
