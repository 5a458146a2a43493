//! Where every stored value lies: liveness, and the layout of the arena.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use smallvec::SmallVec;

use super::analysis::{Analysis, Work};
use super::gaps::gaps;
use super::group::{Extent, Group, Read};
use super::place::{dense_strides, is_dense};
use graph::reading::NodeId;
use graph::{Kind, Lowering, Shape};

/// Values begin at multiples of this many elements: a cache line of single-precision numbers.
pub(crate) const ALIGNMENT: usize = 16;

/// The layout of a program's memory.
#[derive(Debug)]
pub(crate) struct Plan {
    /// For each node with memory of its own, its range in the arena of its kind or among the constants.
    pub ranges: Vec<Option<Range<usize>>>,
    /// For each node whose memory the caller lends, which.
    pub lent: Vec<Option<usize>>,
    /// The lengths of the two arenas, and of the constants.
    pub reals: usize,
    pub indices: usize,
    pub constants: usize,
    pub index_constants: usize,
    /// For each group, the arrays that must be zeros before it computes the first of their parts.
    pub zeroed: Vec<SmallVec<[NodeId; 1]>>,
    /// Where in each of them nothing else is written.
    pub gaps: HashMap<NodeId, Vec<Range<usize>>>,
}

/// Lays out the memory: indices that are given, constants and outputs for good, everything else for as long as it is needed.
///
/// `outputs` come first, one after the other without gaps, in their order.
pub(crate) fn plan(
    analysis: &Analysis<'_>,
    groups: &[Group],
    reads: &[SmallVec<[Read; 6]>],
    outputs: &[NodeId],
    lent: Vec<Option<usize>>,
) -> Plan {
    let mut planner = Planner {
        analysis,
        lent,
        ranges: vec![None; analysis.work.len()],
        last_read: vec![0; analysis.work.len()],
        begun: vec![false; analysis.work.len()],
        gaps: gaps(analysis),
        reals: Arena::default(),
        indices: Arena::default(),
        constants: Arena::default(),
        index_constants: Arena::default(),
    };
    planner.pin(outputs, reads);
    for (position, reads) in reads.iter().enumerate() {
        for read in reads {
            planner.last_read[analysis.buffer(read.base).index()] = position;
        }
    }
    let zeroed = groups
        .iter()
        .zip(reads)
        .enumerate()
        .map(|(position, (group, reads))| planner.step(position, group, reads))
        .collect();
    let Planner { ranges, lent, gaps, reals, indices, constants, index_constants, .. } = planner;
    Plan {
        ranges,
        lent,
        reals: reals.end,
        indices: indices.end,
        constants: constants.end,
        index_constants: index_constants.end,
        zeroed,
        gaps,
    }
}

struct Planner<'a> {
    analysis: &'a Analysis<'a>,
    ranges: Vec<Option<Range<usize>>>,
    /// The caller's memory: of no concern but that it is there.
    lent: Vec<Option<usize>>,
    /// The last group that reads what lies in each node's memory.
    last_read: Vec<usize>,
    /// Whether something was written into each node's memory.
    begun: Vec<bool>,
    /// Where in a node's memory nothing is written, where there are such elements.
    gaps: HashMap<NodeId, Vec<Range<usize>>>,
    reals: Arena,
    indices: Arena,
    constants: Arena,
    index_constants: Arena,
}

