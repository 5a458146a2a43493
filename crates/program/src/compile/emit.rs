//! From groups of nodes with a place in memory to instructions.

use std::collections::HashMap;

use kernels::{Contraction, Extents, FusedBuilder, Layout, Value as Register};
use smallvec::SmallVec;

use super::analysis::{Analysis, Work};
use super::group::{Extent, Group, Read};
use super::place::{View, space_of, strides_in_space};
use super::plan::Plan;
use crate::Precision;
use crate::instruction::{
    Action, Cost, FusedInput, Instruction, Memory, Operand, Product, Written,
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
            Work::Contract => self.contract(node),
            Work::Plain => self.plain(node),
            _ => self.fused(group, reads),
        };
        let location = self.analysis.graph.node(node, |node| node.location);
        let zeroed = self.plan.zeroed[position].iter().map(|&node| self.zeroed::<T>(node));
        let computed = Instruction { action, location, cost: self.cost::<T>(group, reads) };
        zeroed.chain([computed]).collect()
    }

    /// Zeros where no part of an array will lie.
    fn zeroed<T: Precision>(&self, embed: NodeId) -> Instruction<T> {
        let range = self.real(embed);
        let (name, location, backward) =
            self.analysis.graph.node(embed, |node| (node.op.name(), node.location, node.backward));
        let cost = Cost {
            operations: vec![name],
            over: self.analysis.shape(embed).to_string(),
            backward,
            flops: 0,
            bytes: range.len().saturating_mul(size_of::<T>()),
        };
        Instruction { action: Action::Zero(range), location, cost }
    }

    fn cost<T>(&self, group: &Group, reads: &[Read]) -> Cost {
        let node = *group.stored.last().expect("a group stores something");
        let size = |id: NodeId| self.analysis.shape(id).size();
        let (over, flops) = match &self.analysis.work[node.index()] {
            Work::Contract => {
                let factor = self.analysis.shape(self.analysis.inputs[node.index()][0]);
                let sums = self.axes(node).sums;
                let depth = total_product(sums[0].iter().map(|&axis| factor[axis]));
                let multiply_adds = size(node).saturating_mul(depth);
                let over = format!("{} over {depth}", self.analysis.shape(node));
                (over, multiply_adds.saturating_mul(2))
            }
            Work::Plain => (self.analysis.shape(node).to_string(), size(node)),
            _ => {
                let positions = |id: &NodeId| match group.registers.get(id) {
                    Some(Extent::Row) if !self.is_reduction(*id) => {
                        group.space.size() / group.space.last().copied().unwrap_or(1).max(1)
                    }
                    _ => group.space.size(),
                };
                (group.space.to_string(), total(group.members.iter().map(positions)))
            }
        };
        // Of a value, no more than is looked at.
        let looked = |read: &Read| {
            let along = group.space.iter().zip(&read.strides).filter(|axis| *axis.1 != 0);
            let seen = total_product(along.map(|axis| *axis.0));
            if group.alone { size(read.base) } else { seen.min(size(read.base)) }
        };
        let moved = reads.iter().map(looked).chain(group.stored.iter().map(|&id| size(id)));
        Cost {
            operations: group
                .members
                .iter()
                .map(|&id| self.analysis.graph.node(id, |node| node.op.name()))
                .collect(),
            over,
            backward: self.analysis.graph.node(node, |node| node.backward),
            flops,
            bytes: total(moved).saturating_mul(size_of::<T>()),
        }
    }

    fn is_reduction(&self, node: NodeId) -> bool {
        matches!(self.analysis.work[node.index()], Work::Reduce { .. })
    }

    /// Where a node that is read from memory lies.
    pub fn memory(&self, node: NodeId) -> Memory {
        let (lowering, kind) = self.analysis.graph.node(node, |n| (n.op.lower(), n.ty.kind));
        if let Lowering::Parameter(id) = lowering {
            return Memory::Param((self.params)(id));
        }
        let buffer = self.analysis.buffer(node);
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
    fn operand(&self, input: NodeId) -> Operand {
        let View { base, place } = &self.analysis.views[input.index()];
        let (buffer, place) = self.analysis.located(*base, place);
        Operand { memory: self.memory(buffer), place }
    }

    /// Where a computed value is written.
    fn written(&self, node: NodeId) -> Written {
        let part = self.analysis.homes[node.index()].as_ref().map(|home| home.place.clone());
        Written { range: self.real(node), part }
    }

    fn axes(&self, node: NodeId) -> Contract {
        match self.analysis.graph.node(node, |node| node.op.lower()) {
            Lowering::Contract(contract) => contract,
            _ => unreachable!("the node is a contraction"),
        }
    }

    fn plain<T: Precision>(&self, node: NodeId) -> Action<T> {
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
        let contract = self.axes(node);
        let inputs = &self.analysis.inputs[node.index()];
        let factors = [self.operand(inputs[0]), self.operand(inputs[1])];
        let output = self.written(node);
        let result = output.part.clone().unwrap_or_else(|| Place::whole(self.analysis.shape(node)));
        let pick = |place: &Place, axes: &[usize]| -> (Vec<usize>, Vec<isize>) {
            axes.iter().map(|&axis| (place.shape[axis], place.strides[axis])).unzip()
        };
        let group = |of: usize, axes: &[usize]| pick(&factors[of].place, axes);
        let alone = [0, 1].map(|of| contract.alone(of, factors[of].place.shape.rank()));
        let (batch, of_batch) = group(0, &contract.batch[0]);
        let (rows, of_rows) = group(0, &alone[0]);
        let (columns, of_columns) = group(1, &alone[1]);
        let (depth, of_depth) = group(0, &contract.sums[0]);
        let of_result = |from: usize, count: usize| &result.strides[from..from + count];
        let a = kernels::Place {
            offset: factors[0].place.offset,
            batch: &of_batch,
            rows: &of_rows,
            columns: &of_depth,
        };
        let b = kernels::Place {
            offset: factors[1].place.offset,
            batch: &group(1, &contract.batch[1]).1,
            rows: &group(1, &contract.sums[1]).1,
            columns: &of_columns,
        };
        let c = kernels::Place {
            offset: result.offset,
            batch: of_result(0, batch.len()),
            rows: of_result(batch.len(), rows.len()),
            columns: of_result(batch.len() + rows.len(), columns.len()),
        };
        let extents = Extents { batch: &batch, rows: &rows, columns: &columns, depth: &depth };
        let form = form(&extents, [&a, &b, &c]);
        Action::Contract(Box::new(Product {
            contraction: Contraction::new(extents, a, b, c),
            factors: factors.map(|factor| match factor.memory {
                Memory::Real(range) if range == output.range => FusedInput::Output(0),
                memory => FusedInput::Memory(memory),
            }),
            output,
            form,
            packed: None,
        }))
    }

    fn fused<T: Precision>(&self, group: &Group, reads: &[Read]) -> Action<T> {
        let mut slots: SmallVec<[std::ops::Range<usize>; 4]> = SmallVec::new();
        for &node in &group.stored {
            let range = self.real(node);
            if !slots.contains(&range) {
                slots.push(range);
            }
        }
        let mut loops = Loop {
            emitter: self,
            group,
            builder: FusedBuilder::new(&group.space),
            reads: Vec::new(),
            registers: HashMap::new(),
        };
        let mut inputs: SmallVec<[FusedInput; 6]> = SmallVec::new();
        for read in reads {
            let place = Place {
                offset: read.offset,
                shape: group.space.clone(),
                strides: read.strides.clone(),
            };
            let (buffer, place) = self.analysis.located(read.base, &place);
            let memory = self.memory(buffer);
            let slot = match &memory {
                Memory::Real(range) => slots.iter().position(|slot| slot == range),
                _ => None,
            };
            let register = match slot {
                Some(slot) => loops.builder.input_in(slot, place.offset, &place.strides),
                None => loops.builder.input_at(place.offset, &place.strides),
            };
            loops.reads.push((read.clone(), register));
            inputs.push(slot.map_or(FusedInput::Memory(memory), FusedInput::Output));
        }
        let mut outputs: Vec<Written> = Vec::new();
        for &member in &group.members {
            let stored = group.stored.contains(&member);
            if let Some(output) = loops.member(member, stored) {
                debug_assert_eq!(output, outputs.len());
                let written = self.written(member);
                let slot = slots.iter().position(|slot| *slot == written.range);
                loops.put(output, member, slot.expect("every output has a slot"), &written);
                outputs.push(written);
            }
        }
        Action::Fused { program: Box::new(loops.builder.build()), inputs, slots, outputs }
    }
}

