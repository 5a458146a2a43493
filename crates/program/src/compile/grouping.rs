//! Which nodes run together: elementwise chains with the reductions that consume or feed them, after the products that
//! they work on.
//!
//! Stored nodes, reductions and products are the *roots*: each goes, in recording order, into an existing group
//! that runs over the same positions and late enough, or opens a new one. Every other elementwise
//! node is computed within each group that reads it. A product that is read nowhere but in its group is not stored.
//!
//! A group goes through whole rows or through whole columns at a time. Which, is decided by the first root that needs it:
//! one that works on the reductions of rows along them, or on those of columns down them.

use std::collections::{HashMap, HashSet};

use smallvec::smallvec;

use super::analysis::{Along, Analysis, Work};
use super::cut::Cut;
use super::group::{Extent, Group, without_rows};
use graph::reading::{NodeId, runs_for_each_sample};
use graph::{Lowering, Shape};

use crate::instruction::{MAX_MEMBERS, MAX_OUTPUTS};

/// A second factor of more elements is dear to copy,
const LARGE_FACTOR: usize = 1 << 15;

/// unless the first is so many times as large.
const MANY_ROWS: usize = 4;

/// How far back a root looks for a group to join.
const LOOK_BACK: usize = 8;

/// The groups in the order they run.
pub(crate) fn groups(analysis: &Analysis<'_>) -> Vec<Group> {
    let mut grouping =
        Grouping { analysis, groups: Vec::new(), made_in: HashMap::new(), recent: HashMap::new() };
    for id in analysis.nodes() {
        match &analysis.work[id.index()] {
            Work::Elementwise { .. } if !analysis.stored[id.index()] => {}
            Work::Elementwise { .. } | Work::Reduce { .. } => grouping.place(id),
            Work::Contract if analysis.in_loop[id.index()] => grouping.place(id),
            Work::Contract | Work::Plain => grouping.alone(id),
            Work::Embed => grouping.complete(id),
            Work::None | Work::Leaf => {}
        }
    }
    let mut groups = grouping.groups;
    let read: HashSet<NodeId> =
        groups.iter().flat_map(|group| group.reads(analysis)).map(|read| read.base).collect();
    for group in &mut groups {
        group.keep_products(analysis, &read);
    }
    // What is given is checked before anything is computed.
    groups.sort_by_key(|group| !checks_a_leaf(analysis, group));
    groups
}

