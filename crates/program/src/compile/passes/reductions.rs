//! Reductions along any set of axes, as reductions along one axis at a time.

use smallvec::SmallVec;

use crate::compile::place::space_of;
use graph::FoldWord;
use graph::Lowering;
use graph::ops::{Fold, Max, Min, Prod, Sum};
use graph::reading::NodeId;
use graph::rewriting::Target;
use graph::{Axes, Graph, Shape, Var, keep};

/// Rewrites every reduction the compiler knows so that it runs along the last axis or the one
/// before it, by reshaping runs of neighbouring axes into one, and so that it runs along no axis of
/// extent 1, where there is nothing to join.
///
/// Up to rank 2 axes are taken one by one, so that a sum over a whole matrix can follow the
/// elementwise work on its rows. Sums and products are thereby associated anew.
pub(crate) fn one_axis_at_a_time(target: &Target) -> Target {
    target.rewrite(|graph, visit, inputs| match visit.op.lower() {
        Lowering::Reduce(word, axes) => {
            let reduce = |x: Var<'_>, axis: usize| apply(graph, word, x.id(), axis);
            let shape = space_of(&inputs[0].shape());
            let axes = in_space(&axes, &inputs[0].shape());
            let mut x = inputs[0].reshape_to(&shape);
            if axes.is_empty() && word == FoldWord::Sum {
                // A sum starts from 0, and 0 + (−0) is 0.
                x = x + 0.0;
            }
            let mut rest: &[usize] = &axes;
            while let Some(&last) = rest.last() {
                let run = if shape.rank() <= 2 { 1 } else { run_length(rest) };
                let first = last + 1 - run;
                let current = x.shape();
                let merged = merge(&current, first, last);
                let axis =
                    if last + 1 == current.rank() { merged.rank() - 1 } else { merged.rank() - 2 };
                let sum = graph.var(reduce(x.reshape_to(merged), axis));
                x = sum.reshape_to((first..=last).fold(current, |s, axis| s.with(axis, 1)));
                rest = &rest[..rest.len() - run];
            }
            x.reshape_to(&visit.ty.shape)
        }
        _ => visit.again(graph, inputs),
    })
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

/// The shape with axes `first..=last` merged into one, those before it into one, and those after
/// it into one; up to rank 2, as it is.
fn merge(shape: &Shape, first: usize, last: usize) -> Shape {
    if shape.rank() <= 2 {
        return shape.clone();
    }
    let product = |range: std::ops::Range<usize>| shape[range].iter().product::<usize>();
    let (outer, inner) = (product(0..first), product(last + 1..shape.rank()));
    let reduced = product(first..last + 1);
    let outer = (first > 0).then_some(outer);
    let inner = (last + 1 < shape.rank()).then_some(inner);
    outer.into_iter().chain([reduced]).chain(inner).collect()
}

fn apply(graph: &Graph, word: FoldWord, x: NodeId, axis: usize) -> NodeId {
    let axes: Axes = keep(axis as isize);
    let x = graph.var(x);
    let sum = match word {
        FoldWord::Sum => graph.apply(Fold { function: Sum, axes }, &[x]),
        FoldWord::Prod => graph.apply(Fold { function: Prod, axes }, &[x]),
        FoldWord::Max => graph.apply(Fold { function: Max, axes }, &[x]),
        FoldWord::Min => graph.apply(Fold { function: Min, axes }, &[x]),
    };
    sum.id()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduced_axes(shape: &[usize], axes: &[isize]) -> Vec<(Shape, Axes)> {
        let g = Graph::new();
        let y = g.input("x", shape).sum_over(axes).id();
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
        assert_eq!(reduced_axes(&[5, 6], &[0, 1]), [step(&[5, 6], 1), step(&[5, 1], 0)]);
        assert_eq!(reduced_axes(&[2, 3, 4, 5], &[2, 3]), [step(&[6, 20], 1)]);
        assert_eq!(reduced_axes(&[2, 3, 4, 5], &[1]), [step(&[2, 3, 20], 1)]);
        assert_eq!(reduced_axes(&[2, 3, 4, 5], &[0, 2, 3]), [step(&[6, 20], 1), step(&[2, 3], 0)]);
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
