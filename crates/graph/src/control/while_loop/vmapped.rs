//! A loop for many samples: until all are done.

use super::{Spec, While};
use crate::control::mapped::{choice, of_samples, of_takers};
use crate::transform::Sampled;
use crate::{Graph, Type, Var};

/// Records a loop for many samples, on inputs some of which differ between them. Beside the carries, whether a sample still
/// runs is carried.
pub(in super::super) fn mapped<'g>(
    graph: &'g Graph,
    samples: usize,
    op: &While,
    inputs: &[Sampled<'g>],
) -> Vec<Var<'g>> {
    let count = op.carries();
    let captured = &inputs[count..];
    let starts: Vec<Var<'g>> =
        inputs[..count].iter().map(|input| input.for_each(samples)).collect();
    if samples == 0 {
        return starts;
    }
    let beside = |carries: &[Var<'g>]| -> Vec<Sampled<'g>> {
        let carries = carries.iter().map(|&var| Sampled { var, each: true });
        carries.chain(captured.iter().copied()).collect()
    };
    // What a done sample is asked again, it was asked before.
    let goes_on = |carries: &[Var<'g>]| {
        of_samples(graph, samples, &op.condition, &beside(carries))[0].to_real()
    };
    let start = goes_on(&starts);
    let first = graph.len();
    let holes: Vec<Var<'g>> = starts.iter().map(|start| graph.hole(start.ty())).collect();
    let running = graph.hole(Type::real([samples]));
    let takes = running.gt(0.5);
    let new = of_samples(graph, samples, &op.body, &of_takers(takes, &beside(&holes)));
    let mut carried: Vec<Var<'g>> =
        new.iter().zip(&holes).map(|(&new, &old)| choice(takes, new, old)).collect();
    carried.push(takes.select(goes_on(&carried), 0.0));
    let carries = holes.into_iter().zip(starts).chain([(running, start)]).collect();
    let condition = running.max().gt(0.5);
    let spec = Spec { carries, recorded: first..graph.len(), condition, carried };
    let mut last = spec.record(graph);
    last.truncate(count);
    last
}
