//! From a loop of a graph to one of a program.

use graph::control::Scan;
use graph::{Graph, Kind, Place, Shape, Type, Var};
use graph::{Params, reading::NodeId};

use super::emit::Emitter;
use super::place::is_dense;
use super::{Lending, compile};
use crate::Precision;
use crate::instruction::{Action, Operand};
use crate::looped::{Carry, Indices, Loop, Moving};

impl Emitter<'_> {
    /// The body is compiled by itself, on memory that the loop lends it: its carries, slices and whatever else it reads where
    /// they lie, and its results where they belong.
    pub(super) fn looped<T: Precision>(&self, node: NodeId) -> Action<T> {
        let op = self.analysis.graph.node(node, |node| node.op.clone());
        let scan = op.downcast::<Scan>().expect("the node is a loop");
        let operands: Vec<Operand> =
            self.analysis.inputs[node.index()].iter().map(|&input| self.operand(input)).collect();
        let graph = Graph::new();
        let step = Step::of(scan, &graph, &operands);
        let values = scan.body.record(&graph, &step.holes);
        let outputs: Vec<Var<'_>> =
            scan.body.outputs.iter().map(|&output| values[output]).collect();
        let lent = scan.carries() + step.reads.len();
        let lending = Lending {
            inputs: lent,
            outputs: (0..outputs.len()).map(|i| Some(lent + i)).collect(),
            fixed: lent - step.fixed..lent,
        };
        let params = Params::with_seed(0);
        let body = compile::<T>(&outputs, &params, self.arithmetic, &lending);

        let out = self.memory(node);
        let (layout, start) = (scan.layout(), out.range().start);
        let arena = self.plan.reals.next_multiple_of(super::plan::ALIGNMENT);
        let index_arena = self.plan.indices.next_multiple_of(super::plan::ALIGNMENT);
        let mut end = arena + body.reals;
        let carries = layout.carries.iter().zip(&scan.kept).zip(&operands);
        let carry = |((place, &kept), start_as): ((&Place, &bool), &Operand)| {
            let len = start_as.place.shape.size();
            let spare = (!kept).then_some(end);
            end += if kept { 0 } else { len.next_multiple_of(super::plan::ALIGNMENT) };
            Carry { start: start_as.clone(), len, at: start + place.offset, spare }
        };
        let carries: Vec<Carry> = carries.map(carry).collect();
        let each = |place: &Place| {
            let len = Shape::from(&place.shape[1..]).size();
            Moving { memory: out.clone(), start: start + place.offset, apart: len as isize, len }
        };
        let indices = step.indices.into_iter().zip(&body.inputs[lent..]);
        let looped = Loop {
            steps: scan.steps,
            reverse: scan.reverse,
            once: body.once,
            instructions: body.instructions,
            constants: body.constants,
            carries,
            reads: step.reads,
            indices: indices
                .filter_map(|(from, input)| Some((from, input.range.clone()?)))
                .collect(),
            each: layout.each.iter().map(each).collect(),
            written: out.range().clone(),
            copied: body.outputs.into_iter().map(|output| output.range).collect(),
            arena: arena..arena + body.reals,
            index_arena: index_arena..index_arena + body.indices,
            end,
        };
        Action::Loop(Box::new(looped))
    }
}

/// What the body of a loop is recorded on.
struct Step<'g> {
    holes: Vec<Var<'g>>,
    reads: Vec<Moving>,
    /// How many of the reads, the last, do not move.
    fixed: usize,
    indices: Vec<Indices>,
}

impl<'g> Step<'g> {
    /// Inputs for reals come first, then those for indices.
    fn of(scan: &Scan, graph: &'g Graph, operands: &[Operand]) -> Self {
        let (carries, slices) = (scan.carries(), scan.slices);
        let mut step = Self { holes: Vec::new(), reads: Vec::new(), fixed: 0, indices: Vec::new() };
        let mut holes: Vec<Option<Var<'g>>> = vec![None; operands.len()];
        for (i, (operand, ty)) in operands.iter().zip(&scan.body.holes).enumerate() {
            if i < carries {
                holes[i] = Some(graph.typed_input("carry", ty.clone()));
            } else if ty.kind != Kind::Index {
                let sliced = i < carries + slices;
                step.fixed += usize::from(!sliced);
                holes[i] = Some(step.real(graph, operand, ty, sliced));
            }
        }
        for (i, (operand, ty)) in operands.iter().zip(&scan.body.holes).enumerate() {
            if ty.kind == Kind::Index {
                let sliced = i < carries + slices;
                step.indices.push(Indices { operand: operand.clone(), sliced });
                holes[i] = Some(graph.typed_input("index", ty.clone()));
            }
        }
        step.holes = holes.into_iter().flatten().collect();
        step
    }

    /// The part of the memory in which it lies, and what of that it is.
    fn real(&mut self, graph: &'g Graph, operand: &Operand, ty: &Type, sliced: bool) -> Var<'g> {
        let place = &operand.place;
        let apart = if sliced { place.strides[0] } else { 0 };
        let first = usize::from(sliced);
        let strides = place.strides[first..].iter().copied();
        let reach = |down: bool| -> usize {
            let axes = ty.shape.iter().zip(strides.clone());
            let along = axes.filter(|axis| (axis.1 < 0) == down);
            along.map(|(&extent, stride)| extent.saturating_sub(1) * stride.unsigned_abs()).sum()
        };
        let (below, above) =
            if ty.shape.size() == 0 { (0, 0) } else { (reach(true), reach(false)) };
        let len = if ty.shape.size() == 0 { 0 } else { below + above + 1 };
        let start = if len == 0 { 0 } else { place.offset - below };
        self.reads.push(Moving { memory: operand.memory.clone(), start, apart, len });
        let inner = Place { offset: below, shape: ty.shape.clone(), strides: strides.collect() };
        if is_dense(&inner) || len == 0 {
            return graph.typed_input("read", ty.clone());
        }
        let memory = graph.typed_input("read", Type { kind: ty.kind, shape: Shape::from([len]) });
        memory.view(inner)
    }
}
