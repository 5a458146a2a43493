//! One index for each row, as a comparison of the row's positions with it.

use graph::ops::IsAt;
use graph::rewriting::Visit;
use graph::{Graph, Lowering, Place, Shape, Var, keep};

use super::simplify::{input, lowering};

/// One element of each row of what a loop computes anyway is a sum over the row, with 0 for all others: the loop that knows
/// the row knows it then. (A row of a leaf, or one that is worked on in parts, is looked up in memory.) Of −0 that makes +0.
pub(super) fn picked<'g>(
    graph: &'g Graph,
    visit: &Visit<'_>,
    inputs: &[Var<'g>],
) -> Option<Var<'g>> {
    let Lowering::Pick(place) = visit.op.lower() else { return None };
    if !is_computed(inputs[0]) {
        return None;
    }
    let (axis, extent, mask) = mask(graph, visit, &place, inputs)?;
    let whole = extent <= kernels::Fused::<f32>::MAX_ROW;
    whole.then(|| mask.select(inputs[0], 0.0).sum_over(keep(axis as isize)))
}

/// One element that is added to each row is added where a comparison says so: all of the result is written in any case.
pub(super) fn put<'g>(graph: &'g Graph, visit: &Visit<'_>, inputs: &[Var<'g>]) -> Option<Var<'g>> {
    let Lowering::Put(place) = visit.op.lower() else { return None };
    let (_, _, mask) = mask(graph, visit, &place, inputs)?;
    Some(mask.select(inputs[0] + inputs[2], inputs[0]))
}

/// Along which axis one index for each row points, how long that is, and where its positions are those of the indices.
fn mask<'g>(
    graph: &'g Graph,
    visit: &Visit<'_>,
    place: &Place,
    inputs: &[Var<'g>],
) -> Option<(usize, usize, Var<'g>)> {
    let (name, x, index) = (visit.op.name(), inputs[0], inputs[1]);
    let axis = indexed_axis(place, &x.shape())?;
    let extent = x.shape()[axis];
    Some((axis, extent, graph.record(IsAt { name, axis, extent }, &[index]).ok()?))
}

/// The axis of an array along which one index for each row points, if that is what the place says.
fn indexed_axis(place: &Place, array: &Shape) -> Option<usize> {
    let whole = Place::whole(array);
    let (&stride, strides) = place.strides.split_last()?;
    let (&extent, positions) = place.shape.split_last()?;
    let rows = |axis: &usize| {
        let (shape, of_whole) = (array.with(*axis, 1), &whole.strides);
        let others = |i: &usize| i != axis && shape[*i] != 1;
        extent == array[*axis]
            && *positions == shape[..]
            && (stride == of_whole[*axis] || extent == 1)
            && (0..array.rank()).filter(others).all(|i| strides[i] == of_whole[i])
    };
    (place.offset == 0 && extent > 0).then(|| (0..array.rank()).find(rows)).flatten()
}

/// Whether a loop computes the elements, or a product for it.
fn is_computed(x: Var<'_>) -> bool {
    match lowering(x) {
        Lowering::Reshape
        | Lowering::Permute(_)
        | Lowering::Broadcast
        | Lowering::View(_)
        | Lowering::Reinterpret => is_computed(input(x)),
        Lowering::Map(_) | Lowering::Zip(_) | Lowering::Select | Lowering::Contract(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Passed;
    use super::super::{expand::expanded, until_settled};
    use super::*;

    fn passed(build: impl for<'g> Fn(&'g Graph) -> Var<'g>) -> String {
        let pass = |target: &graph::rewriting::Target| {
            until_settled(&target.graph, &target.outputs, &[expanded, picked, put])
        };
        let passed = Passed::through(pass, build);
        passed.keeps_values(1e-15);
        passed.text()
    }

    #[test]
    fn one_element_of_each_computed_row_is_a_masked_sum() {
        let picked = |computed: bool, axis: isize| {
            passed(move |g| {
                let (x, i) = (g.input("x", [3, 4]), g.index_input("i", [3, 4]));
                let i = if axis == 1 { i.slice_axis(1, 0..1) } else { i.slice_axis(0, 0..1) };
                (if computed { x.exp() } else { x }).gather(axis, i)
            })
        };
        for axis in [0, 1] {
            assert!(picked(true, axis).ends_with("select(gather, exp, 0); sum(select)"));
            assert!(picked(false, axis).ends_with("gather(x, gather)"), "{}", picked(false, axis));
        }
    }

    #[test]
    fn several_elements_of_a_row_and_rows_of_a_table_are_looked_up() {
        let several = passed(|g| {
            let (x, i) = (g.input("x", [3, 4]), g.index_input("i", [3, 2]));
            x.exp().gather(1, i)
        });
        assert!(several.contains("gather(exp"), "{several}");
        let rows = passed(|g| {
            let (x, i) = (g.input("x", [3, 4]), g.index_input("i", [2]));
            x.exp().take(0, i)
        });
        assert!(rows.contains("take(exp"), "{rows}");
    }

    #[test]
    fn one_element_added_to_each_row_is_added_where_a_comparison_says_so() {
        let added = passed(|g| {
            let (x, i) = (g.input("x", [3, 4]), g.index_input("i", [3, 1]));
            x.scatter_add(1, i, g.input("v", [3, 1]))
        });
        assert!(added.ends_with("select(scatter_add, add, x)"), "{added}");
    }
}
