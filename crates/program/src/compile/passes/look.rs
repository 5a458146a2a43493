//! Views move before the elementwise work that they look at.

use graph::reading::record;
use graph::rewriting::Visit;
use graph::{Graph, Lowering, Place, Shape, Var};

use super::simplify::{lowering, operands_of};
use crate::compile::place::of_repeated;
use crate::words;

/// What costs more than so many additions is computed once, and looked at afterwards.
const CHEAP: usize = 4;

/// A slice of f(x, y) becomes f of the slices of x and y, if f is cheap and the slice is no larger than what it is of: the
/// loop that wants the slice then reads x and y themselves, and f(x, y) need not be stored. Exact.
pub(super) fn looked_before<'g>(
    graph: &'g Graph,
    visit: &Visit<'_>,
    inputs: &[Var<'g>],
) -> Option<Var<'g>> {
    let Lowering::View(place) = visit.op.lower() else { return None };
    let x = inputs[0];
    let of = lowering(x);
    let elementwise = matches!(of, Lowering::Map(_) | Lowering::Zip(_) | Lowering::Select);
    if !elementwise || words::cost(&of) > CHEAP || place.shape.size() > x.shape().size() {
        return None;
    }
    let op = graph.node(x.id(), |node| node.op.clone());
    let seen = x.shape();
    let looks: Vec<Var<'g>> =
        operands_of(x).into_iter().map(|operand| of_view(operand, &seen, &place)).collect();
    let view = record(graph, op, &looks).ok()?;
    Some(if view.shape() == place.shape { view } else { view.broadcast_to(place.shape) })
}

/// What elementwise work at a place among the elements of a shape reads of an operand that it broadcasts to the shape: of
/// what repeats along an axis, one position.
pub(super) fn looked_at<'g>(operand: Var<'g>, shape: &Shape, place: &Place) -> Var<'g> {
    match of_repeated(&operand.shape(), shape, place) {
        Some(place) => operand.view(place),
        None => operand.broadcast_to(shape).view(place.clone()),
    }
}

/// The view of an operand, which again moves before what it looks at; a number is the same everywhere.
fn of_view<'g>(operand: Var<'g>, shape: &Shape, place: &Place) -> Var<'g> {
    if let Lowering::Full(value) = lowering(operand) {
        return operand.graph().full([], value);
    }
    let view = looked_at(operand, shape, place);
    let (graph, ty) = (view.graph(), view.ty());
    let op = graph.node(view.id(), |node| node.op.clone());
    let inputs = operands_of(view);
    looked_before(graph, &Visit { op: &op, ty: &ty }, &inputs).unwrap_or(view)
}

#[cfg(test)]
mod tests {
    use super::super::sweep;
    use super::super::testing::Passed;
    use super::*;

    #[test]
    fn slices_of_a_sum_are_sums_of_slices() {
        let passed = Passed::through(
            |target| sweep(target, &[looked_before]),
            |g| {
                let (x, b) = (g.input("x", [2, 6]), g.input("b", [6]));
                let y = (x + b).relu();
                y.slice_axis(1, 0..3) * y.slice_axis(1, 3..6)
            },
        );
        assert!(passed.text().contains("mul(relu, relu)"), "{}", passed.text());
        passed.keeps_values(0.0);
    }

    #[test]
    fn windows_that_overlap_and_dear_functions_are_looked_at_afterwards() {
        let passed = Passed::through(
            |target| sweep(target, &[looked_before]),
            |g| {
                let x = g.input("x", [6]);
                let windows = graph::Place {
                    offset: 0,
                    shape: [4, 3].into(),
                    strides: [1, 1].into_iter().collect(),
                };
                (x + 1.0).view(windows).sum() + x.exp().slice_axis(0, 0..2).sum()
            },
        );
        assert!(
            passed.text().contains("view(add)") && passed.text().contains("slice(exp)"),
            "{}",
            passed.text()
        );
    }
}
