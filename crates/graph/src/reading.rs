//! Reading a recorded graph node by node: for compilers, checkers and exporters.
//!
//! A [`NodeId`] is a position in the order of recording, in which every node comes after its
//! inputs: walking the ids upward is walking the graph in a topological order.
//!
//! ```
//! use cotangent::{Graph, reading};
//!
//! let g = Graph::new();
//! let x = g.input("x", [2]);
//! let y = x.tanh().sum();
//! let names = reading::sources(&[y]).into_iter().map(|var| reading::operation(var).name());
//! assert_eq!(names.collect::<Vec<_>>(), ["input", "tanh", "sum"]);
//! assert_eq!(g.var(g.node_inputs(y.id())[0]).shape(), [2].into());
//! ```

use std::panic::Location;
use std::sync::Arc;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use smallvec::SmallVec;

pub use crate::extent::Extent;
use crate::operation::Op;
use crate::short::Short;
use crate::transform::{CustomVjp, Each};
use crate::{Graph, Kind, Lowering, Params, RecordError, RunError, Scalar, Type, Var};

/// Identifies a node within its graph. Every node comes after its inputs.
pub type NodeId = NodeIndex<u32>;

/// A recorded operation.
#[derive(Clone, Debug)]
pub struct Node {
    /// What is computed.
    pub op: Op,
    /// The kind and the shape of the result.
    pub ty: Type,
    /// The user's line.
    pub location: &'static Location<'static>,
    /// The name the user gave it.
    pub name: Option<Arc<str>>,
    /// Whether a reverse rule recorded it.
    pub backward: bool,
}

impl Node {
    /// Whether derivatives can flow through the node's value.
    pub fn is_real(&self) -> bool {
        self.ty.kind == Kind::Real
    }

    /// What messages call the node: its name, or else its operation.
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => format!("{name:?}"),
            None => self.op.name().to_owned(),
        }
    }
}

/// Reading node by node. The closures given to these methods must not record: that panics.
impl Graph {
    /// Reads a node.
    ///
    /// # Panics
    /// If the graph has no such node, or the closure records.
    pub fn node<R>(&self, id: NodeId, read: impl FnOnce(&Node) -> R) -> R {
        read(&self.recording.borrow().dag[id])
    }

    /// A node's inputs, in order.
    pub fn node_inputs(&self, id: NodeId) -> SmallVec<[NodeId; 3]> {
        self.recording.borrow().dag.neighbors_directed(id, Direction::Incoming).short()
    }

    /// The variable of a node.
    ///
    /// # Panics
    /// If the graph has no such node.
    #[track_caller]
    pub fn var(&self, id: NodeId) -> Var<'_> {
        assert!(id.index() < self.len(), "the graph has {} nodes, and no node {id:?}", self.len());
        Var::new(self, id)
    }

    /// Reads the DAG itself. An edge holds the position of its source among the inputs of its
    /// target; walking the incoming edges of a node is walking its inputs in order.
    ///
    /// # Panics
    /// If the closure records.
    pub fn dag<R>(&self, read: impl FnOnce(&DiGraph<Node, u32>) -> R) -> R {
        read(&self.recording.borrow().dag)
    }

    /// For every node, by its index, whether one of `outputs` is computed from it.
    pub fn ancestors(&self, outputs: &[NodeId]) -> Vec<bool> {
        let recording = self.recording.borrow();
        let mut live = vec![false; recording.dag.node_count()];
        for output in outputs {
            live[output.index()] = true;
        }
        for index in (0..live.len()).rev().map(NodeId::new) {
            if live[index.index()] {
                for input in recording.dag.neighbors_directed(index, Direction::Incoming) {
                    live[input.index()] = true;
                }
            }
        }
        live
    }
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
    graph.node_inputs(var.id()).into_iter().map(|id| graph.var(id)).short()
}

/// Fails if one of these variables is a parameter that the store does not have.
///
/// # Errors
/// [`RunError::ForeignParameter`].
pub fn check_parameters<'g, T: Scalar>(
    variables: impl IntoIterator<Item = Var<'g>>,
    params: &Params<T>,
) -> Result<(), RunError> {
    let foreign = |var: &Var<'g>| match operation(*var).lower() {
        Lowering::Parameter(id) => params.entry(id).is_none(),
        _ => false,
    };
    match variables.into_iter().find(foreign) {
        None => Ok(()),
        Some(var) => Err(RunError::ForeignParameter {
            path: name(var).unwrap_or_default(),
            location: var.location(),
        }),
    }
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

/// Whether an operation has no form for many samples at once, and is evaluated once for each of them
/// ([`Graph::vmap`]).
pub fn runs_for_each_sample(op: &Op) -> bool {
    op.downcast::<Each>().is_some()
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
