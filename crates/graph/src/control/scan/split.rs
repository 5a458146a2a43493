//! What of a body must run step by step, and what can run before or after the loop, for all steps at once.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use super::Scan;
use crate::control::{Cond, Part, While};
use crate::ops::Draws;
use crate::reading::NodeId;
use crate::{Graph, Lowering, Var};

/// A body, taken apart.
pub(super) struct Split {
    /// What depends on a step.
    pub inside: BTreeSet<NodeId>,
    /// What runs before, for all steps at once, and is read by the rest: dear work that depends on no carry, and the numbers
    /// of draws.
    pub before: BTreeSet<NodeId>,
    /// What runs after, for all steps at once: dear work that no carry depends on, and what depends on it.
    pub after: BTreeSet<NodeId>,
    /// What depends on a carry, the holes of carries included; and what is chosen in each step, which for all at once would
    /// be computed whatever is chosen.
    pub on_carry: HashSet<NodeId>,
}

/// What runs step by step.
pub(super) struct Step {
    pub nodes: BTreeSet<NodeId>,
    /// What it reads that is not of it.
    pub read: BTreeSet<NodeId>,
}

impl Split {
    /// Of the nodes that were recorded in a range, on holes of carries and slices.
    pub fn of<'g>(
        graph: &'g Graph,
        recorded: Range<usize>,
        holes: [&[Var<'g>]; 2],
        carried: &[Var<'g>],
        others: &[Var<'g>],
    ) -> Self {
        let [carries, slices] =
            holes.map(|holes| holes.iter().map(|hole| hole.id()).collect::<HashSet<_>>());
        let nodes = recorded.map(NodeId::new);
        let (inside, before, after) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut split = Self { inside, before, after, on_carry: carries.clone() };
        let mut choices = Vec::new();
        for id in nodes {
            if carries.contains(&id) || slices.contains(&id) {
                continue;
            }
            let inputs = graph.node_inputs(id);
            let of = |set: &HashSet<NodeId>| inputs.iter().any(|input| set.contains(input));
            let inner = inputs.iter().any(|input| split.inside.contains(input));
            if inner || of(&carries) || of(&slices) || is_draws(graph, id) {
                split.inside.insert(id);
            }
            let chosen = split.inside.contains(&id) && chooses(graph, id);
            if chosen {
                choices.push(Var::new(graph, id));
            }
            if of(&split.on_carry) || chosen {
                split.on_carry.insert(id);
            }
        }
        let feeding = split.sources(graph, &[carried, &choices].concat());
        let wanted = split.sources(graph, &[carried, others].concat());
        for &id in split.inside.iter().filter(|id| wanted.contains(*id)) {
            let inputs = graph.node_inputs(id);
            let after = inputs.iter().any(|input| split.after.contains(input));
            let on_carry = split.on_carry.contains(&id);
            if after || (on_carry && !feeding.contains(&id) && is_dear(graph, id)) {
                split.after.insert(id);
            } else if !on_carry && comes_before(graph, id) {
                split.before.insert(id);
            }
        }
        split
    }

    /// Takes nothing out of the loop but the numbers of draws, by which each step draws for itself; neither what no carry
    /// depends on, which would be computed, and lie in memory, for all steps at once.
    pub fn keep_together(&mut self, graph: &Graph) {
        self.before.retain(|&id| is_draws(graph, id));
        self.after.clear();
        self.on_carry.extend(self.inside.difference(&self.before));
    }

    /// What must run step by step to compute `outputs`.
    pub fn step<'g>(
        &self,
        graph: &'g Graph,
        outputs: &[Var<'g>],
        carries: &[Var<'g>],
        slices: &[Var<'g>],
    ) -> Step {
        let holes: HashSet<NodeId> = carries.iter().chain(slices).map(|hole| hole.id()).collect();
        let mut step = Step { nodes: BTreeSet::new(), read: BTreeSet::new() };
        let mut stack: Vec<NodeId> = outputs.iter().map(|output| output.id()).collect();
        while let Some(id) = stack.pop() {
            let inner =
                self.inside.contains(&id) && !holes.contains(&id) && !self.before.contains(&id);
            if !inner {
                step.read.insert(id);
            } else if step.nodes.insert(id) {
                stack.extend(graph.node_inputs(id));
            }
        }
        step
    }

    /// The nodes inside that these are computed from, they included.
    fn sources(&self, graph: &Graph, of: &[Var<'_>]) -> HashSet<NodeId> {
        let mut found = HashSet::new();
        let mut stack: Vec<NodeId> = of.iter().map(|var| var.id()).collect();
        while let Some(id) = stack.pop() {
            if self.inside.contains(&id) && found.insert(id) {
                stack.extend(graph.node_inputs(id));
            }
        }
        found
    }
}

/// Whether it is done before the loop where it depends on no carry. A loop has an array of results, and is taken out for
/// the parts that are read.
fn comes_before(graph: &Graph, id: NodeId) -> bool {
    let is_loop = graph.node(id, |node| node.op.downcast::<Scan>().is_some());
    is_part(graph, id) || (is_dear(graph, id) && !is_loop)
}

pub(super) fn is_part(graph: &Graph, id: NodeId) -> bool {
    graph.node(id, |node| node.op.downcast::<Part>().is_some())
}

/// Whether what it computes depends on a truth value.
pub(super) fn chooses(graph: &Graph, id: NodeId) -> bool {
    graph.node(id, |node| {
        node.op.downcast::<Cond>().is_some() || node.op.downcast::<While>().is_some()
    })
}

fn is_draws(graph: &Graph, id: NodeId) -> bool {
    graph.node(id, |node| node.op.downcast::<Draws>().is_some())
}

/// Whether doing it for all steps at once is worth the memory of all steps: all but elementwise work and re-arrangement,
/// which a loop does where it reads.
pub(super) fn is_dear(graph: &Graph, id: NodeId) -> bool {
    let cheap = |lowering| {
        matches!(
            lowering,
            Lowering::Map(_)
                | Lowering::Zip(_)
                | Lowering::Select
                | Lowering::Full(_)
                | Lowering::Reshape
                | Lowering::Permute(_)
                | Lowering::Broadcast
                | Lowering::View(_)
                | Lowering::Embed(_)
                | Lowering::IsAt(_)
                | Lowering::Reinterpret
                | Lowering::Copy
        )
    };
    graph.node(id, |node| !cheap(node.op.lower()))
}