impl Planner<'_> {
    /// Gives outputs and leaves memory that nothing else uses.
    fn pin(&mut self, outputs: &[NodeId], reads: &[SmallVec<[Read; 6]>]) {
        for &output in outputs {
            if self.lent[output.index()].is_some() {
                continue;
            }
            let size = self.shape(output).size();
            let start = self.arena(output).append(size);
            self.ranges[output.index()] = Some(start..start + size);
        }
        self.reals.end = self.reals.end.next_multiple_of(ALIGNMENT);
        self.indices.end = self.indices.end.next_multiple_of(ALIGNMENT);
        for read in reads.iter().flatten() {
            let leaf = matches!(self.analysis.work[read.base.index()], Work::Leaf);
            let parameter = matches!(self.lowering(read.base), Lowering::Parameter(_));
            if leaf && !parameter && !self.has_memory(read.base) {
                self.allocate(read.base);
            }
        }
    }

    fn step(&mut self, position: usize, group: &Group, reads: &[Read]) -> SmallVec<[NodeId; 1]> {
        let mut taken: SmallVec<[Option<usize>; 4]> = SmallVec::new();
        let mut zeroed = SmallVec::new();
        for &node in &group.stored {
            let buffer = self.analysis.buffer(node);
            let over = (!self.has_memory(buffer))
                .then(|| self.inherited(position, group, reads, node, &taken))
                .flatten();
            if let Some(read) = over {
                self.ranges[node.index()] = self.ranges[reads[read].base.index()].clone();
            } else if !self.has_memory(buffer) {
                self.allocate(buffer);
            }
            if !std::mem::replace(&mut self.begun[buffer.index()], true)
                && self.gaps.contains_key(&buffer)
            {
                zeroed.push(buffer);
            }
            taken.push(over);
        }
        for (i, read) in reads.iter().enumerate() {
            let buffer = self.analysis.buffer(read.base);
            let is_same = |other: &Read| self.analysis.buffer(other.base) == buffer;
            let earlier = reads[..i].iter().any(is_same);
            if self.dies(buffer, position) && !earlier && !taken.contains(&Some(i)) {
                self.release(buffer);
            }
        }
        // What nothing reads after all (a second output of a shared loop) is free again.
        for &node in &group.stored {
            let buffer = self.analysis.buffer(node);
            if self.last_read[buffer.index()] <= position && self.is_temporary(buffer) {
                self.release(buffer);
            }
        }
        zeroed
    }

    /// The operand whose memory a stored value can take over: one that is read for the last time,
    /// element by element in the order in which the value is written; or one of which some elements
    /// are written where indices say.
    fn inherited(
        &self,
        position: usize,
        group: &Group,
        reads: &[Read],
        node: NodeId,
        taken: &[Option<usize>],
    ) -> Option<usize> {
        let homeless = |id: NodeId| self.analysis.buffer(id) == id;
        if !homeless(node) {
            return None;
        }
        if group.alone {
            let base = self.analysis.begins_as(node)?;
            let own = |read: &Read| self.analysis.buffer(read.base) == base;
            let alone = reads.iter().filter(|read| own(read)).count() == 1;
            let over = reads.iter().position(|read| read.base == base)?;
            return (alone && homeless(base) && self.dies(base, position)).then_some(over);
        }
        if group.registers.get(&node) != Some(&Extent::Full) {
            return None;
        }
        let space = &group.space;
        let fits = |i: &usize| {
            let read = &reads[*i];
            let beside = |other: &&Read| self.analysis.buffer(other.base) == read.base;
            !read.whole
                && read.along.is_none()
                && !self.is_index(read.base)
                && reads.iter().filter(beside).count() == 1
                && homeless(read.base)
                && !taken.contains(&Some(*i))
                && self.dies(read.base, position)
                && self.shape(read.base).size() == space.size()
                && read.offset == 0
                && read.strides == dense_strides(space)
        };
        (0..reads.len()).find(fits)
    }

    fn has_memory(&self, node: NodeId) -> bool {
        self.ranges[node.index()].is_some() || self.lent[node.index()].is_some()
    }

    fn dies(&self, node: NodeId, position: usize) -> bool {
        self.last_read[node.index()] == position && self.is_temporary(node)
    }

    /// Whether the node's memory is used again after its last reader. Parameters have none.
    fn is_temporary(&self, node: NodeId) -> bool {
        let computed = !matches!(self.analysis.work[node.index()], Work::Leaf);
        computed
            && self.ranges[node.index()].as_ref().is_some_and(|range| {
                let arena = if self.is_index(node) { &self.indices } else { &self.reals };
                // An output without elements begins where something else may begin, too.
                !range.is_empty() && arena.lent.contains_key(&range.start)
            })
    }

    fn allocate(&mut self, node: NodeId) {
        // A number repeated over a shape is stored once.
        let dense = is_dense(&self.analysis.views[node.index()].place);
        let size = if dense { self.shape(node).size() } else { 1 };
        let leaf = matches!(self.analysis.work[node.index()], Work::Leaf);
        let arena = self.arena(node);
        let start = arena.allocate(size, !leaf);
        self.ranges[node.index()] = Some(start..start + size);
    }

    fn release(&mut self, node: NodeId) {
        let start = self.ranges[node.index()].as_ref().expect("allocated").start;
        self.arena(node).release(start);
    }

    fn arena(&mut self, node: NodeId) -> &mut Arena {
        let constant = matches!(self.lowering(node), Lowering::Constant | Lowering::Full(_));
        match (constant, self.is_index(node)) {
            (true, true) => &mut self.index_constants,
            (true, false) => &mut self.constants,
            (false, true) => &mut self.indices,
            (false, false) => &mut self.reals,
        }
    }

    fn lowering(&self, node: NodeId) -> Lowering {
        self.analysis.graph.node(node, |node| node.op.lower())
    }

    fn is_index(&self, node: NodeId) -> bool {
        self.analysis.graph.node(node, |node| node.ty.kind == Kind::Index)
    }

    fn shape(&self, node: NodeId) -> &Shape {
        self.analysis.shape(node)
    }
}

