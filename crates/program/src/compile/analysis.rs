//! What the nodes of a graph are to the compiler: where their values lie, what computes them, and
//! which must be stored.
//!
//! A node *is stored* when its values must lie in memory: an output, an operand of a contraction or of a
//! plain evaluation, a part of an array that others are in, too, a result that is read in another pattern
//! than it was computed in, or one that several readers share and that is dear to compute again.

use smallvec::SmallVec;

use graph::reading::NodeId;
use graph::{FoldWord, Graph, Kind, Lowering, Place, Shape};

use super::group::{Extent, Read};
use super::home::{self, Home};
use super::place::{Strides, View, dense_strides, space_of, strides_in_space, within};
use crate::words;

/// Recomputing what costs more than so many additions takes longer than a store and its loads.
const CHEAP: usize = 4;

/// A chain of more micro-operations than this is stored in between: groups stay of bounded size.
pub(super) const LONGEST: usize = 48;

/// A product over a longer depth is by itself, where its sums are shared among threads.
const DEEPEST: usize = 2048;

/// A product of more multiply-adds, whose first factor is to be copied before it is read, is by itself: the loop would copy
/// it for each of its parts.
const SMALL: usize = 1 << 18;

/// What a node is to the compiler.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Work {
    /// Another look at the memory of its base, or nobody needs it.
    None,
    /// A value that lies in memory before the run, or a number.
    Leaf,
    /// Elementwise; `over` is the shape at whose positions it reads its operands.
    Elementwise { over: Shape },
    /// A reduction of an operand of shape `over`.
    Reduce { word: FoldWord, over: Shape, along: Along },
    /// A product summed over axes of both factors.
    Contract,
    /// Arrays in their places: nothing to compute where they are computed there.
    Embed,
    /// Through the plain evaluation.
    Plain,
}

/// Along which axes of its space a reduction runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Along {
    /// The last one.
    Rows,
    /// So many before the last one.
    Columns(usize),
}

/// The nodes of a graph with what the compiler found out about them.
#[derive(Debug)]
pub(crate) struct Analysis<'a> {
    pub graph: &'a Graph,
    pub live: Vec<bool>,
    pub work: Vec<Work>,
    pub views: Vec<View>,
    /// Inputs of each node.
    pub inputs: Vec<SmallVec<[NodeId; 3]>>,
    /// Which elementwise nodes lie in memory, and which products do whoever else reads them.
    pub stored: Vec<bool>,
    /// Which products can be computed in the loop that works on them.
    pub in_loop: Vec<bool>,
    /// Where values lie that have no memory of their own. Known once every part of an array can lie there.
    pub homes: Vec<Option<Home>>,
}

