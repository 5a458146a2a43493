//! Which nodes run together: elementwise chains with the reductions that consume or feed them.
//!
//! A node *is stored* when its values must lie in memory: an output, an operand of a matrix product
//! or of a plain evaluation, a result that is read in another pattern than it was computed in, or
//! one that several readers share and that is dear to compute again. Every other elementwise node
//! is computed within each group that reads it. Stored nodes and reductions are the *roots*: each
//! goes, in recording order, into an existing group that runs over the same positions and late
//! enough, or opens a new one.

use std::collections::HashMap;

use smallvec::{SmallVec, smallvec};

use super::place::{Place, space_of};
use graph::Lowering;
use graph::reading::NodeId;
use graph::{FoldWord, Graph, Kind, MapWord, Shape, ZipWord};

use crate::instruction::MAX_OUTPUTS;

/// Recomputing more micro-operations than this costs more than a store and a load.
const CHEAP: usize = 4;

/// A chain longer than this is stored in between: groups stay of bounded size.
const LONGEST: usize = 48;

/// How far back a root looks for a group to join.
const LOOK_BACK: usize = 8;

/// What a node is to the compiler.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Work {
    /// Another look at the memory of its base, or nobody needs it.
    None,
    /// A value that lies in memory before the run, or a number.
    Leaf,
    /// Elementwise; `over` is the shape at whose positions it reads its operands.
    Elementwise { over: Shape },
    /// A reduction of an operand of shape `over`: along the last axis of its space, or along the one
    /// before.
    Reduce { word: FoldWord, over: Shape, last: bool },
    /// A matrix product.
    MatMul,
    /// Through the plain evaluation.
    Plain,
}

/// How a value computed in a group lies over the group's space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// One value at every position.
    Full,
    /// One value for every row, that is for all axes but the last.
    Row,
}

/// Nodes that one instruction computes.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The positions it runs over, see [`space_of`]; of a lone matrix product or plain evaluation,
    /// empty.
    pub space: Shape,
    /// The nodes, in an order in which each comes after its operands.
    pub members: Vec<NodeId>,
    /// Those whose values later groups read from memory.
    pub stored: SmallVec<[NodeId; 4]>,
    /// The values at hand within the group.
    pub registers: HashMap<NodeId, Extent>,
    /// Whether it is a matrix product or a plain evaluation, by itself.
    pub alone: bool,
}

/// The nodes of a graph with what the compiler found out about them.
#[derive(Debug)]
pub(crate) struct Analysis<'a> {
    pub graph: &'a Graph,
    pub live: Vec<bool>,
    pub work: Vec<Work>,
    pub places: Vec<Place>,
    /// Inputs of each node.
    pub inputs: Vec<SmallVec<[NodeId; 3]>>,
    stored: Vec<bool>,
}

/// The groups in the order they run.
pub(crate) fn group(analysis: &Analysis<'_>) -> Vec<Group> {
    let mut grouping =
        Grouping { analysis, groups: Vec::new(), made_in: HashMap::new(), recent: HashMap::new() };
    for id in analysis.nodes() {
        match &analysis.work[id.index()] {
            Work::Elementwise { .. } if !analysis.stored[id.index()] => {}
            Work::Elementwise { .. } | Work::Reduce { .. } => grouping.place(id),
            Work::MatMul | Work::Plain => grouping.alone(id),
            Work::None | Work::Leaf => {}
        }
    }
    grouping.groups
}

impl<'a> Analysis<'a> {
    pub fn new(graph: &'a Graph, outputs: &[NodeId]) -> Self {
        let live = graph.ancestors(outputs);
        let count = live.len();
        let mut analysis = Analysis {
            graph,
            live,
            work: Vec::with_capacity(count),
            places: Vec::with_capacity(count),
            inputs: Vec::with_capacity(count),
            stored: vec![false; count],
        };
        for id in (0..count).map(NodeId::new) {
            analysis.look_at(id);
        }
        analysis.decide_stores(outputs);
        analysis
    }

