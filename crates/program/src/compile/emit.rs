//! From groups of nodes with a place in memory to instructions.

use std::collections::HashMap;

use kernels::{Along, Contraction, Factor, FusedBuilder, Index, Layout, Table, Value as Register};
use smallvec::SmallVec;

use super::Arithmetic;
use super::analysis::{self, Analysis, Work};
use super::group::{Extent, Group, Read};
use super::place::{Strides, View, space_of, strides_in_space};
use super::plan::Plan;
use crate::Precision;
use crate::instruction::{
    Action, Cost, FusedInput, Instruction, LoopProduct, Memory, Operand, Product, Written,
};
use crate::words;
use graph::Lowering;
use graph::ParamId;
use graph::ops::Contract;
use graph::reading::NodeId;
use graph::{Kind, Place};

/// What the emission of instructions needs to know.
pub(crate) struct Emitter<'a> {
    pub analysis: &'a Analysis<'a>,
    pub plan: &'a Plan,
    /// Where each parameter lies.
    pub params: &'a dyn Fn(ParamId) -> std::ops::Range<usize>,
    /// How the bodies of loops are compiled.
    pub arithmetic: Arithmetic,
}

impl Emitter<'_> {
    pub fn emit<T: Precision>(
        &self,
        position: usize,
        group: &Group,
        reads: &[Read],
    ) -> Vec<Instruction<T>> {
        let node = *group.stored.last().expect("a group stores something");
        let action = match &self.analysis.work[node.index()] {
            Work::Contract if group.alone => self.contract(node),
            Work::Plain => self.plain(node),
            _ => self.fused(group, reads),
        };
        let location = self.analysis.graph.node(node, |node| node.location);
        let zeroed = self.plan.zeroed[position].iter().map(|&node| self.zeroed::<T>(node));
        let mut cost = self.cost::<T>(group, reads);
        cost.count(&action);
        let computed = Instruction { action, location, cost };
        zeroed.chain([computed]).collect()
    }

    /// Zeros where no part of an array will lie.
    fn zeroed<T: Precision>(&self, embed: NodeId) -> Instruction<T> {
        let start = self.real(embed).start;
        let gaps = self.plan.gaps[&embed].iter().map(|gap| start + gap.start..start + gap.end);
        let gaps: Vec<_> = gaps.collect();
        let (name, location, backward) =
            self.analysis.graph.node(embed, |node| (node.op.name(), node.location, node.backward));
        let cost = Cost {
            operations: vec![name],
            over: self.analysis.shape(embed).to_string(),
            begins_backward: backward,
            backward,
            flops: 0,
            cut: None,
            bytes: total(gaps.iter().map(ExactSizeIterator::len)).saturating_mul(size_of::<T>()),
        };
        Instruction { action: Action::Zero(gaps), location, cost }
    }

    fn cost<T>(&self, group: &Group, reads: &[Read]) -> Cost {
        let node = *group.stored.last().expect("a group stores something");
        let size = |id: NodeId| self.analysis.shape(id).size();
        let (over, flops) = match &self.analysis.work[node.index()] {
            Work::Contract if group.alone => {
                let over = format!("{} over {}", self.analysis.shape(node), self.depth(node));
                (over, self.flops(node))
            }
            Work::Plain => (self.analysis.shape(node).to_string(), size(node)),
            _ => {
                let without = |first: usize, axes: usize| {
                    let axes = group.space.iter().rev().skip(first).take(axes);
                    group.space.size() / axes.product::<usize>().max(1)
                };
                let positions = |id: &NodeId| match group.extent(*id) {
                    _ if self.is_product(*id) => self.flops(*id),
                    Extent::Full => group.space.size(),
                    Extent::Row => without(0, 1),
                    Extent::Column(rows) => without(1, rows),
                };
                let depths = group.members.iter().filter(|id| self.is_product(**id));
                let mut depths: Vec<usize> = depths.map(|id| self.depth(*id)).collect();
                depths.dedup();
                let depths: Vec<String> = depths.iter().map(usize::to_string).collect();
                let of_products = if depths.is_empty() { "" } else { " over " };
                let over = format!("{}{of_products}{}", group.space, depths.join(", "));
                (over, total(group.members.iter().map(positions)))
            }
        };
        // Of a value, no more than is looked at.
        let looked = |read: &Read| {
            let along = group.space.iter().zip(&read.strides).filter(|axis| *axis.1 != 0);
            let seen = total_product(along.map(|axis| *axis.0));
            if read.whole { size(read.base) } else { seen.min(size(read.base)) }
        };
        let moved = reads.iter().map(looked).chain(group.stored.iter().map(|&id| size(id)));
        Cost {
            operations: group
                .members
                .iter()
                .map(|&id| self.analysis.graph.node(id, |node| node.op.name()))
                .collect(),
            over,
            begins_backward: self.analysis.graph.node(group.members[0], |node| node.backward),
            backward: self.analysis.graph.node(node, |node| node.backward),
            flops,
            cut: group.cut,
            bytes: total(moved).saturating_mul(size_of::<T>()),
        }
    }

    fn is_product(&self, node: NodeId) -> bool {
        self.analysis.work[node.index()] == Work::Contract
    }

    /// How many products an element of a product sums.
    fn depth(&self, product: NodeId) -> usize {
        let factor = self.analysis.shape(self.analysis.inputs[product.index()][0]);
        let sums = self.axes(product).sums;
        total_product(sums[0].iter().map(|&axis| factor[axis]))
    }

    fn flops(&self, product: NodeId) -> usize {
        let multiply_adds = self.analysis.shape(product).size().saturating_mul(self.depth(product));
        multiply_adds.saturating_mul(2)
    }

    /// Where an input lies; nowhere if no instruction reads it.
    pub fn reached(&self, input: NodeId) -> Option<Memory> {
        let Plan { ranges, lent, .. } = self.plan;
        let somewhere = ranges[input.index()].is_some() || lent[input.index()].is_some();
        somewhere.then(|| self.memory(input))
    }

    /// Where a node that is read from memory lies.
    pub fn memory(&self, node: NodeId) -> Memory {
        let (lowering, kind) = self.analysis.graph.node(node, |n| (n.op.lower(), n.ty.kind));
        if let Lowering::Parameter(id) = lowering {
            return Memory::Param((self.params)(id));
        }
        let buffer = self.analysis.buffer(node);
        if let Some(position) = self.plan.lent[buffer.index()] {
            return Memory::Lent(position, 0..self.analysis.shape(buffer).size());
        }
        let range = self.plan.ranges[buffer.index()].clone().expect("stored values have memory");
        match (lowering, kind) {
            (Lowering::Constant, Kind::Index) => Memory::IndexConstant(range),
            (Lowering::Constant | Lowering::Full(_), _) => Memory::Constant(range),
            (_, Kind::Index) => Memory::Index(range),
            _ => Memory::Real(range),
        }
    }

    fn real(&self, node: NodeId) -> std::ops::Range<usize> {
        self.memory(node).range().clone()
    }

    /// What is read of a view, where it lies.
    pub(super) fn operand(&self, input: NodeId) -> Operand {
        let View { base, place } = &self.analysis.views[input.index()];
        let (buffer, place) = self.analysis.located(*base, place);
        Operand { memory: self.memory(buffer), place }
    }

    /// Where a computed value is written.
    fn written(&self, node: NodeId) -> Written {
        let part = self.analysis.homes[node.index()].as_ref().map(|home| home.place.clone());
        Written { memory: self.memory(node), part }
    }

    /// Where a value lies that has its memory, or a part of it without gaps, for itself.
    pub(super) fn own_run(&self, node: NodeId) -> Memory {
        let mut memory = self.memory(node);
        if let (Some(home), Memory::Real(range) | Memory::Lent(_, range)) =
            (&self.analysis.homes[node.index()], &mut memory)
        {
            let start = range.start + home.place.offset;
            *range = start..start + home.place.shape.size();
        }
        memory
    }

    pub(super) fn axes(&self, node: NodeId) -> Contract {
        match self.analysis.graph.node(node, |node| node.op.lower()) {
            Lowering::Contract(contract) => contract,
            _ => unreachable!("the node is a contraction"),
        }
    }

    fn plain<T: Precision>(&self, node: NodeId) -> Action<T> {
        match self.analysis.graph.node(node, |node| node.op.lower()) {
            Lowering::Scan => self.looped(node),
            Lowering::While => self.repeated(node),
            Lowering::Cond => self.chosen(node),
            Lowering::Put(place) => self.put(node, &place, false),
            Lowering::Replace(place) => self.put(node, &place, true),
            Lowering::Position(word, axes) => self.position(node, word, &axes),
            // Sums there begin with 0, so that a −0 alone would become 0.
            Lowering::Embed(places)
                if self.arithmetic == Arithmetic::Reassociated
                    && self.analysis.is_of_reals(node) =>
            {
                self.overlay(node, &places)
            }
            _ => self.evaluated(node),
        }
    }

    fn evaluated<T: Precision>(&self, node: NodeId) -> Action<T> {
        let inputs = &self.analysis.inputs[node.index()];
        let (op, ty) = self.analysis.graph.node(node, |node| (node.op.clone(), node.ty.clone()));
        Action::Plain {
            op,
            inputs: inputs.iter().map(|&input| self.operand(input)).collect(),
            output: self.memory(node),
            kind: ty.kind,
            shape: ty.shape,
        }
    }

    fn contract<T: Precision>(&self, node: NodeId) -> Action<T> {
        let mut factors = self.factors(node);
        let output = self.written(node);
        let mut result =
            output.part.clone().unwrap_or_else(|| Place::whole(self.analysis.shape(node)));
        factors.arrange(&mut result);
        let (batch, rows) = (factors.batch.len(), factors.rows.len());
        let c = kernels::Place {
            offset: result.offset,
            batch: &result.strides[..batch],
            rows: &result.strides[batch..batch + rows],
            columns: &result.strides[batch + rows..],
        };
        let (extents, [a, b]) = (factors.extents(), factors.places());
        let contraction = Contraction::new(extents, a, b, c);
        let form = factors.form(&result.strides);
        Action::Contract(Box::new(Product {
            contraction,
            factors: factors.operands.map(|factor| match factor.memory {
                memory if memory == output.memory => FusedInput::Output(0),
                memory => FusedInput::Memory(memory),
            }),
            output,
            form,
            packed: None,
        }))
    }

    fn fused<T: Precision>(&self, group: &Group, reads: &[Read]) -> Action<T> {
        let mut slots: SmallVec<[Memory; 4]> = SmallVec::new();
        for &node in &group.stored {
            let memory = self.memory(node);
            if !slots.contains(&memory) {
                slots.push(memory);
            }
        }
        let mut loops = Loop {
            emitter: self,
            group,
            builder: FusedBuilder::with_row_axes(&group.space, group.row_axes()),
            reads: Vec::new(),
            tables: Vec::new(),
            indices: Vec::new(),
            registers: HashMap::new(),
        };
        let mut inputs: SmallVec<[FusedInput; 6]> = SmallVec::new();
        for read in reads.iter().filter(|read| !read.whole) {
            let (buffer, place) = self.analysis.located(read.base, &read.place(&group.space));
            let memory = self.memory(buffer);
            let slot = slots.iter().position(|slot| *slot == memory);
            loops.input(read, slot, &place, memory.is_of_indices());
            inputs.push(slot.map_or(FusedInput::Memory(memory), FusedInput::Output));
        }
        let mut outputs: Vec<Written> = Vec::new();
        let mut products: Vec<LoopProduct> = Vec::new();
        for &member in &group.members {
            let stored = group.stored.contains(&member);
            if self.is_product(member) {
                products.push(loops.product(member, &slots, &mut inputs));
            }
            if let Some(output) = loops.member(member, stored) {
                debug_assert_eq!(output, outputs.len());
                let written = self.written(member);
                let slot = slots.iter().position(|slot| *slot == written.memory);
                loops.put(output, member, slot.expect("every output has a slot"), &written);
                outputs.push(written);
            }
        }
        let program = Box::new(loops.builder.build());
        Action::Fused { program, inputs, slots, outputs, products }
    }
}