impl<'a> Analysis<'a> {
    pub fn new(graph: &'a Graph, outputs: &[NodeId]) -> Self {
        let live = graph.ancestors(outputs);
        let count = live.len();
        let mut analysis = Analysis {
            graph,
            live,
            work: Vec::with_capacity(count),
            views: Vec::with_capacity(count),
            inputs: Vec::with_capacity(count),
            stored: vec![false; count],
            in_loop: vec![false; count],
            homes: vec![None; count],
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
            let own = View::own(id, node.ty.shape.clone());
            if !self.live[id.index()] {
                return (own, Work::None);
            }
            if let [input] = inputs[..] {
                let kind = self.graph.node(input, |input| input.ty.kind);
                if let Some(view) = View::of(node, kind, &self.views[input.index()]) {
                    return (view, Work::None);
                }
            }
            let reals = self.is_of_reals(id);
            let is_looked_up = |place: &Place| self.table(inputs[0], place).is_some();
            let looped = |over: &Shape| space_of(over).rank() <= kernels::Fused::<f32>::MAX_AXES;
            match node.op.lower() {
                Lowering::Full(_) => (View::repeated(id, node.ty.shape.clone()), Work::Leaf),
                Lowering::Input(_) | Lowering::Parameter(_) | Lowering::Constant => {
                    (own, Work::Leaf)
                }
                Lowering::Contract(_) => (own, Work::Contract),
                Lowering::Embed(places) if reals && are_apart(&places) => (own, Work::Embed),
                Lowering::Map(_) | Lowering::Zip(_) | Lowering::Select | Lowering::Copy
                    if reals && looped(&node.ty.shape) =>
                {
                    (own, Work::Elementwise { over: node.ty.shape.clone() })
                }
                Lowering::Pick(place) if looped(&node.ty.shape) && is_looked_up(&place) => {
                    (own, Work::Elementwise { over: node.ty.shape.clone() })
                }
                Lowering::IsAt(_) if looped(&node.ty.shape) => {
                    (own, Work::Elementwise { over: node.ty.shape.clone() })
                }
                // What could not be a view is a copy over the positions of its input.
                Lowering::Reshape if reals && looped(self.shape(inputs[0])) => {
                    let over = self.shape(inputs[0]).clone();
                    (own, Work::Elementwise { over })
                }
                Lowering::Reduce(word, axes) if looped(self.shape(inputs[0])) => {
                    let over = self.shape(inputs[0]).clone();
                    let axes = axes.resolve(over.rank()).expect("checked when recorded");
                    let none_of_1 = axes.iter().all(|&axis| over[axis] != 1);
                    debug_assert!(none_of_1, "the pass over reductions leaves none");
                    let behind = axes[axes.len() - 1] + 1;
                    let along = match space_of(&over[behind..]).is_empty() {
                        true => Along::Rows,
                        false => Along::Columns(axes.len()),
                    };
                    (own, Work::Reduce { word, over, along })
                }
                _ => (own, Work::Plain),
            }
        });
        self.inputs.push(inputs);
        self.views.push(place);
        self.work.push(work);
    }

    /// Whether a node and all that it works on are of real numbers.
    pub fn is_of_reals(&self, node: NodeId) -> bool {
        let real = |id: &NodeId| self.graph.node(*id, |node| node.ty.kind != Kind::Index);
        real(&node) && self.graph.node_inputs(node).iter().all(real)
    }

    /// Decides which elementwise nodes are stored.
    fn decide_stores(&mut self, outputs: &[NodeId]) {
        let mut readers = vec![0usize; self.live.len()];
        for id in self.nodes().collect::<Vec<_>>() {
            let reads_memory = match &self.work[id.index()] {
                Work::None | Work::Leaf => continue,
                Work::Contract | Work::Embed | Work::Plain => true,
                Work::Elementwise { .. } | Work::Reduce { .. } => false,
            };
            for input in self.inputs[id.index()].clone() {
                let base = self.views[input.index()].base;
                readers[base.index()] += 1;
                if reads_memory || self.is_table(id, input) || !self.reads_in_place(id, input) {
                    self.stored[base.index()] = true;
                } else if self.work[base.index()] == Work::Contract {
                    self.in_loop[base.index()] = self.can_loop(base);
                }
            }
        }
        for output in outputs {
            self.stored[self.views[output.index()].base.index()] = true;
        }
        // Of each node, with everything unstored under it: the cost, and the micro-operations.
        let mut under = vec![(0, 0); self.live.len()];
        for id in self.nodes().collect::<Vec<_>>() {
            if !matches!(self.work[id.index()], Work::Elementwise { .. }) {
                continue;
            }
            let (mut cost, mut count) = (self.cost(id), 1);
            for input in &self.inputs[id.index()] {
                let base = self.views[input.index()].base.index();
                if !self.stored[base] {
                    cost += under[base].0;
                    count += under[base].1;
                }
            }
            under[id.index()] = (cost, count);
            if count > LONGEST || (readers[id.index()] > 1 && cost > CHEAP) {
                self.stored[id.index()] = true;
            }
        }
    }

    /// Whether `reader`, an elementwise node or a reduction, reads the value of `input` at the same
    /// positions as it was computed, so that it can be computed within the reader's group.
    fn reads_in_place(&self, reader: NodeId, input: NodeId) -> bool {
        let View { base, place } = &self.views[input.index()];
        if !matches!(self.work[base.index()], Work::Elementwise { .. } | Work::Contract) {
            return true;
        }
        let space = self.space(reader);
        space == self.space(*base)
            && place.offset == 0
            && strides_in_space(place, self.over(reader)) == dense_strides(&space)
    }

    /// Whether a product's results are the positions of a loop, with its columns as the columns, and parts of it are
    /// computed as fast as the whole.
    fn can_loop(&self, product: NodeId) -> bool {
        let Lowering::Contract(contract) = self.graph.node(product, |node| node.op.lower()) else {
            return false;
        };
        let [a, b] = [0, 1].map(|of| &self.views[self.inputs[product.index()][of].index()].place);
        let extents = |place: &Place, axes: &[usize]| -> Vec<usize> {
            axes.iter().map(|&axis| place.shape[axis]).filter(|&extent| extent != 1).collect()
        };
        let columns = extents(b, &contract.alone(1, b.shape.rank()));
        let depth: usize = extents(a, &contract.sums[0]).iter().product();
        let space = space_of(self.shape(product));
        let reads_along = contract.sums[0].last().is_none_or(|&axis| a.strides[axis] == 1);
        columns.len() == 1
            && space.rank() <= kernels::Fused::<f32>::MAX_AXES
            && space.size() > 0
            && depth <= DEEPEST
            && (reads_along || space.size().saturating_mul(depth) <= SMALL)
    }

    /// Whether `reader` looks elements of `input` up, wherever an index says.
    pub fn is_table(&self, reader: NodeId, input: NodeId) -> bool {
        let picks = self.graph.node(reader, |node| matches!(node.op.lower(), Lowering::Pick(_)));
        picks && self.graph.node(input, |node| node.ty.kind != Kind::Index)
    }

    /// Where elements lie that are looked up in a place of `input`: among those of its base, the indexed axis being the
    /// last.
    pub fn table(&self, input: NodeId, place: &Place) -> Option<View> {
        let View { base, place: of_input } = &self.views[input.index()];
        Some(View { base: *base, place: within(of_input, place)? })
    }

    /// With where every value lies, which [`home::settled`] made possible.
    pub fn at_home(mut self) -> Self {
        self.homes = home::homes(&self);
        self
    }

    /// The value in whose memory a value lies: by default its own.
    pub fn buffer(&self, id: NodeId) -> NodeId {
        self.homes[id.index()].as_ref().map_or(id, |home| home.buffer)
    }

    /// The memory, and the place there, of what lies in a place of a value.
    pub fn located(&self, base: NodeId, place: &Place) -> (NodeId, Place) {
        match &self.homes[base.index()] {
            Some(home) => {
                let place = within(&home.place, place).expect("who reads it was asked before");
                (home.buffer, place)
            }
            None => (base, place.clone()),
        }
    }

    /// Whether it writes some elements of an array, where indices say.
    pub fn writes_by_index(&self, id: NodeId) -> bool {
        let lowering = self.graph.node(id, |node| node.op.lower());
        matches!(lowering, Lowering::Put(_) | Lowering::Replace(_))
    }

    /// The value in whose memory such an operation can write, if that is not read again: all of it is what the result begins
    /// as, and nothing else of it is read.
    pub fn begins_as(&self, id: NodeId) -> Option<NodeId> {
        let (first, others) = self.inputs[id.index()].split_first()?;
        let view = &self.views[first.index()];
        let apart = |input: &NodeId| self.views[input.index()].base != view.base;
        let whole = view.is_whole(self.shape(view.base));
        (self.writes_by_index(id) && whole && others.iter().all(apart)).then_some(view.base)
    }

    /// The shape of a node's value.
    pub fn shape(&self, id: NodeId) -> &Shape {
        &self.views[id.index()].place.shape
    }

    /// The shape at whose positions a value is computed, in row-major order: its own, or one with as many elements.
    pub fn written_over(&self, id: NodeId) -> &Shape {
        match &self.work[id.index()] {
            Work::Elementwise { over } => over,
            _ => self.shape(id),
        }
    }

    /// The shape at whose positions a node of a loop reads its operands.
    fn over(&self, id: NodeId) -> &Shape {
        match &self.work[id.index()] {
            Work::Elementwise { over } | Work::Reduce { over, .. } => over,
            Work::Contract => self.shape(id),
            _ => unreachable!("only what runs in a loop runs over a shape"),
        }
    }

    /// The positions that a node of a loop is computed over.
    pub fn space(&self, id: NodeId) -> Shape {
        space_of(self.over(id))
    }

    /// How `reader`, whose positions are those of a loop or of its rows, reads one of its inputs.
    pub fn read(&self, reader: NodeId, extent: Extent, input: NodeId) -> Read {
        let view = &self.views[input.index()];
        if !self.is_table(reader, input) {
            let strides = self.strides(reader, extent, &view.place);
            return Read::at(view.base, view.place.offset, strides);
        }
        let Lowering::Pick(place) = self.graph.node(reader, |node| node.op.lower()) else {
            unreachable!("only a pick looks up")
        };
        let View { base, mut place } = self.table(input, &place).expect("it was asked before");
        let stride = place.strides.pop().expect("there is the indexed axis");
        let (&extent_along, positions) = place.shape.split_last().expect("as above");
        let along = Some(kernels::Along { extent: extent_along, stride });
        place.shape = Shape::from(positions);
        let strides = self.strides(reader, extent, &place);
        Read { along, ..Read::at(base, place.offset, strides) }
    }

    /// The strides over a loop's space of what `reader` reads in a place, for all positions or for rows or columns alone.
    pub fn strides(&self, reader: NodeId, extent: Extent, place: &Place) -> Strides {
        let mut strides: Strides = strides_in_space(place, self.over(reader));
        match extent {
            Extent::Full => {}
            Extent::Row => strides.push(0),
            Extent::Column(rows) => {
                let columns = strides.len() - 1;
                strides.insert_many(columns, std::iter::repeat_n(0, rows));
            }
        }
        strides
    }

    /// The cost of a node, in additions.
    fn cost(&self, id: NodeId) -> usize {
        self.graph.node(id, |node| words::cost(&node.op.lower()))
    }
}

/// A place, as the kernels know it.
pub(super) fn spread(place: &Place) -> kernels::Spread<'_> {
    kernels::Spread { offset: place.offset, extents: &place.shape, strides: &place.strides }
}

/// Whether every element has a place of its own, and no two arrays share one, as far as that is known. Arrays that lie one
/// after the other, in any order, are told apart at a cost that grows with their number.
pub(super) fn are_apart(places: &[Place]) -> bool {
    let mut reached: Vec<(usize, usize, &Place)> = Vec::with_capacity(places.len());
    for place in places.iter().filter(|place| place.shape.size() > 0) {
        match spread(place).reach() {
            Some((low, high)) if spread(place).is_injective() => reached.push((low, high, place)),
            _ => return false,
        }
    }
    reached.sort_unstable_by_key(|reach| reach.0);
    let mut highest = 0;
    reached.iter().enumerate().all(|(i, &(low, high, place))| {
        let beyond = low >= highest;
        highest = high.max(highest);
        let apart =
            |before: &(usize, usize, &Place)| spread(before.2).is_apart_from(&spread(place));
        beyond || reached[..i].iter().all(apart)
    })
}
