//! Bodies of loops and choices: compiled by themselves, and run on memory that their instruction lends them.

use std::ops::Range;

use ndarray::Axis;
use smallvec::SmallVec;

use crate::Precision;
use crate::execute::{Arenas, Fixed, Machine, carve, view};
use crate::in_place::Lent;
use crate::instruction::{Instruction, Memory, Operand};
use crate::look::{Look, Unseen};
use crate::workspace::Constants;
use graph::RunError;

/// So many values of a body need no heap.
const INLINE: usize = 32;

/// A body, which reads what it is given in the memory of the program, and writes its results there.
#[derive(Clone, Debug)]
pub(crate) struct Nested<T> {
    /// What is computed before the first run, of what is the same in all of them.
    pub once: Vec<Instruction<T>>,
    pub instructions: Vec<Instruction<T>>,
    pub constants: Constants<T>,
    /// The reals that it reads, beside what is carried.
    pub reads: Vec<Moving>,
    /// The indices that it reads, and where in its arena it finds them.
    pub indices: Vec<(Indices, Range<usize>)>,
    /// What it computes in its arena, if it is not computed where it belongs, of each result.
    pub copied: Vec<Range<usize>>,
    /// Its arenas, in those of the program.
    pub arena: Range<usize>,
    pub index_arena: Range<usize>,
}

/// Ranges of the arena, one for each value; not of a type for each loop, or a run would be compiled for each.
pub(crate) type Ranges<'a> = &'a mut dyn Iterator<Item = Range<usize>>;

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

/// A run of a body: by what, and which it is.
#[derive(Clone, Copy)]
pub(crate) struct Turn<'a> {
    pub machine: Machine<'a>,
    /// Whether it is the first.
    pub first: bool,
    /// The slice that it gets.
    pub slice: usize,
}

impl Moving {
    pub fn range(&self, slice: usize) -> Range<usize> {
        let start = self.start.wrapping_add_signed(self.apart * slice as isize);
        start..start + self.len
    }
}

impl<T: Precision> Nested<T> {
    /// Runs it on what is carried in some ranges of the arena, and writes its results to others.
    pub fn run(
        &self,
        turn: Turn<'_>,
        fixed: Fixed<'_, T>,
        Arenas { reals, indices, scratch }: Arenas<'_, T>,
        lent: &[Lent<'_, T>],
        (carried, results): (Ranges<'_>, Ranges<'_>),
        look: &mut impl Look<T>,
    ) -> Result<(), RunError> {
        let Turn { machine, first, slice } = turn;
        let (before, own, after) = split(indices, &self.index_arena);
        let beside = ([before, after], self.index_arena.end);
        for (from, to) in self.indices.iter().filter(|(from, _)| first || from.sliced) {
            from.copy(slice, fixed, beside, &mut own[to.clone()]);
        }
        let mut written: SmallVec<[Range<usize>; INLINE]> = SmallVec::new();
        written.push(self.arena.clone());
        for range in results {
            written.push(range);
        }
        carve(reals, &written, Some, |memory, outputs| {
            let (arena, outputs) =
                outputs.split_first_mut().expect("the arena of a body is written");
            let memory = memory.beside(lent);
            let mut given: SmallVec<[Lent<'_, T>; INLINE]> = SmallVec::new();
            for range in carried {
                given.push(Lent::Read(memory.slice(&range)));
            }
            for read in &self.reads {
                given.push(Lent::Read(&memory.read(&read.memory, fixed)[read.range(slice)]));
            }
            let results = given.len();
            for output in outputs {
                given.push(Lent::Written(output));
            }
            let own_fixed = Fixed { params: &[], constants: &self.constants };
            let mut arenas = Arenas { reals: arena, indices: own, scratch };
            if first {
                machine.run(&self.once, own_fixed, arenas.again(), &mut given, &mut Unseen)?;
            }
            look.begin();
            machine.run(&self.instructions, own_fixed, arenas.again(), &mut given, look)?;
            for (from, to) in self.copied.iter().zip(&mut given[results..]) {
                if let (Lent::Written(to), false) = (to, from.is_empty()) {
                    to.copy_from_slice(&arenas.reals[from.clone()]);
                }
            }
            Ok(())
        })
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
        ([before, after], end): ([&[i64]; 2], usize),
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
