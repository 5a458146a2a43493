//! Operations with several results, without what nobody reads.

use smallvec::SmallVec;

use super::{Cond, Part, Scan, While};
use crate::operation::Op;
use crate::ops::View;
use crate::reading::{NodeId, operation};
use crate::rewriting::{Target, rewrite};
use crate::short::Short;
use crate::{Graph, Place, Var};

/// An operation that computes some of the results of another.
pub(super) struct Trimmed {
    pub op: Op,
    /// Which of the inputs of the other it takes.
    pub inputs: Vec<usize>,
    /// The results that it computes, and where each lies.
    pub parts: Vec<usize>,
    pub places: Vec<Place>,
}

impl Trimmed {
    /// What is left where these parts alone are read, if it is an operation that has parts.
    fn of(op: &Op, parts: &[usize]) -> Option<Self> {
        let scan = op.downcast::<Scan>().map(|scan| scan.trimmed(parts));
        let cond = || op.downcast::<Cond>().map(|cond| cond.trimmed(parts));
        let repeated = || op.downcast::<While>().map(|repeated| repeated.trimmed(parts));
        scan.or_else(cond).or_else(repeated)
    }

    /// Where a part of the other operation lies.
    fn place(&self, part: usize) -> Place {
        let at = self.parts.iter().position(|&other| other == part);
        self.places[at.expect("what is read stays")].clone()
    }
}

/// Records a graph anew in which every loop and every choice computes no more than is read of it, for compilers. Its results are looked at
/// as any other array is.
///
/// They are recorded by [`Graph::scan`](crate::Graph::scan) and its like.
pub fn trimmed(graph: &Graph, outputs: &[NodeId]) -> Target {
    let mut live = vec![false; graph.len()];
    outputs.iter().for_each(|output| live[output.index()] = true);
    let mut parts: Vec<Vec<usize>> = vec![Vec::new(); graph.len()];
    let mut several: Vec<Option<Trimmed>> = (0..graph.len()).map(|_| None).collect();
    for id in (0..graph.len()).rev().map(NodeId::new) {
        if !live[id.index()] {
            continue;
        }
        let (op, inputs) = (operation(graph.var(id)), graph.node_inputs(id));
        if let Some(part) = op.downcast::<Part>() {
            parts[inputs[0].index()].push(part.number);
        }
        several[id.index()] = Trimmed::of(&op, &parts[id.index()]);
        let taken: SmallVec<[usize; 4]> = match &several[id.index()] {
            Some(trimmed) => trimmed.inputs.iter().copied().collect(),
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
            let place = match &several[from.index()] {
                Some(trimmed) if live[index] => trimmed.place(part.number),
                _ => return to.full(visit.ty.shape.clone(), 0.0),
            };
            return to.apply(View { name: "part", place }, inputs);
        }
        match &several[index] {
            Some(Trimmed { op, inputs: taken, .. }) => {
                let inputs: SmallVec<[Var<'_>; 8]> = taken.iter().map(|&i| inputs[i]).short();
                to.record_op(op.clone(), &inputs).expect("it takes what is left")
            }
            None => visit.again(to, inputs),
        }
    })
}
