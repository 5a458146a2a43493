//! Reductions along any set of axes, as reductions along one axis at a time.

use std::ops::Range;

use smallvec::SmallVec;

use crate::compile::place::space_of;
use graph::FoldWord;
use graph::Lowering;
use graph::ops::{Fold, Max, Min, Prod, Sum};
use graph::rewriting::Target;
use graph::{Axes, Shape, Var, keep};

use super::simplify::{input, lowering};

/// The shortest last axis that is worth a loop over rows of it.
const SHORT: usize = 8;

/// The fewest elements of rows that are reduced to one by themselves, where there are more axes.
const ROUND: usize = 1024;

/// Rewrites every reduction the compiler knows so that it runs along the last axis, or along the rows, which are axes
/// before it, and along no axis of extent 1, where there is nothing to join.
///
/// The first axes to go, the last one or the rows, are taken as they stand if that pays, so that the reduction
/// runs over the positions of the elementwise work before it and can be part of its loop. Of what that leaves, which is less, runs of
/// neighbouring axes are reshaped into one. Sums and products are thereby associated anew.
pub(crate) fn one_axis_at_a_time(target: &Target) -> Target {
    target.rewrite(|graph, visit, inputs| match visit.op.lower() {
        Lowering::Reduce(word, axes) => {
            let axes = in_space(&axes, &inputs[0].shape());
            let mut x = inputs[0].reshape_to(space_of(&inputs[0].shape()));
            if axes.is_empty() && word == FoldWord::Sum {
                // A sum starts from 0, and 0 + (−0) is 0.
                x = x + 0.0;
            }
            let mut rest: &[usize] = &axes;
            while let Some(&last) = rest.last() {
                let shape = x.shape();
                let standing = (rest.len() == axes.len()).then(|| standing(x, rest)).flatten();
                let run = standing.unwrap_or_else(|| run_length(rest));
                let first = last + 1 - run;
                x = match standing {
                    Some(_) => apply(word, x, first..last + 1),
                    None => {
                        let merged = merge(&shape, first, last);
                        let axis = merged.rank() - if last + 1 == shape.rank() { 1 } else { 2 };
                        apply(word, x.reshape_to(merged), axis..axis + 1)
                    }
                };
                x = x.reshape_to(without(&shape, first..last + 1));
                rest = &rest[..rest.len() - run];
            }
            x.reshape_to(&visit.ty.shape)
        }
        _ => visit.again(graph, inputs),
    })
}

/// How many of the last of some axes are reduced as they stand, if any.
fn standing(x: Var<'_>, axes: &[usize]) -> Option<usize> {
    let (shape, last) = (x.shape(), axes[axes.len() - 1]);
    let run = run_length(axes);
    let behind = shape.rank() - last - 1;
    let axes = match behind {
        _ if shape.rank() <= 2 => 1,
        0 if shape[last] >= SHORT => 1,
        // Sums down the rows are completed round by round, each of which must be worth it.
        1 if is_elementwise(x) && shape[last + 1 - run..].iter().product::<usize>() >= ROUND => run,
        _ => return None,
    };
    (shape.rank() <= kernels::Fused::<f32>::MAX_AXES).then_some(axes)
}

/// Whether there is a loop that a reduction can be part of.
fn is_elementwise(mut x: Var<'_>) -> bool {
    loop {
        x = match lowering(x) {
            Lowering::Reshape => input(x),
            Lowering::Map(_) | Lowering::Zip(_) | Lowering::Select | Lowering::Contract(_) => {
                return true;
            }
            _ => return false,
        };
    }
}

/// The shape without a range of its axes.
fn without(shape: &Shape, axes: Range<usize>) -> Shape {
    shape[..axes.start].iter().chain(&shape[axes.end..]).copied().collect()
}

/// The axes of a reduction among those of the space of a shape.
fn in_space(axes: &Axes, shape: &Shape) -> SmallVec<[usize; 4]> {
    let axes = axes.resolve(shape.rank()).expect("the shape rule checked the axes");
    let reduced = axes.into_iter().filter(|&axis| shape[axis] != 1);
    reduced.map(|axis| space_of(&shape[..axis]).rank()).collect()
}

/// How many of the last of these axes are neighbours.
fn run_length(axes: &[usize]) -> usize {
    let neighbours = axes.windows(2).rev().take_while(|pair| pair[0] + 1 == pair[1]);
    1 + neighbours.count()
}

/// The shape with axes `first..=last` merged into one, those before it into one, and those after it into one.
fn merge(shape: &Shape, first: usize, last: usize) -> Shape {
    let product = |range: Range<usize>| shape[range].iter().product::<usize>();
    let (outer, inner) = (product(0..first), product(last + 1..shape.rank()));
    let reduced = product(first..last + 1);
    let outer = (first > 0).then_some(outer);
    let inner = (last + 1 < shape.rank()).then_some(inner);
    outer.into_iter().chain([reduced]).chain(inner).collect()
}

