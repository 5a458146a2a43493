//! Loops of a program that end by a condition.

use std::ops::Range;

use crate::Precision;
use crate::execute::{Arenas, Fixed, Machine};
use crate::in_place::Lent;
use crate::look::{Look, Within};
use crate::looped::Carry;
use crate::nested::{Nested, Turn};
use graph::RunError;

/// A loop that runs as long as a condition holds.
#[derive(Clone, Debug)]
pub(crate) struct Repeated<T> {
    /// Each lies in two places by turns, of which the first is where it belongs.
    pub carries: Vec<Carry>,
    pub condition: Nested<T>,
    pub body: Nested<T>,
    /// Where the condition's truth value lies.
    pub truth: usize,
    /// Where the results lie.
    pub written: Range<usize>,
    /// Where the memory ends that it needs beside that of the program, of reals and of indices.
    pub ends: [usize; 2],
}

impl<T: Precision> Repeated<T> {
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
        let carries = |step: usize| self.carries.iter().map(move |carry| carry.by_turns(step));
        for carry in &self.carries {
            carry.begin(carry.by_turns(0), reals, fixed, lent);
        }
        let mut step = 0;
        loop {
            let at_step = |error| (step, error);
            let turn = Turn { machine, first: step == 0, slice: 0 };
            let mut own =
                Arenas { reals: &mut *reals, indices: &mut *indices, scratch: &mut *scratch };
            let mut truth = std::iter::once(self.truth..self.truth + 1);
            self.condition
                .run(
                    turn,
                    fixed,
                    own.again(),
                    lent,
                    (&mut carries(step), &mut truth),
                    within.body(0),
                )
                .map_err(at_step)?;
            if own.reals[self.truth] == T::zero() {
                break;
            }
            self.body
                .run(
                    turn,
                    fixed,
                    own,
                    lent,
                    (&mut carries(step), &mut carries(step + 1)),
                    within.body(1),
                )
                .map_err(at_step)?;
            step += 1;
        }
        if step % 2 == 1 {
            for carry in &self.carries {
                reals.copy_within(carry.by_turns(1), carry.at);
            }
        }
        Ok(())
    }
}