/// A product of extents, which repetition can make larger than any memory.
fn total_product(extents: impl Iterator<Item = usize>) -> usize {
    extents.fold(1, usize::saturating_mul)
}

/// A sum of costs, which repetition can make larger than any memory.
fn total(costs: impl Iterator<Item = usize>) -> usize {
    costs.fold(0, usize::saturating_add)
}

/// A fused loop under construction.
struct Loop<'a, T> {
    emitter: &'a Emitter<'a>,
    group: &'a Group,
    builder: FusedBuilder<T>,
    reads: Vec<(Read, Register)>,
    tables: Vec<(Read, Table)>,
    indices: Vec<(Read, Index)>,
    registers: HashMap<NodeId, Register>,
}

impl<T: Precision> Loop<'_, T> {
    /// Adds an input that lies in a place of memory or, before the loop, of an output slice.
    fn input(&mut self, read: &Read, slot: Option<usize>, place: &Place, indices: bool) {
        let (read, offset, builder) = (read.clone(), place.offset, &mut self.builder);
        match (read.along, slot) {
            _ if indices => self.indices.push((read, builder.index(offset, &place.strides))),
            (Some(_), _) => {
                let (&stride, strides) = place.strides.split_last().expect("the indexed axis");
                let along = Along { extent: place.shape[strides.len()], stride };
                self.tables.push((read, builder.table(slot, offset, strides, along)));
            }
            (None, Some(slot)) => {
                self.reads.push((read, builder.input_in(slot, offset, &place.strides)));
            }
            (None, None) => self.reads.push((read, builder.input_at(offset, &place.strides))),
        }
    }

    /// Elements that are looked up; of one number, that number.
    fn picked(&mut self, member: NodeId, table: NodeId, index: NodeId) -> Register {
        let index = self.index(member, index);
        match self.group.read(self.emitter.analysis, member, table) {
            Some(read) => {
                let known = self.tables.iter().find(|(other, _)| *other == read);
                self.builder.gather(known.expect("the group's reads list it").1, index)
            }
            None => self.register(member, table),
        }
    }

    /// Whether positions along an axis are those that indices say.
    fn compared(&mut self, member: NodeId, index: NodeId, axis: usize) -> Register {
        let analysis = self.emitter.analysis;
        let shape = analysis.shape(member).clone();
        let mut strides: Strides = smallvec::smallvec![0; shape.rank()];
        strides[axis] = 1;
        let along = Place { offset: 0, shape, strides };
        let numbers = analysis.strides(member, self.group.extent(member), &along);
        let index = self.index(member, index);
        self.builder.is_at(index, 0, &numbers)
    }

    fn index(&self, member: NodeId, input: NodeId) -> Index {
        let read = self.group.read(self.emitter.analysis, member, input);
        let known = self.indices.iter().find(|(other, _)| Some(other) == read.as_ref());
        known.expect("the group's reads list it").1
    }

    /// Adds the micro-operation of a member; answers the number of its output, if it is stored.
    fn member(&mut self, member: NodeId, stored: bool) -> Option<usize> {
        let analysis = self.emitter.analysis;
        let inputs = &analysis.inputs[member.index()];
        let lowering = analysis.graph.node(member, |node| node.op.lower());
        let in_registers = match lowering {
            Lowering::Contract(_) | Lowering::Pick(_) | Lowering::IsAt(_) => &[],
            _ => &inputs[..],
        };
        let operands: SmallVec<[Register; 3]> =
            in_registers.iter().map(|&input| self.register(member, input)).collect();
        let result = match (lowering, &operands[..]) {
            (Lowering::Map(f), &[x]) => self.builder.unary(words::unary(f), x),
            (Lowering::Zip(f), &[a, b]) => self.builder.binary(words::binary(f), a, b),
            (Lowering::Select, &[condition, a, b]) => self.builder.select(condition, a, b),
            (Lowering::Copy | Lowering::Reshape, &[x]) => x,
            (Lowering::Contract(_), _) => self.registers[&member],
            (Lowering::Pick(_), _) => self.picked(member, inputs[0], inputs[1]),
            (Lowering::IsAt(axis), _) => self.compared(member, inputs[0], axis),
            (Lowering::Reduce(word, _), &[x]) => {
                return self.reduction(member, words::reduce(word), x);
            }
            (lowering, _) => unreachable!("{lowering:?} is not fused"),
        };
        self.registers.insert(member, result);
        stored.then(|| match self.group.extent(member) {
            Extent::Full => self.builder.store(result),
            Extent::Row => self.builder.store_rows(result),
            Extent::Column(_) => self.builder.store_columns(result),
        })
    }

    /// Adds a product, whose factors become the last inputs.
    fn product(
        &mut self,
        member: NodeId,
        slots: &[Memory],
        inputs: &mut SmallVec<[FusedInput; 6]>,
    ) -> LoopProduct {
        let factors = self.emitter.factors(member);
        let slot = |of: usize| slots.iter().position(|slot| *slot == factors.operands[of].memory);
        let places = factors.places();
        let [a, b] = [0, 1].map(|of| Factor { slot: slot(of), place: places[of] });
        let (in_a, in_b) = (a.slot, b.slot);
        let result = self.builder.product(factors.extents(), a, b);
        self.registers.insert(member, result);
        for (slot, operand) in [in_a, in_b].into_iter().zip(&factors.operands) {
            let memory = || FusedInput::Memory(operand.memory.clone());
            inputs.push(slot.map_or_else(memory, FusedInput::Output));
        }
        LoopProduct { second: inputs.len() - 1, form: factors.form(&[]) }
    }

    fn reduction(
        &mut self,
        member: NodeId,
        reduction: kernels::Reduce,
        x: Register,
    ) -> Option<usize> {
        let analysis = self.emitter.analysis;
        let Work::Reduce { along, .. } = analysis.work[member.index()] else {
            unreachable!("the operation is a reduction")
        };
        if self.group.extent(member) == Extent::Row {
            return Some(self.builder.store_reduced_rows(reduction, x));
        }
        let down = along != analysis::Along::Rows;
        if down && matches!(self.group.whole, Some(Extent::Column(_))) {
            let result = self.builder.reduce_rows(reduction, x);
            self.registers.insert(member, result);
            return Some(self.builder.store_columns(result));
        }
        if down {
            return Some(self.builder.store_reduced(reduction, x));
        }
        let result = self.builder.reduce_last(reduction, x);
        self.registers.insert(member, result);
        Some(self.builder.store_rows(result))
    }

    /// Says where an output goes: into its part of a slot, or all over it.
    fn put(&mut self, output: usize, member: NodeId, slot: usize, written: &Written) {
        let place = match &written.part {
            // Along the axes of the loop, those of extent 1 left out.
            Some(part) => Place {
                strides: strides_in_space(part, &part.shape),
                shape: space_of(&part.shape),
                offset: part.offset,
            },
            None => Place::whole(space_of(self.emitter.analysis.written_over(member))),
        };
        let strides = place.strides.to_vec();
        self.builder.put(output, Layout { slot, offset: place.offset, strides });
    }

    /// The register of an operand: a number, something read, or a member.
    fn register(&mut self, member: NodeId, input: NodeId) -> Register {
        let analysis = self.emitter.analysis;
        let view = &analysis.views[input.index()];
        if let Some(read) = self.group.read(analysis, member, input) {
            let known = self.reads.iter().find(|(other, _)| *other == read);
            return known.expect("the group's reads list it").1;
        }
        match analysis.graph.node(view.base, |node| node.op.lower()) {
            Lowering::Full(value) => self.builder.constant(T::from_f64(value)),
            _ => self.registers[&view.base],
        }
    }
}
