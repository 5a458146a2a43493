//! From a loop of a graph that ends by a condition to one of a program.

use graph::control::While;
use graph::reading::NodeId;

use super::emit::Emitter;
use super::plan::ALIGNMENT;
use crate::Precision;
use crate::instruction::Action;
use crate::looped::Carry;
use crate::repeated::Repeated;

impl Emitter<'_> {
    /// A condition and a body, each with memory of its own, so that what is prepared once stays.
    pub(super) fn repeated<T: Precision>(&self, node: NodeId) -> Action<T> {
        let op = self.analysis.graph.node(node, |node| node.op.clone());
        let of = op.downcast::<While>().expect("the node is a loop");
        let (operands, numbers) = (self.operands(node), self.numbers(node));
        let (count, mut ends) = (of.carries(), self.ends());
        let condition =
            self.nested(&of.condition, [count, 0], (&operands, &numbers), &mut ends, true);
        let body = self.nested(&of.body, [count, 0], (&operands, &numbers), &mut ends, true);
        let written = self.memory(node).range().clone();
        let mut room = |len: usize| {
            let start = ends[0].next_multiple_of(ALIGNMENT);
            ends[0] = start + len;
            start
        };
        let truth = room(1);
        let mut carries = Vec::with_capacity(count);
        for (place, start) in of.body.layout().0.iter().zip(&operands) {
            let (start, len, at) =
                (start.clone(), place.shape.size(), written.start + place.offset);
            carries.push(Carry { start, len, at, spare: Some(room(len)) });
        }
        Action::Repeated(Box::new(Repeated { carries, condition, body, truth, written, ends }))
    }
}
