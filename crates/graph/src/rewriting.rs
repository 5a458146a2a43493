//! Rewriting a graph: by recording it anew, node by node, into another.
//!
//! A recorded graph never changes. What a compiler's pass, an importer or a transform makes of it
//! is a new graph, in which every node keeps the line that recorded the old one.
//!
//! ```
//! use cotangent::Graph;
//! use cotangent::rewriting::Target;
//!
//! // Every tanh becomes a sine.
//! let g = Graph::new();
//! let x = g.constant(0.5);
//! let y = x.tanh() + 1.0;
//! let target = Target { outputs: vec![y.id()], graph: g };
//! let target = target.rewrite(|graph, node, inputs| match node.op.name() {
//!     "tanh" => inputs[0].sin(),
//!     _ => node.again(graph, inputs),
//! });
//! let z = target.graph.var(target.outputs[0]);
//! assert_eq!(z.eval()?[[]], 0.5_f64.sin() + 1.0);
//! # Ok::<(), cotangent::RunError>(())
//! ```

use std::panic::Location;

use smallvec::SmallVec;

use crate::control::{Cond, Scan, While};
use crate::graph::Restore;
use crate::operation::Op;
use crate::reading::{Node, NodeId};
use crate::short::Short;
use crate::{Graph, Type, Var};

/// A graph with the nodes that matter in it.
#[derive(Debug)]
pub struct Target {
    /// The graph.
    pub graph: Graph,
    /// The nodes whose values are wanted.
    pub outputs: Vec<NodeId>,
}

/// A node of the old graph, about to be recorded into the new one.
pub struct Visit<'n> {
    /// What it computes.
    pub op: &'n Op,
    /// The kind and the shape of its result.
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
pub fn rewrite(
    from: &Graph,
    outputs: &[NodeId],
    mut rule: impl for<'g> FnMut(&'g Graph, &Visit<'_>, &[Var<'g>]) -> Var<'g>,
) -> Target {
    rewritten(from, outputs, &mut rule)
}

/// A pass's rule.
type Rule<'r> = dyn for<'g> FnMut(&'g Graph, &Visit<'_>, &[Var<'g>]) -> Var<'g> + 'r;

/// Not generic, and so compiled once for all passes.
fn rewritten(from: &Graph, outputs: &[NodeId], rule: &mut Rule<'_>) -> Target {
    let live = from.ancestors(outputs);
    let graph = Graph::with_capacity(live.len(), from.dag(|dag| dag.edge_count()));
    let mut recorded: Vec<NodeId> = vec![NodeId::default(); live.len()];
    from.dag(|dag| {
        for id in dag.node_indices().filter(|id| live[id.index()]) {
            let node = &dag[id];
            let inputs: SmallVec<[Var<'_>; 3]> = dag
                .neighbors_directed(id, petgraph::Incoming)
                .map(|input| Var::new(&graph, recorded[input.index()]))
                .short();
            let visit = Visit { op: &node.op, ty: &node.ty };
            let before = graph.len();
            let var =
                graph.on_behalf((node.location, node.backward), || rule(&graph, &visit, &inputs));
            // Of what has several results, the parts that are read keep theirs.
            let several = node.op.downcast::<Scan>().is_some()
                || node.op.downcast::<Cond>().is_some()
                || node.op.downcast::<While>().is_some();
            let keeps = var.ty() == node.ty || several;
            debug_assert!(keeps, "{} must keep its type", node.op.name());
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

/// The line that asked for a node, and whether it is backward.
pub(crate) type Line = (&'static Location<'static>, bool);

/// Recording on behalf of nodes of another graph.
impl Graph {
    /// An empty graph with room for so many nodes and edges.
    pub fn with_capacity(nodes: usize, edges: usize) -> Self {
        let graph = Self::new();
        graph.recording.borrow_mut().dag = petgraph::graph::DiGraph::with_capacity(nodes, edges);
        graph
    }

    /// Records an operation on inputs of types for which its own type is known.
    pub(crate) fn record_again<'g>(&'g self, op: &Op, ty: &Type, inputs: &[Var<'g>]) -> Var<'g> {
        let mut recording = self.recording.borrow_mut();
        let (location, backward) = recording.on_behalf.unwrap_or((Location::caller(), false));
        let node = Node { op: op.clone(), ty: ty.clone(), location, name: None, backward };
        Var::new(self, recording.add(node, inputs))
    }

    /// Runs `record` so that the nodes it records carry this line, and whether they are backward.
    pub fn on_behalf<R>(&self, line: Line, record: impl FnOnce() -> R) -> R {
        let _restore = Restore::standing_in(self, line);
        record()
    }
}
