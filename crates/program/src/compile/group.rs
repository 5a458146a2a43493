//! Which nodes run together: elementwise chains with the reductions that consume or feed them.
//!
//! Stored nodes and reductions are the *roots*: each goes, in recording order, into an existing group
//! that runs over the same positions and late enough, or opens a new one. Every other elementwise
//! node is computed within each group that reads it.

use std::collections::HashMap;

use smallvec::{SmallVec, smallvec};

use super::analysis::{Analysis, Work};
use super::place::{Strides, View, dense_strides};
use graph::reading::NodeId;
use graph::{Lowering, Shape};

use crate::instruction::{MAX_MEMBERS, MAX_OUTPUTS};

/// How far back a root looks for a group to join.
const LOOK_BACK: usize = 8;

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

/// The groups in the order they run.
pub(crate) fn group(analysis: &Analysis<'_>) -> Vec<Group> {
    let mut grouping =
        Grouping { analysis, groups: Vec::new(), made_in: HashMap::new(), recent: HashMap::new() };
    for id in analysis.nodes() {
        match &analysis.work[id.index()] {
            Work::Elementwise { .. } if !analysis.stored[id.index()] => {}
            Work::Elementwise { .. } | Work::Reduce { .. } => grouping.place(id),
            Work::Contract | Work::Plain => grouping.alone(id),
            Work::Embed => grouping.complete(id),
            Work::None | Work::Leaf => {}
        }
    }
    grouping.groups
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
    /// The number of the first element that is read, among those of the base.
    pub offset: usize,
    /// The strides over the group's space; for a contraction or a plain evaluation, empty.
    pub strides: Strides,
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
                let view = &analysis.views[input.index()];
                if let Some(read) = self.read(analysis, member, view)
                    && !reads.contains(&read)
                {
                    reads.push(read);
                }
            }
        }
        reads
    }

    /// How a member reads a view from memory; `None` if it is a number or in a register.
    pub fn read(&self, analysis: &Analysis<'_>, member: NodeId, view: &View) -> Option<Read> {
        if self.alone {
            return Some(Read { base: view.base, offset: 0, strides: SmallVec::new() });
        }
        let number =
            matches!(analysis.graph.node(view.base, |node| node.op.lower()), Lowering::Full(_));
        if number {
            return None;
        }
        let read = analysis.read(member, self.extent(analysis, member), view);
        (!self.holds(&read)).then_some(read)
    }

    /// Whether a value is in a register, in the pattern in which it is read.
    fn holds(&self, read: &Read) -> bool {
        let held = self.registers.get(&read.base);
        held.is_some_and(|held| read.offset == 0 && held.strides(&self.space) == read.strides)
    }
}

/// A root with the nodes that are computed along with it, and where its other operands come from.
struct Candidate {
    members: Vec<NodeId>,
    /// Operands from memory or registers: reader and input.
    operands: Vec<(NodeId, NodeId)>,
}

impl Grouping<'_> {
    /// An array is there when its last part is.
    fn complete(&mut self, embed: NodeId) {
        let parts = self.analysis.inputs[embed.index()].iter();
        let last = parts.filter_map(|&part| self.made_in(part)).max();
        self.made_in.insert(embed, last.expect("every part of an array is computed"));
    }

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
                let base = self.analysis.views[input.index()].base;
                let unstored = matches!(self.analysis.work[base.index()], Work::Elementwise { .. })
                    && !self.analysis.stored[base.index()];
                if unstored { pending.push(base) } else { operands.push((id, input)) }
            }
        }
        members.sort_unstable();
        Candidate { members, operands }
    }

    /// Where the operand's base is computed, if it is computed.
    fn made_in(&self, input: NodeId) -> Option<usize> {
        self.made_in.get(&self.analysis.views[input.index()].base).copied()
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
            && group.members.len() + candidate.members.len() <= MAX_MEMBERS
            && candidate.operands.iter().all(ready)
    }

    /// Whether the group holds the operand in a register, in the pattern the reader reads it.
    fn at_hand(&self, group: &Group, extent: Extent, reader: NodeId, input: NodeId) -> bool {
        group.holds(&self.analysis.read(reader, extent, &self.analysis.views[input.index()]))
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
    pub fn strides(self, space: &Shape) -> Strides {
        match self {
            Extent::Full => dense_strides(space),
            Extent::Row => {
                let mut strides = dense_strides(&Shape::from(&space[..space.rank() - 1]));
                strides.push(0);
                strides
            }
        }
    }
}
