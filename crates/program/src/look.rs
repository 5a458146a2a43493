//! Looking on while instructions run.

use crate::execute::Seen;
use graph::RunError;

/// What looks at the memory after each instruction, and into loops and choices.
pub(crate) trait Look<T> {
    /// What looks on inside of them.
    type Inside: Look<T>;

    /// Instructions begin.
    fn begin(&mut self) {}

    /// Looks at the memory after the instruction of this position; an error ends the run.
    fn after(&mut self, position: usize, seen: Seen<'_, T>) -> Result<(), RunError>;

    /// What looks on while a body runs, the one of this number among [`bodies`](crate::instruction::Action::bodies).
    fn inside(&mut self, position: usize, body: usize) -> &mut Self::Inside;
}

/// What looks on inside of an instruction.
pub(crate) struct Within<'l, L> {
    pub look: &'l mut L,
    pub position: usize,
}

impl<L> Within<'_, L> {
    pub fn body<T>(&mut self, body: usize) -> &mut L::Inside
    where
        L: Look<T>,
    {
        self.look.inside(self.position, body)
    }
}

/// Nobody looks.
pub(crate) struct Unseen;

impl<T> Look<T> for Unseen {
    type Inside = Self;

    fn after(&mut self, _: usize, _: Seen<'_, T>) -> Result<(), RunError> {
        Ok(())
    }

    fn inside(&mut self, _: usize, _: usize) -> &mut Self {
        self
    }
}

/// What looks at the instructions of a program, and into none of them.
pub(crate) struct Outside<F> {
    after: F,
    inside: Unseen,
}

impl<F> Outside<F> {
    pub fn new(after: F) -> Self {
        Self { after, inside: Unseen }
    }
}

impl<T, F: FnMut(usize, Seen<'_, T>)> Look<T> for Outside<F> {
    type Inside = Unseen;

    fn after(&mut self, position: usize, seen: Seen<'_, T>) -> Result<(), RunError> {
        (self.after)(position, seen);
        Ok(())
    }

    fn inside(&mut self, _: usize, _: usize) -> &mut Unseen {
        &mut self.inside
    }
}
