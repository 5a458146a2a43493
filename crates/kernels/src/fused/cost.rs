//! How much work a loop nest is, to decide whether a second thread pays.

use super::nest::Nest;
use super::step::{Action, Kind, MicroOp};
use crate::elementwise::Binary;

/// Whether a second thread is asked for help.
///
/// Either the work is much: a unit of cost was measured as 1/30 ns with AVX-512, so that 125 000 are some 4 µs on one
/// thread, and to hand out a task and wait for its end takes 0.3 to 1 µs while the other thread still spins. Or the numbers are
/// many: then the products beside this loop are shared as well, and each thread finds in its own cache the rows that it
/// worked on before, which to read from the other's would take longer than to compute with.
pub(super) fn is_worth_a_thread(nest: &Nest, cost: usize) -> bool {
    cost >= 125_000 || nest.outer_count() * nest.rows * nest.columns >= 12_000
}

/// The cost of going through the nest: one for each number that a simple operation computes, and for each that is
/// read from an input or written to an output.
pub(super) fn of<T: Copy>(nest: &Nest, block: &[MicroOp<T>]) -> usize {
    let along_rows: usize =
        block.iter().filter(|step| step.kind == Kind::Full).map(step_cost).sum();
    (nest.outer_count() * nest.rows * nest.columns).saturating_mul(along_rows)
}

/// The cost of products that take so many multiply-adds: two take what an addition does.
pub(super) fn of_products(effort: usize) -> usize {
    effort / 2
}

/// An element is found by its index, and often lies in another cache line than the one before.
const INDEXED: usize = 4;

fn step_cost<T: Copy>(step: &MicroOp<T>) -> usize {
    let operation = match step.action {
        Action::Unary(f, _) => f.cost(),
        Action::Binary(f, _, _) => f.cost(),
        Action::AddProduct(..) => Binary::Mul.cost() + Binary::Add.cost(),
        Action::Gather(..) => INDEXED,
        _ => 1,
    };
    let mut step = *step;
    let moved = step.reads().filter(|place| place.is_operand()).count();
    operation + moved + usize::from(step.out.is_operand())
}
