//! Choices of a program: instructions that run one of two bodies.

use std::ops::Range;

use crate::Precision;
use crate::execute::{Arenas, Carved, Fixed, Machine, view};
use crate::in_place::Lent;
use crate::instruction::Operand;
use crate::look::{Look, Within};
use crate::nested::{Nested, Turn};
use graph::RunError;

/// A choice, whose bodies write the same results.
#[derive(Clone, Debug)]
pub(crate) struct Chosen<T> {
    pub predicate: Operand,
    pub yes: Nested<T>,
    pub no: Nested<T>,
    /// Where each of the results lies.
    pub results: Vec<Range<usize>>,
    /// Where all of them lie.
    pub written: Range<usize>,
    /// Where the memory ends that it needs beside that of the program, of reals and of indices.
    pub ends: [usize; 2],
}

impl<T: Precision> Chosen<T> {
    /// Runs one of the two.
    pub fn run(
        &self,
        machine: Machine<'_>,
        fixed: Fixed<'_, T>,
        arenas: Arenas<'_, T>,
        lent: &[Lent<'_, T>],
        mut within: Within<'_, impl Look<T>>,
    ) -> Result<(), RunError> {
        let holds = {
            let memory = Carved::whole(arenas.reals).beside(lent);
            let predicate = view(&self.predicate, memory.read(&self.predicate.memory, fixed));
            predicate.iter().all(|&truth| truth != T::zero())
        };
        let (body, number) = if holds { (&self.yes, 0) } else { (&self.no, 1) };
        let turn = Turn { machine, first: true, slice: 0 };
        let mut results = self.results.iter().cloned();
        let look = within.body(number);
        body.run(turn, fixed, arenas, lent, (&mut std::iter::empty(), &mut results), look)
    }
}
