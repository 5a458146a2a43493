//! A loop for many samples: one loop, whose carries and slices have all samples.

use super::record::{Recorded, Spec};
use super::{Result, Scan, sliced};
use crate::transform::{Replay, Sampled};
use crate::{Graph, Type, Var};

/// A loop that was recorded for many samples.
pub(crate) struct Mapped<'g> {
    recorded: Recorded<'g>,
    /// The one of one sample.
    scan: Scan,
}

impl<'g> Mapped<'g> {
    /// What stands for a part of the loop of one sample: with the samples along a first axis.
    pub fn part(&self, number: usize) -> Var<'g> {
        match self.scan.result(number) {
            Result::Last(carry) => self.recorded.result(Result::Last(carry)),
            Result::Each(each) => swapped(self.recorded.each[each]),
            steps => swapped(self.recorded.result(steps)),
        }
    }
}

/// Records a loop for many samples, on inputs some of which differ between them.
pub(in super::super) fn mapped<'g>(
    graph: &'g Graph,
    samples: usize,
    scan: &Scan,
    inputs: &[Sampled<'g>],
) -> Mapped<'g> {
    let (count, first) = (scan.carries(), graph.len());
    let (mut one, mut given) = (Vec::new(), Vec::new());
    let (mut carries, mut slices) = (Vec::new(), Vec::new());
    // A hole of one sample, and one of all.
    let mut holes = |ty: &Type| {
        let all = Type { kind: ty.kind, shape: ty.shape.inserted(0, samples) };
        let (one, all) = (graph.hole(ty.clone()), graph.hole(all));
        given.push((one, all));
        (one, all)
    };
    for (i, (input, hole)) in inputs.iter().zip(&scan.body.holes).enumerate() {
        one.push(if i < count {
            let (one, all) = holes(hole);
            carries.push((all, input.for_each(samples)));
            one
        } else if i < count + scan.slices && input.each {
            let (one, all) = holes(hole);
            slices.push((all, swapped(input.var)));
            one
        } else if i < count + scan.slices {
            let one = graph.hole(sliced(&input.var.ty()));
            slices.push((one, input.var));
            one
        } else if input.each {
            graph.hole(hole.clone())
        } else {
            input.var
        });
    }
    let captured =
        inputs.iter().zip(&one).skip(count + scan.slices).filter(|(input, _)| input.each);
    given.extend(captured.map(|(input, &one)| (one, input.var)));
    let values = scan.body.record(graph, &one);
    let mut replay = Replay::new(graph, samples, &given, 0..0);
    let outputs = scan.body.outputs.iter().map(|&o| replay.value(values[o]).for_each(samples));
    let mut carried: Vec<Var<'g>> = outputs.collect();
    let each = carried.split_off(count);
    let spec = Spec {
        carries,
        slices,
        steps: scan.steps,
        reverse: scan.reverse,
        recompute: scan.recompute,
        recorded: first..graph.len(),
        carried,
        each,
    };
    Mapped { recorded: spec.record(graph), scan: scan.clone() }
}

/// The first two axes the other way round.
fn swapped(x: Var<'_>) -> Var<'_> {
    let order: Vec<isize> = [1, 0].into_iter().chain(2..x.rank() as isize).collect();
    x.permute(order)
}