    /// The live nodes, in recording order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        (0..self.live.len()).filter(|&index| self.live[index]).map(NodeId::new)
    }

    fn look_at(&mut self, id: NodeId) {
        let inputs = self.graph.node_inputs(id);
        let (place, work) = self.graph.node(id, |node| {
            let own = Place::own(id, node.ty.shape.clone());
            if !self.live[id.index()] {
                return (own, Work::None);
            }
            if let [input] = inputs[..] {
                let kind = self.graph.node(input, |input| input.ty.kind);
                if let Some(view) = Place::of_view(node, kind, &self.places[input.index()]) {
                    return (view, Work::None);
                }
            }
            let real = |id: &NodeId| self.graph.node(*id, |node| node.ty.kind != Kind::Index);
            let reals = node.ty.kind != Kind::Index && inputs.iter().all(real);
            let looped = |over: &Shape| space_of(over).rank() <= kernels::Fused::<f32>::MAX_AXES;
            match node.op.lower() {
                Lowering::Full(_) => (Place::repeated(id, node.ty.shape.clone()), Work::Leaf),
                Lowering::Input(_) | Lowering::Parameter(_) | Lowering::Constant => {
                    (own, Work::Leaf)
                }
                Lowering::MatMul => (own, Work::MatMul),
                Lowering::Map(_) | Lowering::Zip(_) | Lowering::Select | Lowering::Copy
                    if reals && looped(&node.ty.shape) =>
                {
                    (own, Work::Elementwise { over: node.ty.shape.clone() })
                }
                // What could not be a view is a copy over the positions of its input.
                Lowering::Reshape if reals && looped(&self.places[inputs[0].index()].shape) => {
                    let over = self.places[inputs[0].index()].shape.clone();
                    (own, Work::Elementwise { over })
                }
                Lowering::Reduce(word, axes) if looped(&self.places[inputs[0].index()].shape) => {
                    let over = self.places[inputs[0].index()].shape.clone();
                    let axis = axes.resolve(over.rank()).expect("checked when recorded")[0];
                    debug_assert_ne!(over[axis], 1, "the pass over reductions leaves none");
                    let last = space_of(&over[axis + 1..]).is_empty();
                    (own, Work::Reduce { word, over, last })
                }
                _ => (own, Work::Plain),
            }
        });
        self.inputs.push(inputs);
        self.places.push(place);
        self.work.push(work);
    }

    /// Decides which elementwise nodes are stored.
    fn decide_stores(&mut self, outputs: &[NodeId]) {
        let mut readers = vec![0usize; self.live.len()];
        for id in self.nodes().collect::<Vec<_>>() {
            let reads_memory = match &self.work[id.index()] {
                Work::None | Work::Leaf => continue,
                Work::MatMul | Work::Plain => true,
                Work::Elementwise { .. } | Work::Reduce { .. } => false,
            };
            for input in self.inputs[id.index()].clone() {
                let base = self.places[input.index()].base;
                readers[base.index()] += 1;
                if reads_memory || !self.reads_in_place(id, input) {
                    self.stored[base.index()] = true;
                }
            }
        }
        for output in outputs {
            self.stored[self.places[output.index()].base.index()] = true;
        }
        let mut cost = vec![0usize; self.live.len()];
        for id in self.nodes().collect::<Vec<_>>() {
            if !matches!(self.work[id.index()], Work::Elementwise { .. }) {
                continue;
            }
            let of_inputs: usize = self.inputs[id.index()]
                .iter()
                .map(|input| self.places[input.index()].base)
                .filter(|base| !self.stored[base.index()])
                .map(|base| cost[base.index()])
                .sum();
            let own = self.weight(id) + of_inputs;
            cost[id.index()] = own;
            if own > LONGEST || (readers[id.index()] > 1 && own > CHEAP) {
                self.stored[id.index()] = true;
            }
        }
    }

    /// Whether `reader`, an elementwise node or a reduction, reads the value of `input` at the same
    /// positions as it was computed, so that it can be computed within the reader's group.
    fn reads_in_place(&self, reader: NodeId, input: NodeId) -> bool {
        let place = &self.places[input.index()];
        if !matches!(self.work[place.base.index()], Work::Elementwise { .. }) {
            return true;
        }
        let space = self.space(reader);
        space == self.space(place.base)
            && place.strides_in_space(self.over(reader)) == space.strides()
    }

    /// The shape at whose positions a node of a loop reads its operands.
    fn over(&self, id: NodeId) -> &Shape {
        match &self.work[id.index()] {
            Work::Elementwise { over } | Work::Reduce { over, .. } => over,
            _ => unreachable!("only what runs in a loop runs over a shape"),
        }
    }

    /// The positions that a node of a loop is computed over.
    fn space(&self, id: NodeId) -> Shape {
        space_of(self.over(id))
    }

    /// The strides with which `reader`, whose positions are those of a loop or of its rows, reads a
    /// place.
    fn strides(&self, reader: NodeId, extent: Extent, place: &Place) -> SmallVec<[usize; 4]> {
        let mut strides = place.strides_in_space(self.over(reader));
        if extent == Extent::Row {
            strides.push(0);
        }
        strides
    }

    /// The cost of a micro-operation, in additions.
    fn weight(&self, id: NodeId) -> usize {
        match self.graph.node(id, |node| node.op.lower()) {
            Lowering::Map(
                MapWord::Neg | MapWord::Abs | MapWord::Square | MapWord::Relu | MapWord::Sign,
            ) => 1,
            Lowering::Map(_) | Lowering::Zip(ZipWord::Pow | ZipWord::Atan2) => 8,
            Lowering::Zip(ZipWord::Div) => 3,
            _ => 1,
        }
    }
}

