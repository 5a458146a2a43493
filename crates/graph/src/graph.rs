//! The graph: a DAG of recorded operations.

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::Location;

use petgraph::graph::DiGraph;
use smallvec::SmallVec;

use crate::control::Updated;
use crate::operation::Op;
use crate::ops::leaf;
use crate::params::{Param, ParamId};
use crate::reading::{Node, NodeId};
use crate::rewriting::Line;
use crate::short::Short;
use crate::{Operation, RecordError, Type, Var, misfit};

/// A directed acyclic graph of operations, recorded as they are written.
///
/// A graph is mathematics: its nodes have a kind and a shape, and no precision, memory or device.
/// It can be evaluated in `f32` or `f64` ([`Evaluator`](crate::Evaluator)), differentiated
/// ([`Var::grad`]) and compiled (`Program`, in the crate `program`).
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
///
/// let g = Graph::new();
/// let x = g.constant(array![1.0, 2.0]);
/// let y = (x * x).sum();
/// let dx = y.grad(x);
/// assert_eq!(dx.eval()?, array![2.0, 4.0].into_dyn());
/// // The gradient is a variable like any other: it can be differentiated again.
/// assert_eq!((dx * dx).sum().grad(x).eval()?, array![8.0, 16.0].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Debug, Default)]
pub struct Graph {
    pub(crate) recording: RefCell<Recording>,
}

/// What has been recorded so far.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    pub dag: DiGraph<Node, u32>,
    inputs: Vec<NodeId>,
    params: HashMap<ParamId, NodeId>,
    /// What stands for parameters, the latest last.
    bindings: Bindings,
    /// The values that a step writes back, in recording order, the last of a parameter counting.
    updates: Vec<(ParamId, NodeId)>,
    /// The number of random nodes, each of which draws from its own stream.
    streams: u64,
    /// The node on whose behalf the framework records, if it does.
    pub on_behalf: Option<Line>,
}

/// Variables in place of parameters.
pub(crate) type Bindings = Vec<(ParamId, NodeId)>;

impl Recording {
    pub fn add(&mut self, node: Node, inputs: &[Var<'_>]) -> NodeId {
        let id = self.dag.add_node(node);
        // petgraph walks edges from the latest to the first, so that this walks in input order.
        for (position, input) in inputs.iter().enumerate().rev() {
            self.dag.add_edge(input.id(), id, position as u32);
        }
        id
    }
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records an operation: the one fallible entry under all recording.
    ///
    /// # Errors
    /// If the inputs break the operation's shape rule, or the result would be larger than any memory.
    ///
    /// # Panics
    /// If an input belongs to another graph.
    #[track_caller]
    pub fn record<'g>(
        &'g self,
        operation: impl Operation,
        inputs: &[Var<'g>],
    ) -> Result<Var<'g>, RecordError> {
        self.record_op(Op::new(operation), inputs)
    }

