//! Recording anew, for many samples at once, what was recorded for one.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use smallvec::SmallVec;

use super::batch::{Batch, Sampled};
use super::each::Each;
use crate::control::{Mapped, Part, mapped};
use crate::operation::Op;
use crate::ops::Draws;
use crate::reading::NodeId;
use crate::short::Short;
use crate::{Cotangents, Graph, Var};

/// What stands for the nodes of a body, where there is one value for each sample.
pub(crate) struct Replay<'g> {
    graph: &'g Graph,
    samples: usize,
    /// Values with the samples along a first axis.
    known: HashMap<NodeId, Var<'g>>,
    /// Nodes that are the same for all samples.
    same: HashSet<NodeId>,
    /// Loops and choices that were recorded for all samples, of which parts are read.
    several: HashMap<NodeId, Mapped<'g>>,
    /// Nodes before this one are the same for all samples.
    first: usize,
    /// What was recorded here draws other random numbers for each sample.
    body: Range<usize>,
}

impl<'g> Replay<'g> {
    /// Each variable has other values for each sample, along the first axis of what stands beside it; random nodes of
    /// `body` draw for each.
    pub fn new(
        graph: &'g Graph,
        samples: usize,
        given: &[(Var<'g>, Var<'g>)],
        body: Range<usize>,
    ) -> Self {
        let known: HashMap<_, _> = given.iter().map(|&(one, each)| (one.id(), each)).collect();
        let earliest = known.keys().map(|id| id.index()).min().unwrap_or(usize::MAX);
        let first = if body.is_empty() { earliest } else { earliest.min(body.start) };
        let (same, several) = (HashSet::new(), HashMap::new());
        Self { graph, samples, known, same, several, first, body }
    }

    /// Lets a node have other values for each sample, along the first axis of these.
    pub fn give(&mut self, id: NodeId, each: Var<'g>) {
        self.known.insert(id, each);
    }

    /// The values of a variable.
    pub fn value(&mut self, var: Var<'g>) -> Sampled<'g> {
        for id in self.pending(var.id()) {
            self.visit(id);
        }
        match self.known.get(&var.id()) {
            Some(&each) => Sampled { var: each, each: true },
            None => Sampled { var, each: false },
        }
    }

    /// The nodes that a node is computed from and of which nothing is known yet, inputs first.
    fn pending(&self, id: NodeId) -> Vec<NodeId> {
        let unknown = |id: &NodeId| {
            let known = self.known.contains_key(id) || self.several.contains_key(id);
            id.index() >= self.first && !known && !self.same.contains(id)
        };
        let (mut found, mut stack) = (HashSet::new(), vec![id]);
        while let Some(id) = stack.pop() {
            if unknown(&id) && found.insert(id) {
                stack.extend(self.graph.node_inputs(id));
            }
        }
        let mut order: Vec<NodeId> = found.into_iter().collect();
        order.sort_unstable();
        order
    }

    fn visit(&mut self, id: NodeId) {
        let inputs = self.graph.node_inputs(id);
        let (op, line) =
            self.graph.node(id, |node| (node.op.clone(), (node.location, node.backward)));
        let draws = self.body.contains(&id.index()).then(|| op.downcast::<Draws>()).flatten();
        let each = inputs.iter().any(|input| self.known.contains_key(input));
        if each {
            let given: Vec<Sampled<'g>> = inputs.iter().map(|&id| self.of(id)).collect();
            let graph = self.graph;
            let mapped = graph.on_behalf(line, || mapped(graph, self.samples, &op, &given));
            if let Some(mapped) = mapped {
                self.several.insert(id, mapped);
                return;
            }
        }
        if let (Some(part), Some(of)) =
            (op.downcast::<Part>(), inputs.first().and_then(|id| self.several.get(id)))
        {
            let value = self.graph.on_behalf(line, || of.part(part.number));
            self.known.insert(id, value);
            return;
        }
        let value = match (draws, each) {
            (Some(draws), _) => {
                let shape = draws.shape.inserted(0, self.samples);
                self.graph.on_behalf(line, || self.graph.apply(Draws { shape }, &[]))
            }
            (None, true) => {
                let graph = self.graph;
                graph.on_behalf(line, || self.batched(&op, &inputs))
            }
            (None, false) => {
                self.same.insert(id);
                return;
            }
        };
        self.known.insert(id, value);
    }

    /// An operation on inputs some of which differ between samples: by its own rule, by that of what it expands to, or
    /// once for each sample.
    fn batched(&mut self, op: &Op, inputs: &[NodeId]) -> Var<'g> {
        let given: SmallVec<[Sampled<'g>; 3]> = inputs.iter().map(|&id| self.of(id)).short();
        if let Some(value) = op.batch(&Batch::new(self.graph, self.samples, &given)) {
            return value;
        }
        let one: SmallVec<[Var<'g>; 3]> = inputs.iter().map(|&id| Var::new(self.graph, id)).short();
        match op.expand(&one) {
            Some(same) => self.value(same).for_each(self.samples),
            None => Each::record(op, self.graph, self.samples, &given),
        }
    }

    fn of(&self, id: NodeId) -> Sampled<'g> {
        match self.known.get(&id) {
            Some(&var) => Sampled { var, each: true },
            None => Sampled { var: Var::new(self.graph, id), each: false },
        }
    }
}

/// The cotangents of inputs that many samples were computed from, given the rule of one: those of an input that is one for
/// all are summed. `inputs`, `output` and `v` are the ones of all samples.
pub(crate) fn cotangents<'g>(
    samples: usize,
    inputs: &[Sampled<'g>],
    output: Var<'g>,
    v: Var<'g>,
    rule: impl FnOnce(&[Var<'g>], Var<'g>, Var<'g>) -> Cotangents<'g>,
) -> Cotangents<'g> {
    let graph = v.graph();
    let first = graph.len();
    let mut given: Vec<(Var<'g>, Var<'g>)> = Vec::new();
    let mut one = |value: Sampled<'g>| {
        if !value.each {
            return value.var;
        }
        let mut ty = value.var.ty();
        ty.shape = ty.shape.reduced(&[0], false);
        given.push((graph.hole(ty), value.var));
        given.last().expect("just pushed").0
    };
    let of_one: SmallVec<[Var<'g>; 3]> = inputs.iter().map(|&input| one(input)).short();
    let (output, v) =
        (one(Sampled { var: output, each: true }), one(Sampled { var: v, each: true }));
    let answered = rule(&of_one, output, v);
    let mut replay = Replay::new(graph, samples, &given, first..graph.len());
    let together = |(cotangent, input): (Option<Var<'g>>, &Sampled<'g>)| {
        let each = replay.value(cotangent?).for_each(samples);
        Some(if input.each { each } else { each.sum_over(0) })
    };
    answered.into_iter().zip(inputs).map(together).short()
}
