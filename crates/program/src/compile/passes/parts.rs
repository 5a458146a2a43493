//! Elementwise work on an array that others make up is done on its parts.

use graph::ops::Embed;
use graph::reading::record;
use graph::rewriting::Visit;
use graph::{Graph, Kind, Lowering, Place, Var, ZipWord};

use super::look::looked_at;
use super::simplify::{input, lowering, operands, operands_of};

/// f of an array of parts becomes the array of f of each part, where f has nothing to do in between: the loop that computes
/// a part does it at once, and nothing else reads the array. Exact: there is nothing in between, or f keeps a 0 there.
///
/// Where parts are products that no loop computes, which write themselves into the array, f of all of it is one loop over
/// rows that lie side by side; f of each would be as many over every other row: the phases of a convolution with a stride.
pub(super) fn done_on_parts<'g>(
    graph: &'g Graph,
    visit: &Visit<'_>,
    inputs: &[Var<'g>],
) -> Option<Var<'g>> {
    let word = visit.op.lower();
    // Truth values are not put together.
    if visit.ty.kind != Kind::Real
        || !matches!(word, Lowering::Map(_) | Lowering::Zip(_) | Lowering::Select)
    {
        return None;
    }
    let shape = &visit.ty.shape;
    let is_array =
        |x: &&Var<'g>| x.shape() == *shape && matches!(lowering(**x), Lowering::Embed(_));
    let array = *inputs.iter().find(is_array)?;
    let Lowering::Embed(places) = lowering(array) else { return None };
    let keeps_zero = word == Lowering::Zip(ZipWord::MulNoNan) && inputs[0].id() == array.id();
    if !(fill(&places, shape.size()) || keeps_zero && are_few(&places)) {
        return None;
    }
    let parts = operands_of(array);
    if parts.len() > 1 && parts.iter().any(|&part| is_of_windows(part)) {
        return None;
    }
    let part = |(place, &part): (&Place, &Var<'g>)| {
        let seen = inputs
            .iter()
            .map(|&x| if x.id() == array.id() { part } else { looked_at(x, shape, place) });
        record(graph, visit.op.clone(), &seen.collect::<Vec<_>>()).ok()
    };
    let parts: Vec<Var<'g>> = places.iter().zip(&parts).map(part).collect::<Option<_>>()?;
    let embed = Embed { name: array_name(array), shape: shape.clone(), places };
    Some(graph.apply(embed, &parts))
}

/// Whether it is a product of windows: the last axis that is summed is not the last of the first factor. As a loop computes
/// only small ones of these, one loop over all parts is faster than one for each. What a loop computes is decided where there
/// are strides, `Analysis::can_loop`: by then other products may be read so, too, and some of these not.
fn is_of_windows(mut x: Var<'_>) -> bool {
    loop {
        x = match lowering(x) {
            Lowering::Reshape | Lowering::Permute(_) => input(x),
            Lowering::Contract(contract) => {
                let [first, _] = operands(x);
                return contract.sums[0].last().is_some_and(|&axis| axis + 1 < first.rank());
            }
            _ => return false,
        };
    }
}

fn array_name(array: Var<'_>) -> &'static str {
    array.graph().node(array.id(), |node| node.op.name())
}

/// Whether the parts lie apart and leave nothing in between.
fn fill(places: &[Place], size: usize) -> bool {
    are_few(places) && places.iter().map(|place| place.shape.size()).sum::<usize>() == size
}

/// Whether it is found out at small cost that the parts lie apart: many parts are left as they are.
fn are_few(places: &[Place]) -> bool {
    places.len() <= 16 && super::super::analysis::are_apart(places)
}

#[cfg(test)]
mod tests {
    use super::super::sweep;
    use super::super::testing::Passed;
    use super::*;

    #[test]
    fn a_function_of_joined_arrays_is_of_each() {
        let passed = Passed::through(
            |target| sweep(target, &[done_on_parts]),
            |g| {
                let (x, y) = (g.input("x", [2, 3]), g.input("y", [2, 1]));
                g.concat(&[x, y], 1).square() * 3.0
            },
        );
        assert!(passed.text().ends_with("concat(mul, mul)"), "{}", passed.text());
        passed.keeps_values(0.0);
    }

    #[test]
    fn zeros_in_between_keep_what_would_change_them_outside() {
        let passed = Passed::through(
            |target| sweep(target, &[done_on_parts]),
            |g| g.input("x", [2]).pad([(1, 1)], 0.0).cos(),
        );
        assert!(passed.text().ends_with("cos(pad)"), "{}", passed.text());
        passed.keeps_values(0.0);
    }
}