    /// Records an operation in model code, where a misfit is a mistake in the program.
    ///
    /// # Panics
    /// If the inputs break the operation's shape rule, with the rule, the shapes and the line.
    #[track_caller]
    pub fn apply<'g>(&'g self, operation: impl Operation, inputs: &[Var<'g>]) -> Var<'g> {
        self.apply_op(Op::new(operation), inputs)
    }

    /// Of an operation of any type, so that this is compiled once.
    #[track_caller]
    pub(crate) fn apply_op<'g>(&'g self, op: Op, inputs: &[Var<'g>]) -> Var<'g> {
        match self.record_op(op, inputs) {
            Ok(var) => var,
            Err(error) => panic!("{error}"),
        }
    }

    #[track_caller]
    pub(crate) fn record_op<'g>(
        &'g self,
        op: Op,
        inputs: &[Var<'g>],
    ) -> Result<Var<'g>, RecordError> {
        let caller = Location::caller();
        let types: SmallVec<[Type; 3]> = inputs.iter().map(|input| input.ty()).short();
        for input in inputs {
            assert!(
                std::ptr::eq(self, input.graph()),
                "{}: {input:?} belongs to another graph\n  at {caller}",
                op.name(),
            );
        }
        let mut recording = self.recording.borrow_mut();
        let (location, backward) = recording.on_behalf.unwrap_or((caller, false));
        let sized = |ty: Type| ty.shape.check_size().map(|()| ty);
        let ty = op.infer(&types).and_then(sized).map_err(|rule| RecordError {
            operation: op.name().to_owned(),
            rule,
            inputs: crate::error::list(&types),
            location,
        })?;
        let id = recording.add(Node { op, ty, location, name: None, backward }, inputs);
        Ok(Var::new(self, id))
    }

    /// Runs `record` so that the nodes it records carry this line, and not the ones of its callers.
    ///
    /// `#[track_caller]` does not reach through a call by `dyn`: who holds layers or operations as
    /// trait objects hands the line on by this. Where the framework itself records on behalf of a
    /// node, that node's line stays.
    ///
    /// ```
    /// use cotangent::{Graph, Var};
    /// use std::panic::Location;
    ///
    /// #[track_caller]
    /// fn apply<'g>(x: Var<'g>, function: &dyn Fn(Var<'g>) -> Var<'g>) -> Var<'g> {
    ///     x.graph().at(Location::caller(), || function(x))
    /// }
    /// let g = Graph::new();
    /// let y = apply(g.full([2], 1.0), &|x| x.tanh());
    /// assert_eq!(y.location().line(), line!() - 1);
    /// ```
    pub fn at<R>(&self, line: &'static Location<'static>, record: impl FnOnce() -> R) -> R {
        if self.recording.borrow().on_behalf.is_some() {
            return record();
        }
        self.on_behalf((line, false), record)
    }

    /// The line that a node recorded now would carry: the caller's, or the one of [`at`](Self::at).
    #[track_caller]
    pub fn line(&self) -> &'static Location<'static> {
        self.recording.borrow().on_behalf.map_or(Location::caller(), |(line, _)| line)
    }

    /// A real input, to be given a value at every run.
    #[track_caller]
    pub fn input(&self, name: &str, shape: impl Into<crate::Shape>) -> Var<'_> {
        self.typed_input(name, Type::real(shape))
    }

