//! What runs together: nodes that one instruction computes, and what they read.

use std::collections::{HashMap, HashSet};

use smallvec::SmallVec;

use super::analysis::{Analysis, Work};
use super::cut::Cut;
use super::place::{Strides, dense_strides};
use graph::reading::NodeId;
use graph::{Lowering, Place, Shape};

/// How a value computed in a group lies over the group's space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// One value at every position.
    Full,
    /// One value for every row, that is for all axes but the last.
    Row,
    /// One value for every column, that is for all axes but so many before the last, the rows.
    Column(usize),
}

/// Nodes that one instruction computes.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The positions it runs over, see [`space_of`](super::place::space_of); of a lone matrix product or plain
    /// evaluation, empty.
    pub space: Shape,
    /// The nodes, in an order in which each comes after its operands.
    pub members: Vec<NodeId>,
    /// Those whose values later groups read from memory.
    pub stored: SmallVec<[NodeId; 4]>,
    /// The values at hand within the group.
    pub registers: HashMap<NodeId, Extent>,
    /// The members that are computed for rows or columns alone.
    pub narrow: HashMap<NodeId, Extent>,
    /// What is whole at a time, once that matters.
    pub whole: Option<Extent>,
    /// How many axes before the last one the rows are, once something is reduced over them.
    pub rows: Option<usize>,
    /// Why the first of its roots is in no group before.
    pub cut: Option<Cut>,
    /// Whether it is a matrix product or a plain evaluation, by itself.
    pub alone: bool,
}

/// An operand that a group reads from memory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Read {
    pub base: NodeId,
    /// The number of the first element that is read, among those of the base.
    pub offset: usize,
    /// The strides over the group's space.
    pub strides: Strides,
    /// The axis, beside those of the space, along which an index says what is read.
    pub along: Option<kernels::Along>,
    /// Whether it is an operand of a contraction or a plain evaluation, which look at it as they will.
    pub whole: bool,
}

impl Read {
    fn whole(base: NodeId) -> Self {
        Read { whole: true, ..Read::at(base, 0, SmallVec::new()) }
    }

    /// An element at each position.
    pub fn at(base: NodeId, offset: usize, strides: Strides) -> Self {
        Read { base, offset, strides, along: None, whole: false }
    }

    /// Where among the elements of the base it reads at the positions of a space, an indexed axis being the last.
    pub fn place(&self, space: &Shape) -> Place {
        let extents = space.iter().copied().chain(self.along.map(|along| along.extent));
        let mut strides = self.strides.clone();
        strides.extend(self.along.map(|along| along.stride));
        Place { offset: self.offset, shape: extents.collect(), strides }
    }
}

impl Group {
    pub fn new(space: Shape) -> Self {
        Group {
            space,
            members: Vec::new(),
            stored: SmallVec::new(),
            registers: HashMap::new(),
            narrow: HashMap::new(),
            whole: None,
            rows: None,
            cut: None,
            alone: false,
        }
    }

    /// Over what a member is computed: the space, its rows or its columns.
    pub fn extent(&self, member: NodeId) -> Extent {
        self.narrow.get(&member).copied().unwrap_or(Extent::Full)
    }

    /// Of a product that nothing reads from memory, keeps nothing; one by itself runs alone.
    pub fn keep_products(&mut self, analysis: &Analysis<'_>, read: &HashSet<NodeId>) {
        let is_product = |id: &NodeId| analysis.work[id.index()] == Work::Contract;
        if let [member] = self.members[..]
            && is_product(&member)
        {
            *self = Group {
                space: Shape::scalar(),
                registers: HashMap::new(),
                alone: true,
                ..self.clone()
            };
            return;
        }
        let needed = |id: &NodeId| analysis.stored[id.index()] || read.contains(id);
        self.stored.retain(|id| !is_product(id) || needed(id));
    }

    /// The distinct operands it reads from memory, in a fixed order.
    pub fn reads(&self, analysis: &Analysis<'_>) -> SmallVec<[Read; 6]> {
        let mut reads: SmallVec<[Read; 6]> = SmallVec::new();
        for &member in &self.members {
            for &input in &analysis.inputs[member.index()] {
                if let Some(read) = self.read(analysis, member, input)
                    && !reads.contains(&read)
                {
                    reads.push(read);
                }
            }
        }
        reads
    }

    /// How a member reads an input from memory; `None` if it is a number or in a register.
    pub fn read(&self, analysis: &Analysis<'_>, member: NodeId, input: NodeId) -> Option<Read> {
        let view = &analysis.views[input.index()];
        if self.alone || analysis.work[member.index()] == Work::Contract {
            return Some(Read::whole(view.base));
        }
        let number =
            matches!(analysis.graph.node(view.base, |node| node.op.lower()), Lowering::Full(_));
        if number {
            return None;
        }
        let read = analysis.read(member, self.extent(member), input);
        (!self.holds(&read)).then_some(read)
    }

    /// Whether a value is in a register, in the pattern in which it is read.
    pub fn holds(&self, read: &Read) -> bool {
        let held = self.registers.get(&read.base);
        held.is_some_and(|held| {
            let of_column = matches!(held, Extent::Column(_));
            let whole = !of_column || self.whole != Some(Extent::Row);
            whole
                && read.along.is_none()
                && read.offset == 0
                && held.strides(&self.space) == read.strides
        })
    }

    /// How many axes the rows are: the one before the last one, unless more are reduced together.
    pub fn row_axes(&self) -> usize {
        self.rows.unwrap_or(1)
    }

    /// Whether a sum down the rows can be used in the loop that computes it.
    pub fn reduces_columns(&self) -> bool {
        let most = kernels::Fused::<f32>::MAX_COLUMN;
        let rows = self.space.iter().rev().skip(1).take(self.row_axes()).product::<usize>();
        self.whole != Some(Extent::Row) && self.space.rank() > 1 && rows <= most
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
            Extent::Column(rows) => {
                let columns = without_rows(space, rows).expect("there are rows to be one value of");
                let mut strides = dense_strides(&columns);
                strides.insert_many(columns.rank() - 1, std::iter::repeat_n(0, rows));
                strides
            }
        }
    }
}

/// The columns of a space of which so many axes are the rows.
pub(super) fn without_rows(space: &Shape, rows: usize) -> Option<Shape> {
    let first = space.rank().checked_sub(1 + rows)?;
    Some(space[..first].iter().chain(&space[first + rows..]).copied().collect())
}