struct Grouping<'a> {
    analysis: &'a Analysis<'a>,
    groups: Vec<Group>,
    /// The group that stores each stored node.
    made_in: HashMap<NodeId, usize>,
    /// The groups of each space, oldest first.
    recent: HashMap<Shape, Vec<usize>>,
}

/// An operand that a group reads from memory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Read {
    pub base: NodeId,
    /// The strides over the group's space; for a matrix product or a plain evaluation, empty.
    pub strides: SmallVec<[usize; 4]>,
}

impl Group {
    /// Over what a member is computed: the space, or its rows.
    pub fn extent(&self, analysis: &Analysis<'_>, member: NodeId) -> Extent {
        if analysis.space(member).rank() == self.space.rank() { Extent::Full } else { Extent::Row }
    }

    /// The distinct operands it reads from memory, in a fixed order.
    pub fn reads(&self, analysis: &Analysis<'_>) -> SmallVec<[Read; 6]> {
        let mut reads: SmallVec<[Read; 6]> = SmallVec::new();
        for &member in &self.members {
            for &input in &analysis.inputs[member.index()] {
                let place = &analysis.places[input.index()];
                if let Some(read) = self.read(analysis, member, place)
                    && !reads.contains(&read)
                {
                    reads.push(read);
                }
            }
        }
        reads
    }

    /// How a member reads a place from memory; `None` if it is a number or in a register.
    pub fn read(&self, analysis: &Analysis<'_>, member: NodeId, place: &Place) -> Option<Read> {
        if self.alone {
            return Some(Read { base: place.base, strides: SmallVec::new() });
        }
        let number =
            matches!(analysis.graph.node(place.base, |node| node.op.lower()), Lowering::Full(_));
        if number {
            return None;
        }
        let strides = analysis.strides(member, self.extent(analysis, member), place);
        let held = self.holds(place.base, &strides);
        (!held).then_some(Read { base: place.base, strides })
    }

    /// Whether a value is in a register, in the pattern in which these strides read it.
    fn holds(&self, base: NodeId, strides: &[usize]) -> bool {
        self.registers.get(&base).is_some_and(|held| held.strides(&self.space)[..] == *strides)
    }
}

/// A root with the nodes that are computed along with it, and where its other operands come from.
struct Candidate {
    members: Vec<NodeId>,
    /// Operands from memory or registers: reader and input.
    operands: Vec<(NodeId, NodeId)>,
}