    /// An input of indices (class labels, rows of a table), to be given a value at every run.
    #[track_caller]
    pub fn index_input(&self, name: &str, shape: impl Into<crate::Shape>) -> Var<'_> {
        self.typed_input(name, Type::index(shape))
    }

    /// An input of any type; truth values are bound as reals, 0 for false.
    #[track_caller]
    pub fn typed_input(&self, name: &str, ty: Type) -> Var<'_> {
        let slot = self.recording.borrow().inputs.len();
        let var = self.apply(leaf::Input { slot, ty }, &[]).named(name);
        self.recording.borrow_mut().inputs.push(var.id());
        var
    }

    /// The value of a parameter before this run, or the variable that stands [for it](Self::rebind). Asked for twice, it is
    /// the same node, and its line is the one that built the parameter.
    pub fn param(&self, param: &Param) -> Var<'_> {
        let known = {
            let recording = self.recording.borrow();
            let bound = recording.bindings.iter().rfind(|(id, _)| *id == param.id());
            bound.map(|bound| bound.1).or(recording.params.get(&param.id()).copied())
        };
        if let Some(id) = known {
            return Var::new(self, id);
        }
        let leaf = leaf::Parameter { id: param.id(), shape: param.shape().clone() };
        let line = (param.location(), false);
        let var = self.on_behalf(line, || self.apply(leaf, &[])).named(param.path());
        self.recording.borrow_mut().params.insert(param.id(), var.id());
        var
    }

    /// Runs `record` with variables in place of parameters: of the same layers, with other weights. So a model can be looked
    /// at after a step of training, and what it then answers be differentiated with respect to what it was before.
    ///
    /// ```
    /// use cotangent::{Graph, Params};
    /// use cotangent::ndarray::array;
    ///
    /// let mut params = Params::<f64>::with_seed(0);
    /// let w = params.root().parameter("w", array![2.0].into_dyn());
    /// let g = Graph::new();
    /// let loss = || g.param(&w).square().sum();
    ///
    /// let before = g.param(&w);
    /// let after = before - 0.1 * loss().grad(before);               // 0.8·w
    /// let then = g.rebind(&[(&w, after)], loss);                    // 0.64·w²
    /// let evaluator = cotangent::Evaluator::new(&g).params(&params);
    /// let slope = evaluator.run(&[then.grad(before)])?.remove(0).into_real();
    /// assert!((slope[0] - 2.0 * 0.64 * 2.0).abs() < 1e-12);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// Inside, a parameter can be bound once more; the latest counts. Running statistics that `record`
    /// [updates](Self::update) are those of the parameters themselves.
    ///
    /// # Panics
    /// If a variable is of another shape than its parameter, or of another graph.
    #[track_caller]
    pub fn rebind<'g, R>(
        &'g self,
        bindings: &[(&Param, Var<'g>)],
        record: impl FnOnce() -> R,
    ) -> R {
        for (param, value) in bindings {
            if value.ty() != Type::real(param.shape()) || !std::ptr::eq(self, value.graph()) {
                let rule = format!("{:?} has shape {}", param.path(), param.shape());
                misfit("rebind", rule, &[*value]);
            }
        }
        let bound = bindings.iter().map(|(param, value)| (param.id(), value.id()));
        self.bound(bound.collect(), record)
    }

    /// The variables that stand for parameters here.
    pub(crate) fn bindings(&self) -> Bindings {
        self.recording.borrow().bindings.clone()
    }

    /// Runs `record` with more variables in place of parameters.
    pub(crate) fn bound<R>(&self, more: Bindings, record: impl FnOnce() -> R) -> R {
        let mut recording = self.recording.borrow_mut();
        let _unbind = Unbind(self, recording.bindings.len());
        recording.bindings.extend(more);
        drop(recording);
        record()
    }

    /// The value of a buffer at this point of the recording: what the last [`update`](Self::update)
    /// gave it, or else its value before this run.
    pub fn current(&self, param: &Param) -> Var<'_> {
        let recording = self.recording.borrow();
        let last = recording.updates.iter().rev().find(|(id, _)| *id == param.id());
        match last.map(|&(_, node)| node) {
            Some(node) => Var::new(self, node),
            None => {
                drop(recording);
                self.param(param)
            }
        }
    }

    /// Makes `value` the parameter's new value at the end of the step that runs this graph
    /// (a running mean, a count of batches).
    ///
    /// # Panics
    /// If the value's shape is not the parameter's.
    #[track_caller]
    pub fn update(&self, param: &Param, value: Var<'_>) {
        if value.ty() != Type::real(param.shape()) {
            let rule = format!("{:?} has shape {}", param.path(), param.shape());
            misfit("update", rule, &[value]);
        }
        // So that it is one of the graph's parameters, read or not.
        self.param(param);
        self.recording.borrow_mut().updates.push((param.id(), value.id()));
    }

    /// How many [updates](Self::update) were recorded.
    pub(crate) fn update_count(&self) -> usize {
        self.recording.borrow().updates.len()
    }

    /// The value of the first update after so many, if there is one.
    pub(crate) fn updated_since(&self, count: usize) -> Option<Var<'_>> {
        self.recording.borrow().updates.get(count).map(|&(_, node)| Var::new(self, node))
    }

    /// Takes the updates after the first so many back: each parameter with the value that it had before them, and the one
    /// that it has after.
    pub(crate) fn updates_since(&self, count: usize) -> Vec<Updated<'_>> {
        let mut recording = self.recording.borrow_mut();
        let taken: HashMap<ParamId, NodeId> = recording.updates.drain(count..).collect();
        let mut taken: Vec<(ParamId, NodeId)> = taken.into_iter().collect();
        taken.sort_unstable();
        let before = |id: &ParamId| {
            let last = recording.updates.iter().rev().find(|(updated, _)| updated == id);
            last.map_or_else(|| recording.params[id], |update| update.1)
        };
        let updated = |(id, after): (ParamId, NodeId)| {
            (id, Var::new(self, before(&id)), Var::new(self, after))
        };
        taken.into_iter().map(updated).collect()
    }

    /// Makes this the parameter's new value at the end of the step.
    pub(crate) fn set_update(&self, id: ParamId, value: Var<'_>) {
        self.recording.borrow_mut().updates.push((id, value.id()));
    }

    /// Whether what is recorded now is recorded by a reverse rule.
    pub(crate) fn is_backward(&self) -> bool {
        self.recording.borrow().on_behalf.is_some_and(|(_, backward)| backward)
    }

    /// The values that the step writes back, one for each updated parameter.
    pub fn updates(&self) -> Vec<(ParamId, Var<'_>)> {
        let recording = self.recording.borrow();
        let last: HashMap<ParamId, NodeId> = recording.updates.iter().copied().collect();
        let mut updates: Vec<_> = last.into_iter().collect();
        updates.sort_unstable();
        updates.into_iter().map(|(id, node)| (id, Var::new(self, node))).collect()
    }

    /// The parameters and buffers that were asked for, in the order of recording.
    pub fn parameters(&self) -> Vec<Var<'_>> {
        let mut nodes: Vec<NodeId> = self.recording.borrow().params.values().copied().collect();
        nodes.sort_unstable();
        nodes.into_iter().map(|id| Var::new(self, id)).collect()
    }

    /// The variables that were given this name, in the order of recording.
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// let hidden = g.full([3], 1.0).tanh().named("hidden");
    /// assert_eq!(g.all_named("hidden")[0].id(), hidden.id());
    /// assert!(g.all_named("other").is_empty());
    /// ```
    pub fn all_named(&self, name: &str) -> Vec<Var<'_>> {
        let nodes: Vec<NodeId> = self.dag(|dag| {
            let named = |id: &NodeId| dag[*id].name.as_deref() == Some(name);
            dag.node_indices().filter(named).collect()
        });
        nodes.into_iter().map(|id| Var::new(self, id)).collect()
    }

    /// The inputs, in the order they were recorded.
    pub fn inputs(&self) -> Vec<Var<'_>> {
        self.recording.borrow().inputs.iter().map(|&id| Var::new(self, id)).collect()
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.recording.borrow().dag.node_count()
    }

    /// Whether nothing has been recorded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A stream of random numbers that no other node of this graph draws from.
    pub(crate) fn new_stream(&self) -> u64 {
        let mut recording = self.recording.borrow_mut();
        recording.streams += 1;
        recording.streams - 1
    }

    /// The number of random streams drawn from so far.
    pub(crate) fn streams(&self) -> u64 {
        self.recording.borrow().streams
    }

    /// Runs `record` as if it had been run when `streams` random streams were in use: random nodes
    /// draw the same numbers again, and values to be written back are not written twice.
    pub(crate) fn replay<R>(&self, streams: u64, record: impl FnOnce() -> R) -> R {
        let (before, updates) = {
            let mut recording = self.recording.borrow_mut();
            (std::mem::replace(&mut recording.streams, streams), recording.updates.len())
        };
        let result = record();
        let mut recording = self.recording.borrow_mut();
        recording.streams = recording.streams.max(before);
        recording.updates.truncate(updates);
        result
    }

    pub(crate) fn set_name(&self, id: NodeId, name: &str) {
        self.recording.borrow_mut().dag[id].name = Some(name.into());
    }
}

/// Ends the recording with variables in place of parameters, also where it panics.
struct Unbind<'g>(&'g Graph, usize);

impl Drop for Unbind<'_> {
    fn drop(&mut self) {
        self.0.recording.borrow_mut().bindings.truncate(self.1);
    }
}

/// Ends the recording on behalf of another line, also where it panics: a graph is used on where a mistake is caught.
pub(crate) struct Restore<'g> {
    graph: &'g Graph,
    before: Option<Line>,
}

impl<'g> Restore<'g> {
    /// Nodes are recorded for this line from now on.
    pub fn standing_in(graph: &'g Graph, line: Line) -> Self {
        let before = graph.recording.borrow_mut().on_behalf.replace(line);
        Self { graph, before }
    }
}

impl Drop for Restore<'_> {
    fn drop(&mut self) {
        self.graph.recording.borrow_mut().on_behalf = self.before;
    }
}