/// Extents and strides, one after the other, and where the second factor begins.
fn form(extents: &Extents<'_>, places: [&kernels::Place<'_>; 3]) -> Vec<isize> {
    let lengths = [extents.batch, extents.rows, extents.columns, extents.depth];
    let extents = lengths.iter().flat_map(|group| {
        [group.len() as isize].into_iter().chain(group.iter().map(|&extent| extent as isize))
    });
    let strides = places.into_iter().flat_map(|place| [place.batch, place.rows, place.columns]);
    extents.chain(strides.flatten().copied()).chain([places[1].offset as isize]).collect()
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
    registers: HashMap<NodeId, Register>,
}

impl<T: Precision> Loop<'_, T> {
    /// Adds the micro-operation of a member; answers the number of its output, if it is stored.
    fn member(&mut self, member: NodeId, stored: bool) -> Option<usize> {
        let analysis = self.emitter.analysis;
        let inputs = &analysis.inputs[member.index()];
        let operands: SmallVec<[Register; 3]> =
            inputs.iter().map(|&input| self.register(member, input)).collect();
        let lowering = analysis.graph.node(member, |node| node.op.lower());
        let result = match (lowering, &operands[..]) {
            (Lowering::Map(f), &[x]) => self.builder.unary(words::unary(f), x),
            (Lowering::Zip(f), &[a, b]) => self.builder.binary(words::binary(f), a, b),
            (Lowering::Select, &[condition, a, b]) => self.builder.select(condition, a, b),
            (Lowering::Copy | Lowering::Reshape, &[x]) => x,
            (Lowering::Reduce(word, _), &[x]) => {
                return self.reduction(member, words::reduce(word), x);
            }
            (lowering, _) => unreachable!("{lowering:?} is not fused"),
        };
        self.registers.insert(member, result);
        let row = self.group.registers.get(&member) == Some(&Extent::Row);
        stored
            .then(|| if row { self.builder.store_rows(result) } else { self.builder.store(result) })
    }

    fn reduction(
        &mut self,
        member: NodeId,
        reduction: kernels::Reduce,
        x: Register,
    ) -> Option<usize> {
        let analysis = self.emitter.analysis;
        let Work::Reduce { last, .. } = analysis.work[member.index()] else {
            unreachable!("the operation is a reduction")
        };
        if self.group.extent(analysis, member) == Extent::Row {
            return Some(self.builder.store_reduced_rows(reduction, x));
        }
        if !last {
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
        if let Some(read) = self.group.read(analysis, member, view) {
            let known = self.reads.iter().find(|(other, _)| *other == read);
            return known.expect("the group's reads list it").1;
        }
        match analysis.graph.node(view.base, |node| node.op.lower()) {
            Lowering::Full(value) => self.builder.constant(T::from_f64(value)),
            _ => self.registers[&view.base],
        }
    }
}
