//! Whether a value is the same all along some axes.

use super::simplify::{input, lowering};
use graph::Lowering;
use graph::{Axes, Var};

/// `operand`, which broadcasts to the shape of `of`, with extent 1 along these axes of it; `None` if
/// it varies along them.
pub(super) fn without_axes<'g>(operand: Var<'g>, of: Var<'g>, axes: &Axes) -> Option<Var<'g>> {
    let rank = of.rank();
    let axes = axes.resolve(rank).expect("the shape rule checked the axes");
    let mut source = operand;
    // What is repeated varies no more than what it repeats.
    while let Lowering::Broadcast = lowering(source) {
        source = input(source);
    }
    let shape = source.shape();
    axes.iter().all(|&axis| shape.aligned(axis, rank) == 1).then_some(source)
}
