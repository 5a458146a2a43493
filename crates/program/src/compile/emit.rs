//! From groups of nodes with a place in memory to instructions.

use std::collections::HashMap;

use kernels::{FusedBuilder, Value as Register};
use smallvec::SmallVec;

use super::analysis::{Analysis, Work};
use super::group::{Extent, Group, Read};
use super::place::Place;
use super::plan::Plan;
use crate::Precision;
use crate::instruction::{Action, Cost, Factor, FusedInput, Instruction, MatMul, Memory, Operand};
use crate::words;
use graph::Lowering;
use graph::ParamId;
use graph::reading::NodeId;
use graph::{Kind, Shape};

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
    ) -> Instruction<T> {
        let node = *group.stored.last().expect("a group stores something");
        let action = match &self.analysis.work[node.index()] {
            Work::MatMul => self.matmul(node),
            Work::Plain => self.plain(node),
            _ => self.fused(position, group, reads),
        };
        let location = self.analysis.graph.node(node, |node| node.location);
        Instruction { action, location, cost: self.cost::<T>(group, reads) }
    }

    fn cost<T>(&self, group: &Group, reads: &[Read]) -> Cost {
        let node = *group.stored.last().expect("a group stores something");
        let size = |id: NodeId| self.place(id).shape.size();
        let (over, flops) = match &self.analysis.work[node.index()] {
            Work::MatMul => {
                let depth = *self
                    .place(self.analysis.inputs[node.index()][0])
                    .shape
                    .last()
                    .expect("a matrix");
                let multiply_adds = size(node).saturating_mul(depth);
                let over = format!("{} over {depth}", self.place(node).shape);
                (over, multiply_adds.saturating_mul(2))
            }
            Work::Plain => (self.place(node).shape.to_string(), size(node)),
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
        let moved =
            reads.iter().map(|read| size(read.base)).chain(group.stored.iter().map(|&id| size(id)));
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
        let range = self.plan.ranges[node.index()].clone().expect("stored values have memory");
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

    fn operand(&self, input: NodeId) -> Operand {
        let place = self.place(input);
        Operand {
            memory: self.memory(place.base),
            shape: place.shape.clone(),
            strides: place.strides.clone(),
        }
    }

    fn place(&self, input: NodeId) -> &Place {
        &self.analysis.places[input.index()]
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

    fn matmul<T: Precision>(&self, node: NodeId) -> Action<T> {
        let inputs = &self.analysis.inputs[node.index()];
        let shape = self.place(node).shape.clone();
        let (batch, tail) = shape.split_at(shape.rank() - 2);
        let depth = *self.place(inputs[0]).shape.last().expect("a matrix");
        let factor = |input: NodeId, rows: usize, columns: usize| {
            let place = self.place(input);
            let over: Shape = batch.iter().copied().chain([rows, columns]).collect();
            let strides = place.strides_over(&over);
            let (batch, tail) = strides.split_at(batch.len());
            Factor {
                memory: self.memory(place.base),
                batch: batch.into(),
                row: tail[0],
                column: tail[1],
            }
        };
        Action::MatMul(Box::new(MatMul {
            a: factor(inputs[0], tail[0], depth),
            b: factor(inputs[1], depth, tail[1]),
            output: self.real(node),
            batch: batch.into(),
            rows: tail[0],
            depth,
            columns: tail[1],
        }))
    }

    fn fused<T: Precision>(&self, position: usize, group: &Group, reads: &[Read]) -> Action<T> {
        let mut loops = Loop {
            emitter: self,
            group,
            builder: FusedBuilder::new(&group.space),
            reads: Vec::new(),
            registers: HashMap::new(),
        };
        for read in reads {
            let register = loops.builder.input(&read.strides);
            loops.reads.push((read.clone(), register));
        }
        let mut outputs: SmallVec<[std::ops::Range<usize>; 4]> = SmallVec::new();
        // Outputs are numbered in the order the builder is asked for them.
        let mut number: HashMap<NodeId, usize> = HashMap::new();
        for &member in &group.members {
            let stored = group.stored.contains(&member);
            if let Some(output) = loops.member(member, stored) {
                debug_assert_eq!(output, outputs.len());
                number.insert(member, output);
                outputs.push(self.real(member));
            }
        }
        let mut inputs: SmallVec<[FusedInput; 6]> =
            reads.iter().map(|read| FusedInput::Memory(self.memory(read.base))).collect();
        for (&node, taken) in group.stored.iter().zip(&self.plan.in_place[position]) {
            if let Some(read) = *taken {
                inputs[read] = FusedInput::Output(number[&node]);
            }
        }
        Action::Fused { program: Box::new(loops.builder.build()), inputs, outputs }
    }
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

    /// The register of an operand: a number, something read, or a member.
    fn register(&mut self, member: NodeId, input: NodeId) -> Register {
        let analysis = self.emitter.analysis;
        let place = &analysis.places[input.index()];
        if let Some(read) = self.group.read(analysis, member, place) {
            let known = self.reads.iter().find(|(other, _)| *other == read);
            return known.expect("the group's reads list it").1;
        }
        match analysis.graph.node(place.base, |node| node.op.lower()) {
            Lowering::Full(value) => self.builder.constant(T::from_f64(value)),
            _ => self.registers[&place.base],
        }
    }
}
