//! The reverse rule of a choice: a choice of reverse rules.

use super::Cond;
use super::record::Spec;
use crate::control::Body;
use crate::gradient::{sweep, zeros};
use crate::{Cotangents, Var};

/// The cotangents of the inputs, given those of some results. What ran is recorded anew in the function of its rules.
pub(super) fn cotangents<'g>(
    cond: &Cond,
    inputs: &[Var<'g>],
    given: &[(usize, Var<'g>)],
) -> Cotangents<'g> {
    let (predicate, captured) = (inputs[0], &inputs[1..]);
    let graph = predicate.graph();
    let back = |body: &Body| {
        let first = graph.len();
        let values = body.record(graph, captured);
        let nodes = first..graph.len();
        let seeds: Vec<(Var<'g>, Var<'g>)> =
            given.iter().map(|&(number, v)| (values[body.outputs[number]], v)).collect();
        let reached = sweep(nodes, &seeds, captured);
        (first..graph.len(), reached)
    };
    let [yes, no] = [&cond.yes, &cond.no].map(|body| back(body));
    // Where one variable stands at several positions, the first has the cotangent of them all.
    let stood_before = |i: usize| captured[..i].iter().any(|var| var.id() == captured[i].id());
    let reached = |&i: &usize| (yes.1[i].is_some() || no.1[i].is_some()) && !stood_before(i);
    let reached: Vec<usize> = (0..captured.len()).filter(reached).collect();
    let results = [&yes.1, &no.1].map(|cotangents| {
        let of = |&i: &usize| cotangents[i].unwrap_or_else(|| zeros(captured[i]));
        reached.iter().map(of).collect()
    });
    let recorded = [yes.0, no.0];
    let results = Spec { predicate, recorded, results }.record(graph);
    let mut cotangents: Cotangents<'g> = smallvec::smallvec![None; inputs.len()];
    reached.iter().zip(results).for_each(|(&i, cotangent)| cotangents[i + 1] = Some(cotangent));
    cotangents
}
