//! Reading what a graph has recorded: which operations, in which order, on which inputs.
//!
//! For tools that work on graphs: checkers, exporters, transforms. Model code needs none of it.
//!
//! ```
//! use graph::{Graph, reading};
//!
//! let g = Graph::new();
//! let (x, w) = (g.input("x", [2]), g.input("w", [2]));
//! let y = (x * w).tanh();
//! let names = reading::sources(&[y]).into_iter().map(|var| reading::operation(var).name());
//! assert_eq!(names.collect::<Vec<_>>(), ["input", "input", "mul", "tanh"]);
//! ```

use smallvec::SmallVec;

use crate::graph::NodeId;
use crate::operation::Op;
use crate::transform::CustomVjp;
use crate::{Graph, RecordError, Var};

/// The place of a variable in the order of recording, which identifies it within its graph. It comes
/// after the places of its inputs.
pub fn place(var: Var<'_>) -> usize {
    var.id().index()
}

/// The operation that computes a variable.
pub fn operation(var: Var<'_>) -> Op {
    var.graph().node(var.id(), |node| node.op.clone())
}

/// The name that a variable was given ([`Var::named`]), if it was.
pub fn name(var: Var<'_>) -> Option<String> {
    var.graph().node(var.id(), |node| node.name.as_deref().map(str::to_owned))
}

/// What a variable is computed from at once, in the order in which its operation takes it.
pub fn inputs(var: Var<'_>) -> SmallVec<[Var<'_>; 3]> {
    let graph = var.graph();
    graph.node_inputs(var.id()).into_iter().map(|id| Var::new(graph, id)).collect()
}

/// Everything that these variables of one graph are computed from, they included, in the order of
/// recording.
pub fn sources<'g>(outputs: &[Var<'g>]) -> Vec<Var<'g>> {
    let Some(graph) = outputs.first().map(|output| output.graph()) else {
        return Vec::new();
    };
    let ids: Vec<NodeId> = outputs.iter().map(|output| output.id()).collect();
    let live = graph.ancestors(&ids);
    let live = (0..live.len()).filter(|&index| live[index]);
    live.map(|index| Var::new(graph, NodeId::new(index))).collect()
}

/// The value that a variable stands for under a reverse rule of the user's own ([`Var::with_vjp`]),
/// if it does. It is the first of its [`inputs`]; the rule gives cotangents to the others.
pub fn stands_for(var: Var<'_>) -> Option<Var<'_>> {
    operation(var).downcast::<CustomVjp>().map(|_| inputs(var)[0])
}

/// Records an operation that was read before, perhaps from another graph.
///
/// # Errors
/// If the inputs break the operation's shape rule.
///
/// # Panics
/// If an input belongs to another graph.
#[track_caller]
pub fn record<'g>(graph: &'g Graph, op: Op, inputs: &[Var<'g>]) -> Result<Var<'g>, RecordError> {
    graph.record_op(op, inputs)
}