fn apply<'g>(word: FoldWord, x: Var<'g>, along: Range<usize>) -> Var<'g> {
    let axes: SmallVec<[isize; 4]> = along.map(|axis| axis as isize).collect();
    let axes = keep(&axes[..]);
    let graph = x.graph();
    match word {
        FoldWord::Sum => graph.apply(Fold { function: Sum, axes }, &[x]),
        FoldWord::Prod => graph.apply(Fold { function: Prod, axes }, &[x]),
        FoldWord::Max => graph.apply(Fold { function: Max, axes }, &[x]),
        FoldWord::Min => graph.apply(Fold { function: Min, axes }, &[x]),
    }
}

#[cfg(test)]
mod tests {
    use graph::Graph;

    use super::*;

    fn reduced_axes(shape: &[usize], axes: &[isize]) -> Vec<(Shape, Axes)> {
        reduced_axes_of(|x| x, shape, axes)
    }

    fn reduced_axes_of(
        of: impl Fn(Var<'_>) -> Var<'_>,
        shape: &[usize],
        axes: &[isize],
    ) -> Vec<(Shape, Axes)> {
        let g = Graph::new();
        let y = of(g.input("x", shape)).sum_over(axes).id();
        let rewritten = one_axis_at_a_time(&Target { graph: g, outputs: vec![y] });
        rewritten.graph.dag(|dag| {
            let sums = dag.node_indices().filter(|&id| dag[id].op.name() == "sum");
            sums.map(|id| {
                let input = dag.neighbors_directed(id, petgraph::Incoming).next().unwrap();
                let Lowering::Reduce(_, axes) = dag[id].op.lower() else { panic!() };
                (dag[input].ty.shape.clone(), axes)
            })
            .collect()
        })
    }

    #[test]
    fn neighbouring_axes_merge_and_others_follow() {
        let step = |shape: &[usize], axis: isize| (Shape::from(shape), keep(axis));
        assert_eq!(reduced_axes(&[5, 6], &[0]), [step(&[5, 6], 0)]);
        assert_eq!(reduced_axes(&[5, 6], &[0, 1]), [step(&[5, 6], 1), step(&[5], 0)]);
        assert_eq!(reduced_axes(&[2, 3, 4, 5], &[2, 3]), [step(&[6, 20], 1)]);
        assert_eq!(reduced_axes(&[2, 3, 4, 5], &[1]), [step(&[2, 3, 20], 1)]);
        assert_eq!(reduced_axes(&[2, 3, 4, 5], &[0, 2, 3]), [step(&[6, 20], 1), step(&[2, 3], 0)]);
    }

    #[test]
    fn a_long_axis_at_the_end_goes_first_and_leaves_the_others_as_they_are() {
        let step = |shape: &[usize], axis: isize| (Shape::from(shape), keep(axis));
        assert_eq!(reduced_axes(&[2, 3, 8], &[-1]), [step(&[2, 3, 8], 2)]);
        assert_eq!(reduced_axes(&[2, 3, 7], &[-1]), [step(&[6, 7], 1)]);
        assert_eq!(
            reduced_axes(&[2, 3, 4, 9], &[2, 3]),
            [step(&[2, 3, 4, 9], 3), step(&[6, 4], 1)]
        );
    }

    #[test]
    fn sums_down_rows_of_computed_values_go_as_they_stand_if_these_are_long() {
        let step = |shape: &[usize], axes: &[isize]| (Shape::from(shape), keep(axes));
        let of_computed =
            |rows, axes: &[isize]| reduced_axes_of(|x| x.exp(), &[2, 3, rows, 64], axes);
        assert_eq!(of_computed(4, &[0, 1, 2]), [step(&[2, 3, 4, 64], &[0, 1, 2])]);
        assert_eq!(of_computed(6, &[1, 2]), [step(&[2, 3, 6, 64], &[1, 2])]);
        let some_rows = [step(&[2, 3, 16, 64], &[2]), step(&[2, 192], &[0])];
        assert_eq!(of_computed(16, &[0, 2]), some_rows);
        assert_eq!(of_computed(2, &[0, 1, 2]), [step(&[12, 64], &[0])]);
        let of_given = reduced_axes(&[2, 3, 16, 64], &[0, 1, 2]);
        assert_eq!(of_given, [step(&[96, 64], &[0])]);
    }

    #[test]
    fn no_reduction_runs_along_an_axis_of_extent_1() {
        let step = |shape: &[usize], axis: isize| (Shape::from(shape), keep(axis));
        assert_eq!(reduced_axes(&[1, 65, 1], &[0, 1, 2]), [step(&[65], 0)]);
        assert_eq!(reduced_axes(&[4, 1, 5], &[1, 2]), [step(&[4, 5], 1)]);
        assert_eq!(reduced_axes(&[4, 5, 1], &[0, 2]), [step(&[4, 5], 0)]);
        assert_eq!(reduced_axes(&[4, 1, 5], &[1]), []);
    }
}
