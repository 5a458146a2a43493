//! From a loop of a graph to one of a program.

use graph::Lowering;
use graph::control::Scan;
use graph::reading::NodeId;
use graph::{Place, Shape};

use super::emit::Emitter;
use super::plan::ALIGNMENT;
use crate::Precision;
use crate::instruction::{Action, Operand};
use crate::looped::{Carry, Loop};
use crate::nested::Moving;

impl Emitter<'_> {
    /// A loop over slices.
    pub(super) fn looped<T: Precision>(&self, node: NodeId) -> Action<T> {
        let op = self.analysis.graph.node(node, |node| node.op.clone());
        let scan = op.downcast::<Scan>().expect("the node is a loop");
        let operands = self.operands(node);
        let mut ends = self.ends();
        let moving = [scan.carries(), scan.slices];
        let body =
            self.nested(&scan.body, moving, (&operands, &self.numbers(node)), &mut ends, true);
        let out = self.memory(node);
        let (layout, start) = (scan.layout(), out.range().start);
        let mut end = body.arena.end;
        let carries = layout.carries.iter().zip(&scan.kept).zip(&operands);
        let carry = |((place, &kept), start_as): ((&Place, &bool), &Operand)| {
            let len = start_as.place.shape.size();
            let spare = (!kept).then_some(end);
            end += if kept { 0 } else { len.next_multiple_of(ALIGNMENT) };
            Carry { start: start_as.clone(), len, at: start + place.offset, spare }
        };
        let carries: Vec<Carry> = carries.map(carry).collect();
        let each = |place: &Place| {
            let len = Shape::from(&place.shape[1..]).size();
            Moving { memory: out.clone(), start: start + place.offset, apart: len as isize, len }
        };
        let looped = Loop {
            steps: scan.steps,
            reverse: scan.reverse,
            carries,
            each: layout.each.iter().map(each).collect(),
            written: out.range().clone(),
            body,
            end,
        };
        Action::Loop(Box::new(looped))
    }

    /// What a node reads, where it lies.
    pub(super) fn operands(&self, node: NodeId) -> Vec<Operand> {
        self.analysis.inputs[node.index()].iter().map(|&input| self.operand(input)).collect()
    }

    /// Of each of its inputs, the number that it is at every position, if it is one: no memory to be read.
    pub(super) fn numbers(&self, node: NodeId) -> Vec<Option<f64>> {
        let number = |&input: &NodeId| {
            let base = self.analysis.views[input.index()].base;
            match self.analysis.graph.node(base, |node| node.op.lower()) {
                Lowering::Full(value) => Some(value),
                _ => None,
            }
        };
        self.analysis.inputs[node.index()].iter().map(number).collect()
    }
}
