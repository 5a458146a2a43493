//! The reverse rule of a loop: a loop the other way.

use std::collections::HashSet;

use super::record::Spec;
use super::{Result, Scan, sliced};
use crate::gradient::{sweep, zeros};
use crate::short::Short;
use crate::{Cotangents, Graph, Type, Var};

/// The cotangents of the inputs, given those of some results.
///
/// Cotangents are carried from the last step to the first. A step is recorded anew for its rules, on what was kept of the
/// steps wherever something was, so that no more is computed again than is cheap.
pub(super) fn cotangents<'g>(
    scan: &Scan,
    inputs: &[Var<'g>],
    output: Var<'g>,
    given: &[(usize, Var<'g>)],
) -> Cotangents<'g> {
    let graph = output.graph();
    let (carries, first) = (scan.carries(), graph.len());
    let mut step = Step { graph, slices: Vec::new() };
    let of =
        |result| given.iter().find(|(number, _)| *number == scan.number(result)).map(|&(_, v)| v);
    let before = (0..carries).map(|carry| step.slice(scan.part(output, Result::Before(carry))));
    let before: Vec<Var<'g>> = before.collect();
    let slices = inputs[carries..carries + scan.slices].iter();
    let slices: Vec<Var<'g>> = slices.map(|&stack| step.slice(stack)).collect();
    let captured = &inputs[carries + scan.slices..];
    let holes = [&before[..], &slices, captured].concat();
    let body = graph.len();
    let values = scan.body.record(graph, &holes);
    let body = body..graph.len();
    if !scan.recompute {
        step.keep(scan, &values, output);
    }

    let hole = |start: &Var<'g>| graph.hole(start.ty());
    let flowing: Vec<Var<'g>> = inputs[..carries].iter().map(hole).collect();
    let mut seeds: Vec<(Var<'g>, Var<'g>)> = Vec::new();
    for (number, &output) in scan.body.outputs.iter().enumerate() {
        let result = match number.checked_sub(carries) {
            None => Result::After(number),
            Some(each) => Result::Each(each),
        };
        let of_step = of(result).map(|stack| step.slice(stack));
        let carried = (number < carries).then(|| flowing[number]);
        if let Some(v) = [carried, of_step].into_iter().flatten().reduce(|a, b| a + b) {
            seeds.push((values[output], v));
        }
    }
    let reached =
        if seeds.is_empty() { vec![None; holes.len()] } else { sweep(body, &seeds, &holes) };

    let mut carried: Vec<Var<'g>> = Vec::new();
    for (carry, &hole) in before.iter().enumerate() {
        let of_step = of(Result::Before(carry)).map(|stack| step.slice(stack));
        let all = [reached[carry], of_step].into_iter().flatten().reduce(|a, b| a + b);
        carried.push(all.unwrap_or_else(|| zeros(hole)));
    }
    let start =
        |(carry, &hole): (usize, &Var<'g>)| of(Result::Last(carry)).unwrap_or_else(|| zeros(hole));
    let starts: Vec<Var<'g>> = before.iter().enumerate().map(start).collect();
    let mut carries: Vec<(Var<'g>, Var<'g>)> = flowing.into_iter().zip(starts).collect();
    let count = carries.len();

    // What flows into the slices, and into what all steps read, which is their sum.
    let (of_slices, of_captured) = reached[count..].split_at(slices.len());
    let mut each: Vec<Var<'g>> = of_slices.iter().flatten().copied().collect();
    if scan.recompute {
        for (total, flows) in captured.iter().zip(of_captured) {
            if let Some(flows) = *flows {
                let sum = graph.hole(total.ty());
                carries.push((sum, zeros(*total)));
                carried.push(sum + flows);
            }
        }
    } else {
        each.extend(of_captured.iter().flatten());
    }
    let spec = Spec {
        carries,
        slices: step.slices,
        steps: scan.steps,
        reverse: !scan.reverse,
        recompute: scan.recompute,
        recorded: first..graph.len(),
        carried,
        each,
    };
    let back = spec.record(graph);

    let (mut each, mut sums) = (back.each.iter().copied(), count..);
    let of_starts = (0..count).map(|carry| Some(back.result(Result::Last(carry))));
    let mut cotangents: Cotangents<'g> = of_starts.short();
    cotangents.extend(of_slices.iter().map(|flows| flows.and_then(|_| each.next())));
    let mut total = || match scan.recompute {
        true => sums.next().map(|sum| back.result(Result::Last(sum))),
        false => each.next().map(|each| each.sum_over(0)),
    };
    cotangents.extend(of_captured.iter().map(|flows| flows.and_then(|_| total())));
    cotangents
}

/// A step of the loop back.
struct Step<'g> {
    graph: &'g Graph,
    slices: Vec<(Var<'g>, Var<'g>)>,
}

impl<'g> Step<'g> {
    /// A slice of an array.
    fn slice(&mut self, stack: Var<'g>) -> Var<'g> {
        let Type { kind, shape } = sliced(&stack.ty());
        let hole = self.graph.hole(Type { kind, shape });
        self.slices.push((hole, stack));
        hole
    }

    /// Lets what was kept of the steps stand for what would be computed again.
    fn keep(&mut self, scan: &Scan, values: &[Var<'g>], output: Var<'g>) {
        let carries = scan.carries();
        let mut known: HashSet<_> = self.slices.iter().map(|slice| slice.0.id()).collect();
        for (number, &value) in scan.body.outputs.iter().enumerate() {
            let result = match number.checked_sub(carries) {
                None => Result::After(number),
                Some(each) => Result::Each(each),
            };
            if value >= scan.body.holes.len() && known.insert(values[value].id()) {
                self.slices.push((values[value], scan.part(output, result)));
            }
        }
    }
}
