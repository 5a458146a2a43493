//! From the body of an operation to one that is compiled by itself.

use graph::control::Body;
use graph::{Graph, Kind, Params, Place, Shape, Type, Var};

use super::emit::Emitter;
use super::place::is_dense;
use super::plan::ALIGNMENT;
use super::{Lending, compile};
use crate::Precision;
use crate::instruction::Operand;
use crate::nested::{Indices, Moving, Nested};

impl Emitter<'_> {
    /// The body is compiled by itself, on memory that its instruction lends it: what is carried, slices and whatever else it
    /// reads where they lie, numbers aside, and its results where they belong. So many of its holes are carried, and so many are given
    /// slices; its arenas begin behind `ends`, which then are behind them. What is the same in all runs is prepared in the
    /// first, if there are `several`.
    pub(super) fn nested<T: Precision>(
        &self,
        body: &Body,
        moving: [usize; 2],
        operands: (&[Operand], &[Option<f64>]),
        ends: &mut [usize; 2],
        several: bool,
    ) -> Nested<T> {
        let graph = Graph::new();
        let step = Step::of(body, moving, &graph, operands);
        let values = body.record(&graph, &step.holes);
        let outputs: Vec<Var<'_>> = body.outputs.iter().map(|&output| values[output]).collect();
        let lent = moving[0] + step.reads.len();
        let lending = Lending {
            inputs: lent,
            outputs: (0..outputs.len()).map(|i| Some(lent + i)).collect(),
            fixed: if several { lent - step.fixed..lent } else { 0..0 },
        };
        let params = Params::with_seed(0);
        let compiled = compile::<T>(&outputs, &params, self.arithmetic, &lending);
        let indices = step.indices.into_iter().zip(compiled.inputs.into_iter().skip(lent));
        let [start, index_start] = ends.map(|end| end.next_multiple_of(ALIGNMENT));
        *ends = [start + compiled.reals, index_start + compiled.indices];
        Nested {
            once: compiled.once,
            instructions: compiled.instructions,
            constants: compiled.constants,
            reads: step.reads,
            indices: indices
                .filter_map(|(from, input)| Some((from, input.memory?.range().clone())))
                .collect(),
            copied: compiled.outputs.into_iter().map(|output| output.range).collect(),
            arena: start..ends[0],
            index_arena: index_start..ends[1],
        }
    }

    /// Where the arenas of the program end.
    pub(super) fn ends(&self) -> [usize; 2] {
        [self.plan.reals, self.plan.indices]
    }
}

/// What a body is recorded on.
struct Step<'g> {
    holes: Vec<Var<'g>>,
    reads: Vec<Moving>,
    /// How many of the reads, the last, do not move.
    fixed: usize,
    indices: Vec<Indices>,
}

impl<'g> Step<'g> {
    /// Inputs for reals come first, then those for indices.
    fn of(
        body: &Body,
        [carries, slices]: [usize; 2],
        graph: &'g Graph,
        (operands, numbers): (&[Operand], &[Option<f64>]),
    ) -> Self {
        let mut step = Self { holes: Vec::new(), reads: Vec::new(), fixed: 0, indices: Vec::new() };
        let mut holes: Vec<Option<Var<'g>>> = vec![None; operands.len()];
        for (i, (operand, ty)) in operands.iter().zip(&body.holes).enumerate() {
            if i < carries {
                holes[i] = Some(graph.typed_input("carry", ty.clone()));
            } else if let (Kind::Real, Some(number)) = (ty.kind, numbers[i]) {
                holes[i] = Some(graph.full(ty.shape.clone(), number));
            } else if ty.kind != Kind::Index {
                let sliced = i < carries + slices;
                step.fixed += usize::from(!sliced);
                holes[i] = Some(step.real(graph, operand, ty, sliced));
            }
        }
        for (i, (operand, ty)) in operands.iter().zip(&body.holes).enumerate() {
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
        let (memory, place) = (operand.memory.clone(), &operand.place);
        if ty.shape.size() == 0 {
            // Its slices may lie apart where nothing is.
            self.reads.push(Moving { memory, start: 0, apart: 0, len: 0 });
            return graph.typed_input("read", ty.clone());
        }
        let apart = if sliced { place.strides[0] } else { 0 };
        let first = usize::from(sliced);
        let strides = place.strides[first..].iter().copied();
        let reach = |down: bool| -> usize {
            let axes = ty.shape.iter().zip(strides.clone());
            let along = axes.filter(|axis| (axis.1 < 0) == down);
            along.map(|(&extent, stride)| (extent - 1) * stride.unsigned_abs()).sum()
        };
        let (below, len) = (reach(true), reach(true) + reach(false) + 1);
        self.reads.push(Moving { memory, start: place.offset - below, apart, len });
        let inner = Place { offset: below, shape: ty.shape.clone(), strides: strides.collect() };
        if is_dense(&inner) {
            return graph.typed_input("read", ty.clone());
        }
        let memory = graph.typed_input("read", Type { kind: ty.kind, shape: Shape::from([len]) });
        memory.view(inner)
    }
}
