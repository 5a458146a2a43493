//! Loops of a program: instructions that run once for each step, on operands that move.

use std::ops::Range;

use ndarray::ArrayViewD;

use crate::Precision;
use crate::execute::{Arenas, Fixed, Machine, carve_one, view};
use crate::in_place::Lent;
use crate::instruction::Operand;
use crate::look::{Look, Within};
use crate::nested::{Moving, Nested, Turn};
use graph::RunError;

/// A loop, whose step reads what it is given in the memory of the program, and writes its results there.
#[derive(Clone, Debug)]
pub(crate) struct Loop<T> {
    pub steps: usize,
    pub reverse: bool,
    pub carries: Vec<Carry>,
    /// What is kept of each step.
    pub each: Vec<Moving>,
    /// Where the results lie.
    pub written: Range<usize>,
    /// A step, which is given the carries, and answers them and what is kept.
    pub body: Nested<T>,
    /// Where the memory ends that it needs beside that of the program.
    pub end: usize,
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

impl Carry {
    /// Where it lies before a step, if nobody knows how many there will be.
    pub fn by_turns(&self, step: usize) -> Range<usize> {
        let start = if step.is_multiple_of(2) { self.at } else { self.spare.unwrap_or(self.at) };
        start..start + self.len
    }

    /// Copies what it starts as to where it lies before step 0 of so many.
    pub fn begin<T: Precision>(
        &self,
        to: Range<usize>,
        reals: &mut [T],
        fixed: Fixed<'_, T>,
        lent: &[Lent<'_, T>],
    ) {
        carve_one(reals, &to, |memory, to| {
            let from = memory.beside(lent).read(&self.start.memory, fixed);
            let from: ArrayViewD<'_, T> = view(&self.start, from);
            to.iter_mut().zip(from).for_each(|(to, &from)| *to = from);
        });
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
        mut within: Within<'_, impl Look<T>>,
    ) -> Result<(), (usize, RunError)> {
        let Arenas { reals, indices, scratch } = arenas;
        for carry in &self.carries {
            carry.begin(carry.before(0, self.steps), reals, fixed, lent);
        }
        for step in 0..self.steps {
            let slice = if self.reverse { self.steps - 1 - step } else { step };
            let arenas =
                Arenas { reals: &mut *reals, indices: &mut *indices, scratch: &mut *scratch };
            let turn = Turn { machine, first: step == 0, slice };
            let mut carries = self.carries.iter().map(|carry| carry.before(step, self.steps));
            let next = self.carries.iter().map(|carry| carry.before(step + 1, self.steps));
            let mut results = next.chain(self.each.iter().map(|each| each.range(slice)));
            self.body
                .run(turn, fixed, arenas, lent, (&mut carries, &mut results), within.body(0))
                .map_err(|error| (slice, error))?;
        }
        Ok(())
    }
}
