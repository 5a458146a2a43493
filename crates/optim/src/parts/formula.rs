//! Formulas of parts.

use graph::Shape;

use crate::Precision;
use crate::compiled::{Compiled, Operands, Slices};

/// Mathematics that a part records, to be applied to weights, gradients and slots where they lie.
///
/// It is a plain function, which captures nothing, and it is recorded once for many steps: all that a part knows at a step
/// comes in as numbers, and what is to be done by which function is applied. It stands in the example of [`Part`](crate::Part).
pub type Formula = fn(&mut Operands<'_>);

/// The formulas of a part, compiled for a layout of parameters.
pub type Formulas<T> = Compiled<Key, (), T>;

/// Which formula it is.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    formula: Formula,
    /// It is applied to parameters of a step, with gradients, and not to all that are known.
    of_step: bool,
}

impl PartialEq for Key {
    /// Functions at one address do the same. One that has two addresses is compiled twice.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::fn_addr_eq(self.formula, other.formula) && self.of_step == other.of_step
    }
}

/// What a formula is fed.
#[derive(Clone, Copy, Debug)]
pub enum Fed<'n> {
    /// These numbers.
    Now(&'n [f64]),
    /// So many numbers, in a later step.
    Later(usize),
}

/// Applies a formula to a parameter of this shape, or to a run that begins with one; or only compiles it, for later.
pub(crate) fn apply<T: Precision>(
    formulas: &mut Formulas<T>,
    (formula, fed): (Formula, Fed<'_>),
    first: &Shape,
    slices: Slices<'_, T>,
) {
    if slices.weights.is_empty() {
        return;
    }
    let key = Key { formula, of_step: !slices.gradients.is_empty() };
    let count = match fed {
        Fed::Now(numbers) => numbers.len(),
        Fed::Later(count) => count,
    };
    let position = formulas.position(key, first, &slices, &|at| {
        at.numbers = (0..count).map(|_| at.weights.graph().input("number", [])).collect();
        formula(at);
        at.numbers.iter().map(|&number| (number, ())).collect()
    });
    if let Fed::Now(numbers) = fed {
        formulas.run(position, numbers, slices);
    }
}