/// Memory handed out and taken back, the smallest gap that fits first.
#[derive(Debug, Default)]
struct Arena {
    end: usize,
    /// Gaps by start.
    free: BTreeMap<usize, usize>,
    /// What is handed out and may be taken back: length by start.
    lent: BTreeMap<usize, usize>,
}

impl Arena {
    /// Room at the end: where it starts.
    ///
    /// # Panics
    /// If the arena then holds more than can be addressed.
    fn append(&mut self, size: usize) -> usize {
        let start = self.end;
        // Neither of the two is more than a shape may have, give or take the alignment.
        self.end = start + size;
        assert!(
            self.end <= Shape::MOST,
            "the values of the program take {} numbers at a time, and {} can be addressed",
            self.end,
            Shape::MOST
        );
        start
    }

    fn allocate(&mut self, size: usize, temporary: bool) -> usize {
        let size = size.max(1).next_multiple_of(ALIGNMENT);
        let gap = self.free.iter().filter(|gap| *gap.1 >= size).min_by_key(|gap| *gap.1);
        let start = match gap.map(|(&start, &length)| (start, length)) {
            Some((start, length)) => {
                self.free.remove(&start);
                if length > size {
                    self.free.insert(start + size, length - size);
                }
                start
            }
            None => self.append(size),
        };
        if temporary {
            self.lent.insert(start, size);
        }
        start
    }

    fn release(&mut self, start: usize) {
        let Some(mut length) = self.lent.remove(&start) else { return };
        let mut start = start;
        if let Some((&before, &gap)) = self.free.range(..start).next_back()
            && before + gap == start
        {
            self.free.remove(&before);
            (start, length) = (before, gap + length);
        }
        if let Some(gap) = self.free.remove(&(start + length)) {
            length += gap;
        }
        self.free.insert(start, length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_neighbours_become_one_gap() {
        let mut arena = Arena::default();
        let starts: Vec<usize> = (0..4).map(|_| arena.allocate(16, true)).collect();
        assert_eq!(starts, [0, 16, 32, 48]);
        arena.release(0);
        arena.release(32);
        arena.release(16);
        assert_eq!(arena.free, BTreeMap::from([(0, 48)]));
        assert_eq!(arena.allocate(40, true), 0);
        assert_eq!(arena.end, 64);
    }

    #[test]
    #[should_panic(expected = "can be addressed")]
    fn an_arena_beyond_all_memory_is_refused() {
        let mut arena = Arena::default();
        (0..3).for_each(|_| _ = arena.allocate(Shape::MOST / 2, true));
    }
}
