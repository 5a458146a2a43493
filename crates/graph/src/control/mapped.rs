//! Operations with bodies for many samples.

use super::row::row;
use super::{Body, Cond, Scan, While, cond, scan, while_loop};
use crate::operation::Op;
use crate::transform::{Replay, Sampled};
use crate::{Graph, Var};

/// An operation with several results that was recorded for many samples.
pub(crate) enum Mapped<'g> {
    /// A loop over slices.
    Scan(scan::Mapped<'g>),
    /// The results of anything else, with the samples along a first axis.
    Results(Vec<Var<'g>>),
}

impl<'g> Mapped<'g> {
    /// What stands for a part of the operation of one sample: with the samples along a first axis.
    pub fn part(&self, number: usize) -> Var<'g> {
        match self {
            Self::Scan(scan) => scan.part(number),
            Self::Results(results) => results[number],
        }
    }
}

/// Records an operation with several results for many samples, on inputs some of which differ between them; nothing if it is
/// none.
pub(crate) fn mapped<'g>(
    graph: &'g Graph,
    samples: usize,
    op: &Op,
    inputs: &[Sampled<'g>],
) -> Option<Mapped<'g>> {
    if let Some(scan) = op.downcast::<Scan>() {
        return Some(Mapped::Scan(scan::mapped(graph, samples, scan, inputs)));
    }
    if let Some(cond) = op.downcast::<Cond>() {
        return Some(Mapped::Results(cond::mapped(graph, samples, cond, inputs)));
    }
    let repeated = op.downcast::<While>()?;
    Some(Mapped::Results(while_loop::mapped(graph, samples, repeated, inputs)))
}

/// Records a body for many samples; answers its results, with the samples along a first axis.
pub(super) fn of_samples<'g>(
    graph: &'g Graph,
    samples: usize,
    body: &Body,
    inputs: &[Sampled<'g>],
) -> Vec<Var<'g>> {
    let mut given = Vec::new();
    let mut one = |(input, ty): (&Sampled<'g>, &crate::Type)| {
        if !input.each {
            return input.var;
        }
        let one = graph.hole(ty.clone());
        given.push((one, input.var));
        one
    };
    let holes: Vec<Var<'g>> = inputs.iter().zip(&body.holes).map(&mut one).collect();
    let values = body.record(graph, &holes);
    let mut replay = Replay::new(graph, samples, &given, 0..0);
    body.outputs.iter().map(|&output| replay.value(values[output]).for_each(samples)).collect()
}

/// Of each value the samples that take part; in place of the others stand copies of the first that does, so that nothing is
/// computed of values that a sample would never have: no index is out of range, and no derivative infinite, which 0 does
/// not undo.
///
/// At least one must take part. What the others stand for gets a cotangent of 0 from them.
pub(super) fn of_takers<'g>(takes: Var<'g>, inputs: &[Sampled<'g>]) -> Vec<Sampled<'g>> {
    let first = takes.to_real().argmax(0);
    let safe = |input: &Sampled<'g>| match input.each {
        true => Sampled { var: choice(takes, input.var, row(input.var, first)), each: true },
        false => *input,
    };
    inputs.iter().map(safe).collect()
}

/// Sample by sample one or the other.
pub(super) fn choice<'g>(takes: Var<'g>, a: Var<'g>, b: Var<'g>) -> Var<'g> {
    let ones = vec![1; a.rank() - 1];
    takes.reshape_to([&takes.shape()[..], &ones].concat()).select(a, b)
}
