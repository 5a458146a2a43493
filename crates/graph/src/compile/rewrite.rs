//! The one way passes change a graph: by recording it anew.

use smallvec::SmallVec;

use crate::graph::NodeId;
use crate::operation::Op;
use crate::{Graph, Type, Var};

/// A graph with the nodes that matter in it.
#[derive(Debug)]
pub(crate) struct Target {
    pub graph: Graph,
    pub outputs: Vec<NodeId>,
}

/// A node of the old graph, about to be recorded into the new one.
pub(crate) struct Visit<'n> {
    pub op: &'n Op,
    pub ty: &'n Type,
}

impl Target {
    /// Records every node that an output depends on into a new graph, as `rule` says: it is given
    /// the node and its recorded inputs, and answers what stands for it. Dead nodes are left
    /// behind; lines and directions are kept.
    pub fn rewrite(
        &self,
        rule: impl for<'g> FnMut(&'g Graph, &Visit<'_>, &[Var<'g>]) -> Var<'g>,
    ) -> Target {
        rewrite(&self.graph, &self.outputs, rule)
    }
}

/// See [`Target::rewrite`].
pub(crate) fn rewrite(
    from: &Graph,
    outputs: &[NodeId],
    mut rule: impl for<'g> FnMut(&'g Graph, &Visit<'_>, &[Var<'g>]) -> Var<'g>,
) -> Target {
    let live = from.ancestors(outputs);
    let graph = Graph::with_capacity(live.len(), from.dag(|dag| dag.edge_count()));
    let mut recorded: Vec<NodeId> = vec![NodeId::default(); live.len()];
    from.dag(|dag| {
        for id in dag.node_indices().filter(|id| live[id.index()]) {
            let node = &dag[id];
            let inputs: SmallVec<[Var<'_>; 3]> = dag
                .neighbors_directed(id, petgraph::Incoming)
                .map(|input| Var::new(&graph, recorded[input.index()]))
                .collect();
            let visit = Visit { op: &node.op, ty: &node.ty };
            let before = graph.len();
            let var =
                graph.on_behalf((node.location, node.backward), || rule(&graph, &visit, &inputs));
            debug_assert_eq!(var.ty(), node.ty, "{} must keep its type", node.op.name());
            if let (Some(name), true) = (&node.name, graph.len() > before) {
                var.named(name);
            }
            recorded[id.index()] = var.id();
        }
    });
    let outputs = outputs.iter().map(|output| recorded[output.index()]).collect();
    Target { graph, outputs }
}

impl Visit<'_> {
    /// The same operation on the recorded inputs, whose types are those of the old graph.
    pub fn again<'g>(&self, graph: &'g Graph, inputs: &[Var<'g>]) -> Var<'g> {
        graph.record_again(self.op, self.ty, inputs)
    }
}