/// Whether indices are checked that are there before the run.
fn checks_a_leaf(analysis: &Analysis<'_>, group: &Group) -> bool {
    let &[member] = &group.members[..] else { return false };
    let checks = analysis.graph.node(member, |node| matches!(node.op.lower(), Lowering::Within(_)));
    checks && {
        let index = analysis.inputs[member.index()][0];
        analysis.work[analysis.views[index.index()].base.index()] == Work::Leaf
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
        let (members, stored) = (vec![id], smallvec![id]);
        let for_each = self.analysis.graph.node(id, |node| runs_for_each_sample(&node.op));
        let cut = for_each.then_some(Cut::Samples);
        self.groups.push(Group {
            members,
            stored,
            alone: true,
            cut,
            ..Group::new(Shape::scalar())
        });
    }

    fn place(&mut self, root: NodeId) {
        let space = self.analysis.space(root);
        let candidate = self.collect(root);
        let joined = if self.is_product(root) {
            self.product_group(root, &space, &candidate)
        } else {
            self.row_group(root, &space, &candidate)
                .or_else(|| self.column_group(root, &space, &candidate))
                .or_else(|| self.full_group(root, &space, &candidate))
        };
        let (position, extent) = joined.unwrap_or_else(|| {
            let cut = self.cut(root, &space, &candidate);
            (self.open(&space, cut), Extent::Full)
        });
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

    /// The group that made the latest operand.
    fn latest(&self, candidate: &Candidate) -> Option<usize> {
        candidate.operands.iter().filter_map(|&(_, input)| self.made_in(input)).max()
    }

    fn is_product(&self, node: NodeId) -> bool {
        self.analysis.work[node.index()] == Work::Contract
    }

    /// A recent group over the same space that runs late enough.
    fn full_group(
        &self,
        root: NodeId,
        space: &Shape,
        candidate: &Candidate,
    ) -> Option<(usize, Extent)> {
        let recent = self.recent.get(space)?;
        let fits = |&&position: &&usize| self.can_join(position, Extent::Full, root, candidate);
        recent.iter().rev().take(LOOK_BACK).find(fits).map(|&position| (position, Extent::Full))
    }

    /// A recent group with a product of the same factor: the four gates of an LSTM, or queries, keys and values.
    fn product_group(
        &self,
        root: NodeId,
        space: &Shape,
        candidate: &Candidate,
    ) -> Option<(usize, Extent)> {
        let factor = |id: NodeId| &self.analysis.views[self.analysis.inputs[id.index()][0].index()];
        let recent = self.recent.get(space)?;
        let fits = |&&position: &&usize| {
            let members = self.groups[position].members.iter();
            let mut products = members.filter(|&&member| self.is_product(member));
            products.any(|&product| factor(product) == factor(root))
                && self.can_join(position, Extent::Full, root, candidate)
        };
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
        let position = self.latest(candidate)?;
        let (_, rows) = self.groups[position].space.split_last()?;
        // A sum of one value for each row runs down all rows.
        let reduces = matches!(self.analysis.work[root.index()], Work::Reduce { .. });
        if *rows != space[..] || (reduces && rows.len() != 1) {
            return None;
        }
        self.can_join(position, Extent::Row, root, candidate).then_some((position, Extent::Row))
    }

    /// The group that made the latest operand, if that is a value for every column and the root works on such values alone.
    fn column_group(
        &self,
        root: NodeId,
        space: &Shape,
        candidate: &Candidate,
    ) -> Option<(usize, Extent)> {
        let position = self.latest(candidate)?;
        let elementwise = matches!(self.analysis.work[root.index()], Work::Elementwise { .. });
        let over = &self.groups[position].space;
        // The strides of no elements tell nothing apart.
        let rows = self.groups[position].row_axes();
        let columns = without_rows(over, rows);
        let same = over.size() > 0 && columns.is_some_and(|columns| columns == *space);
        let extent = Extent::Column(rows);
        let joins = elementwise && same && self.can_join(position, extent, root, candidate);
        joins.then_some((position, extent))
    }

    /// Whether all operands are ready before the group runs, or at hand within it.
    fn can_join(
        &self,
        position: usize,
        extent: Extent,
        root: NodeId,
        candidate: &Candidate,
    ) -> bool {
        let group = &self.groups[position];
        let ready = |&(reader, input): &(NodeId, NodeId)| match self.made_in(input) {
            None => true,
            Some(made) if made < position => true,
            Some(made) => {
                let at_hand = !self.is_product(reader) && !self.analysis.is_table(reader, input);
                made == position && at_hand && self.at_hand(group, extent, reader, input)
            }
        };
        self.limit(group, extent, root, candidate).is_none() && candidate.operands.iter().all(ready)
    }

    /// What keeps a root out of a group, whether its operands are ready or not.
    fn limit(
        &self,
        group: &Group,
        extent: Extent,
        root: NodeId,
        candidate: &Candidate,
    ) -> Option<Cut> {
        let whole = self.whole(group, extent, root, candidate);
        let rows = self.rows(root);
        let other_axes = group.rows.is_some() && rows.is_some() && group.rows != rows;
        let of_column = || self.reads_columns(group, candidate);
        // A sum of columns is there when they are whole, in a group that goes by neither as yet, too.
        let other = group.whole.is_some() && whole.is_some() && group.whole != whole
            || whole == Some(Extent::Row) && of_column();
        let dear = || group.members.iter().any(|&id| self.is_dear_by_rows(id));
        if group.stored.len() >= MAX_OUTPUTS {
            Some(Cut::Outputs)
        } else if group.members.len() + candidate.members.len() > MAX_MEMBERS {
            Some(Cut::Operations)
        } else if other_axes {
            Some(Cut::Axes)
        } else if other {
            Some(Cut::Whole)
        } else {
            (whole == Some(Extent::Row) && dear()).then_some(Cut::Factor)
        }
    }

    /// Why a root that opens a group is not in the one that made its latest operand.
    fn cut(&self, root: NodeId, space: &Shape, candidate: &Candidate) -> Option<Cut> {
        let made = |&(_, input): &(NodeId, NodeId)| Some((self.made_in(input)?, input));
        let (position, input) =
            candidate.operands.iter().filter_map(made).max_by_key(|made| made.0)?;
        let group = &self.groups[position];
        if group.alone || self.is_product(root) {
            return None;
        }
        let extent = match space {
            _ if *space == group.space => Extent::Full,
            _ if group.space.split_last().is_some_and(|(_, rows)| *rows == space[..]) => {
                Extent::Row
            }
            _ if without_rows(&group.space, group.row_axes()).as_ref() == Some(space) => {
                Extent::Column(group.row_axes())
            }
            _ => return None,
        };
        let base = self.analysis.views[input.index()].base;
        let too_long = match &self.analysis.work[base.index()] {
            Work::Reduce { .. } if group.registers.contains_key(&base) => None,
            Work::Reduce { along: Along::Rows, .. } => Some(Cut::Row),
            Work::Reduce { .. } if group.whole != Some(Extent::Row) => Some(Cut::Column),
            _ => None,
        };
        self.limit(group, extent, root, candidate).or(too_long)
    }

    /// Whether a member is a product of few rows and a large second factor: all of that would be copied first, where each
    /// strip of columns copies its own. Of a batch, each matrix is a product by itself.
    fn is_dear_by_rows(&self, member: NodeId) -> bool {
        let Lowering::Contract(contract) = self.analysis.graph.node(member, |node| node.op.lower())
        else {
            return false;
        };
        let size = |of: usize| {
            let shape = self.analysis.shape(self.analysis.inputs[member.index()][of]);
            let batch = contract.batch[of].iter().map(|&axis| shape[axis]);
            shape.size() / batch.product::<usize>().max(1)
        };
        size(1) > LARGE_FACTOR && size(0) < MANY_ROWS * size(1)
    }

    /// How many axes the rows are that a root is reduced over.
    fn rows(&self, root: NodeId) -> Option<usize> {
        match self.analysis.work[root.index()] {
            Work::Reduce { along: Along::Columns(rows), .. } => Some(rows),
            _ => None,
        }
    }

    /// What a root needs to be whole at a time in a group.
    fn whole(
        &self,
        group: &Group,
        extent: Extent,
        root: NodeId,
        candidate: &Candidate,
    ) -> Option<Extent> {
        let work = &self.analysis.work[root.index()];
        let along_row = matches!(work, Work::Reduce { along: Along::Rows, .. });
        if along_row || extent == Extent::Row {
            return Some(Extent::Row);
        }
        let down = matches!(extent, Extent::Column(_)) || self.reads_columns(group, candidate);
        down.then_some(Extent::Column(group.row_axes()))
    }

    /// Whether the group holds an operand as one value for each column.
    fn reads_columns(&self, group: &Group, candidate: &Candidate) -> bool {
        candidate.operands.iter().any(|&(_, input)| {
            let base = self.analysis.views[input.index()].base;
            matches!(group.registers.get(&base), Some(Extent::Column(_)))
        })
    }

    /// Whether the group holds the operand in a register, in the pattern the reader reads it.
    fn at_hand(&self, group: &Group, extent: Extent, reader: NodeId, input: NodeId) -> bool {
        group.holds(&self.analysis.read(reader, extent, input))
    }

    fn open(&mut self, space: &Shape, cut: Option<Cut>) -> usize {
        let position = self.groups.len();
        self.recent.entry(space.clone()).or_default().push(position);
        self.groups.push(Group { cut, ..Group::new(space.clone()) });
        position
    }

    fn join(&mut self, position: usize, extent: Extent, root: NodeId, candidate: Candidate) {
        let rows = match extent {
            Extent::Column(rows) => Some(rows),
            _ => self.rows(root),
        };
        let whole = self.whole(&self.groups[position], extent, root, &candidate);
        let group = &mut self.groups[position];
        group.whole = group.whole.or(whole);
        group.rows = group.rows.or(rows);
        for id in candidate.members {
            let held = match &self.analysis.work[id.index()] {
                // Reduced rows of the space are one value for each; reduced values for each row,
                // and sums down the rows, are complete only when the loop is.
                Work::Reduce { along: Along::Rows, .. }
                    if extent == Extent::Full
                        && group.space.last() <= Some(&kernels::Fused::<f32>::MAX_ROW) =>
                {
                    Some(Extent::Row)
                }
                Work::Reduce { along: Along::Columns(rows), .. }
                    if extent == Extent::Full && group.reduces_columns() =>
                {
                    Some(Extent::Column(*rows))
                }
                Work::Reduce { .. } => None,
                _ => Some(extent),
            };
            if !group.members.contains(&id) {
                group.members.push(id);
            }
            if extent != Extent::Full {
                group.narrow.insert(id, extent);
            }
            if let Some(held) = held {
                group.registers.insert(id, held);
            }
        }
        group.stored.push(root);
        self.made_in.insert(root, position);
    }
}
