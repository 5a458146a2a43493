//! A choice for many samples.

use super::Cond;
use super::record::Spec;
use crate::control::Body;
use crate::control::mapped::{choice, of_samples, of_takers};
use crate::transform::Sampled;
use crate::{Graph, Var};

/// Records a choice for many samples, on inputs some of which differ between them: of the same function for all, or of one
/// for each.
pub(in super::super) fn mapped<'g>(
    graph: &'g Graph,
    samples: usize,
    cond: &Cond,
    inputs: &[Sampled<'g>],
) -> Vec<Var<'g>> {
    let (predicate, captured) = (inputs[0], &inputs[1..]);
    let bodies = [&cond.yes, &cond.no];
    if !predicate.each {
        let both = bodies.map(|body| {
            let first = graph.len();
            let results = of_samples(graph, samples, body, captured);
            (first..graph.len(), results)
        });
        let [(yes, of_yes), (no, of_no)] = both;
        let spec = Spec { predicate: predicate.var, recorded: [yes, no], results: [of_yes, of_no] };
        return spec.record(graph);
    }
    if samples == 0 {
        let empty =
            |&output: &usize| graph.full(cond.yes.ty(output).shape.inserted(0, samples), 0.0);
        return cond.yes.outputs.iter().map(empty).collect();
    }
    let takes = [predicate.var, !predicate.var];
    let both = [0, 1].map(|i| of_those(graph, samples, bodies[i], takes[i], captured));
    both[0].iter().zip(&both[1]).map(|(&yes, &no)| choice(predicate.var, yes, no)).collect()
}

/// The results of a function for the samples that take it, and anything finite for the others; it does not run if there are
/// none.
fn of_those<'g>(
    graph: &'g Graph,
    samples: usize,
    body: &Body,
    takes: Var<'g>,
    captured: &[Sampled<'g>],
) -> Vec<Var<'g>> {
    let any = takes.to_real().max().gt(0.5);
    let first = graph.len();
    let read = body.sources(&body.outputs);
    let used: Vec<Sampled<'g>> =
        captured.iter().zip(&read).filter(|(_, read)| **read).map(|(input, _)| *input).collect();
    let mut safe = of_takers(takes, &used).into_iter();
    let given = captured.iter().zip(&read).map(|(input, read)| match read {
        true => safe.next().expect("one for each that is read"),
        false => *input,
    });
    let given: Vec<Sampled<'g>> = given.collect();
    let results = of_samples(graph, samples, body, &given);
    let runs = first..graph.len();
    let zeros = results.iter().map(|result| graph.full(result.shape(), 0.0)).collect();
    let spec = Spec { predicate: any, recorded: [runs, 0..0], results: [results, zeros] };
    spec.record(graph)
}
