//! A loop without what nobody reads.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{Result, Scan};
use crate::control::{Body, Part};
use crate::ops::View;
use crate::reading::{NodeId, operation};
use crate::rewriting::{Target, rewrite};
use crate::{Graph, Var};

/// A loop that computes some of the results of another.
struct Trimmed {
    scan: Scan,
    /// Which of the inputs of the other it takes.
    inputs: Vec<usize>,
    /// Which of the values kept of a step it keeps.
    each: Vec<usize>,
}

impl Scan {
    /// What is left where these parts alone are read: carries that reach one, and what is kept of a step and read.
    fn trimmed(&self, parts: &[usize]) -> Trimmed {
        let (carries, holes) = (self.carries(), self.body.holes.len());
        let results: Vec<Result> = parts.iter().map(|&part| self.result(part)).collect();
        let each: Vec<usize> =
            (0..self.each()).filter(|&each| results.contains(&Result::Each(each))).collect();
        let reads = |carry: usize, result: &Result| match *result {
            Result::Last(of) | Result::Before(of) | Result::After(of) => of == carry,
            Result::Each(_) => false,
        };
        let mut carried: Vec<bool> =
            (0..carries).map(|carry| results.iter().any(|result| reads(carry, result))).collect();
        let live = loop {
            let wanted = (0..carries).filter(|&carry| carried[carry]);
            let wanted = wanted.chain(each.iter().map(|each| carries + each));
            let live = self.body.sources(wanted.map(|output| self.body.outputs[output]));
            match (0..carries).find(|&carry| live[carry] && !carried[carry]) {
                Some(carry) => carried[carry] = true,
                None => break live,
            }
        };
        // A carry that nothing reads, and that is a result, stays.
        let takes = |&i: &usize| if i < carries { carried[i] } else { live[i] };
        let inputs: Vec<usize> = (0..holes).filter(takes).collect();
        let nodes: Vec<usize> = (holes..live.len()).filter(|&number| live[number]).collect();
        let mut numbers = vec![usize::MAX; live.len()];
        inputs.iter().chain(&nodes).enumerate().for_each(|(new, &old)| numbers[old] = new);
        let outputs = inputs.iter().copied().take_while(|&i| i < carries);
        let outputs = outputs.chain(each.iter().map(|each| carries + each));
        let node = |&number: &usize| {
            let mut node = self.body.nodes[number - holes].clone();
            node.inputs.iter_mut().for_each(|input| *input = numbers[*input]);
            node
        };
        let body = Body {
            holes: inputs.iter().map(|&i| self.body.holes[i].clone()).collect(),
            outputs: outputs.map(|output| numbers[self.body.outputs[output]]).collect(),
            nodes: nodes.iter().map(node).collect(),
        };
        let kept = |carry: usize| {
            let all = |result: &Result| matches!(*result, Result::Before(c) | Result::After(c) if c == carry);
            results.iter().any(all)
        };
        let scan = Self {
            body: Arc::new(body),
            slices: inputs
                .iter()
                .filter(|&&i| (carries..carries + self.slices).contains(&i))
                .count(),
            kept: inputs.iter().copied().take_while(|&i| i < carries).map(kept).collect(),
            ..self.clone()
        };
        Trimmed { scan, inputs, each }
    }
}

impl Trimmed {
    /// Where a part of the other loop lies in the array of this one.
    fn place(&self, of: &Scan, part: usize) -> crate::Place {
        let still = |all: &[usize], one: usize| {
            all.iter().position(|&other| other == one).expect("what is read stays")
        };
        self.scan.place(match of.result(part) {
            Result::Last(carry) => Result::Last(still(&self.inputs, carry)),
            Result::Before(carry) => Result::Before(still(&self.inputs, carry)),
            Result::After(carry) => Result::After(still(&self.inputs, carry)),
            Result::Each(each) => Result::Each(still(&self.each, each)),
        })
    }
}

/// Records a graph anew in which every loop computes no more than is read of it, for compilers. Its results are looked at
/// as any other array is.
///
/// Loops are recorded by [`Graph::scan`](crate::Graph::scan) and its like.
pub fn trimmed(graph: &Graph, outputs: &[NodeId]) -> Target {
    let mut live = vec![false; graph.len()];
    outputs.iter().for_each(|output| live[output.index()] = true);
    let mut parts: Vec<Vec<usize>> = vec![Vec::new(); graph.len()];
    let mut loops: Vec<Option<Trimmed>> = (0..graph.len()).map(|_| None).collect();
    for id in (0..graph.len()).rev().map(NodeId::new) {
        if !live[id.index()] {
            continue;
        }
        let (op, inputs) = (operation(graph.var(id)), graph.node_inputs(id));
        if let Some(part) = op.downcast::<Part>() {
            parts[inputs[0].index()].push(part.number);
        }
        let taken: SmallVec<[usize; 4]> = match op.downcast::<Scan>() {
            Some(scan) => {
                let trimmed = scan.trimmed(&parts[id.index()]);
                let taken = trimmed.inputs.iter().copied().collect();
                loops[id.index()] = Some(trimmed);
                taken
            }
            None => (0..inputs.len()).collect(),
        };
        taken.iter().for_each(|&input| live[inputs[input].index()] = true);
    }
    // Nodes are visited in their order, those that only what was cut off read among them.
    let visited = graph.ancestors(outputs);
    let mut order = (0..visited.len()).filter(|&index| visited[index]);
    rewrite(graph, outputs, |to, visit, inputs| {
        let index = order.next().expect("one visit for each node");
        if let Some(part) = visit.op.downcast::<Part>() {
            let from = graph.node_inputs(NodeId::new(index))[0];
            let scan = operation(graph.var(from));
            let scan = scan.downcast::<Scan>().expect("parts are of loops");
            let place = match &loops[from.index()] {
                Some(trimmed) if live[index] => trimmed.place(scan, part.number),
                _ => return to.full(visit.ty.shape.clone(), 0.0),
            };
            return to.apply(View { name: "part", place }, inputs);
        }
        match &loops[index] {
            Some(Trimmed { scan, inputs: taken, .. }) => {
                let inputs: SmallVec<[Var<'_>; 8]> = taken.iter().map(|&i| inputs[i]).collect();
                to.apply(scan.clone(), &inputs)
            }
            None => visit.again(to, inputs),
        }
    })
}