impl Grouping<'_> {
    /// A group for a matrix product or a plain evaluation.
    fn alone(&mut self, id: NodeId) {
        self.made_in.insert(id, self.groups.len());
        self.groups.push(Group {
            space: Shape::scalar(),
            members: vec![id],
            stored: smallvec![id],
            registers: HashMap::new(),
            alone: true,
        });
    }

    fn place(&mut self, root: NodeId) {
        let space = self.analysis.space(root);
        let candidate = self.collect(root);
        let row = self.row_group(root, &space, &candidate);
        let joined = row.or_else(|| self.full_group(&space, &candidate));
        let (position, extent) = joined.unwrap_or_else(|| (self.open(&space), Extent::Full));
        self.join(position, extent, root, candidate);
    }

    /// The root and everything unstored under it.
    fn collect(&self, root: NodeId) -> Candidate {
        let mut members = Vec::new();
        let mut operands = Vec::new();
        let mut pending = vec![root];
        while let Some(id) = pending.pop() {
            if members.contains(&id) {
                continue;
            }
            members.push(id);
            for &input in &self.analysis.inputs[id.index()] {
                let base = self.analysis.places[input.index()].base;
                let unstored = matches!(self.analysis.work[base.index()], Work::Elementwise { .. })
                    && !self.analysis.stored[base.index()];
                match unstored {
                    true => pending.push(base),
                    false => operands.push((id, input)),
                }
            }
        }
        members.sort_unstable();
        Candidate { members, operands }
    }

    /// Where the operand's base is computed, if it is computed.
    fn made_in(&self, input: NodeId) -> Option<usize> {
        self.made_in.get(&self.analysis.places[input.index()].base).copied()
    }

    /// A recent group over the same space that runs late enough.
    fn full_group(&self, space: &Shape, candidate: &Candidate) -> Option<(usize, Extent)> {
        let recent = self.recent.get(space)?;
        let fits = |&&position: &&usize| self.can_join(position, Extent::Full, candidate);
        recent.iter().rev().take(LOOK_BACK).find(fits).map(|&position| (position, Extent::Full))
    }

    /// The group that made the latest operand, if that is a value for every row and the root works
    /// on such values alone.
    fn row_group(
        &self,
        root: NodeId,
        space: &Shape,
        candidate: &Candidate,
    ) -> Option<(usize, Extent)> {
        let position =
            candidate.operands.iter().filter_map(|&(_, input)| self.made_in(input)).max()?;
        let (_, rows) = self.groups[position].space.split_last()?;
        // A sum of one value for each row runs down all rows.
        let reduces = matches!(self.analysis.work[root.index()], Work::Reduce { .. });
        if *rows != space[..] || (reduces && rows.len() != 1) {
            return None;
        }
        self.can_join(position, Extent::Row, candidate).then_some((position, Extent::Row))
    }

    /// Whether all operands are ready before the group runs, or at hand within it.
    fn can_join(&self, position: usize, extent: Extent, candidate: &Candidate) -> bool {
        let group = &self.groups[position];
        let ready = |&(reader, input): &(NodeId, NodeId)| match self.made_in(input) {
            None => true,
            Some(made) if made < position => true,
            Some(made) => made == position && self.at_hand(group, extent, reader, input),
        };
        group.stored.len() < MAX_OUTPUTS
            && group.members.len() + candidate.members.len() <= 4 * LONGEST
            && candidate.operands.iter().all(ready)
    }

    /// Whether the group holds the operand in a register, in the pattern the reader reads it.
    fn at_hand(&self, group: &Group, extent: Extent, reader: NodeId, input: NodeId) -> bool {
        let place = &self.analysis.places[input.index()];
        group.holds(place.base, &self.analysis.strides(reader, extent, place))
    }

    fn open(&mut self, space: &Shape) -> usize {
        let position = self.groups.len();
        self.recent.entry(space.clone()).or_default().push(position);
        self.groups.push(Group {
            space: space.clone(),
            members: Vec::new(),
            stored: SmallVec::new(),
            registers: HashMap::new(),
            alone: false,
        });
        position
    }

    fn join(&mut self, position: usize, extent: Extent, root: NodeId, candidate: Candidate) {
        let group = &mut self.groups[position];
        for id in candidate.members {
            let held = match &self.analysis.work[id.index()] {
                // Reduced rows of the space are one value for each; reduced values for each row,
                // and sums down the rows, are complete only when the loop is.
                Work::Reduce { last: true, .. }
                    if extent == Extent::Full
                        && group.space.last() <= Some(&kernels::Fused::<f32>::MAX_ROW) =>
                {
                    Some(Extent::Row)
                }
                Work::Reduce { .. } => None,
                _ => Some(extent),
            };
            if !group.members.contains(&id) {
                group.members.push(id);
            }
            if let Some(held) = held {
                group.registers.insert(id, held);
            }
        }
        group.stored.push(root);
        self.made_in.insert(root, position);
    }
}

impl Extent {
    /// The strides over a space of a value held so, if it were stored.
    pub fn strides(self, space: &Shape) -> SmallVec<[usize; 4]> {
        match self {
            Extent::Full => space.strides(),
            Extent::Row => {
                let mut strides = Shape::from(&space[..space.rank() - 1]).strides();
                strides.push(0);
                strides
            }
        }
    }
}
