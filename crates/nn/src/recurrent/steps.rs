//! A body applied along time.

use graph::{Graph, Var};

/// Carries variables through the slices along axis 0 of `xs`, from the first to the last or in
/// reverse: (carried, slices) ↦ (carried on, answers). Answers what is carried last, and the answers of the
/// body stacked along axis 0, each in the place of its slices.
pub(super) fn scan<'g>(
    graph: &'g Graph,
    init: &[Var<'g>],
    xs: &[Var<'g>],
    reverse: bool,
    body: impl Fn(&[Var<'g>], &[Var<'g>]) -> (Vec<Var<'g>>, Vec<Var<'g>>),
) -> (Vec<Var<'g>>, Vec<Var<'g>>) {
    let count = xs[0].shape()[0];
    let mut carried = init.to_vec();
    let mut answers = Vec::with_capacity(count);
    for step in 0..count {
        let position = if reverse { count - 1 - step } else { step };
        let slices: Vec<_> = xs.iter().map(|x| x.index_axis(0, position as isize)).collect();
        let (next, answer) = body(&carried, &slices);
        carried = next;
        answers.push(answer);
    }
    if reverse {
        answers.reverse();
    }
    let stacked = |i| {
        let each: Vec<_> = answers.iter().map(|answer: &Vec<_>| answer[i]).collect();
        graph.stack(&each, 0)
    };
    let ys = (0..answers[0].len()).map(stacked).collect();
    (carried, ys)
}
