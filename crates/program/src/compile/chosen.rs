//! From a choice of a graph to one of a program.

use graph::Place;
use graph::control::Cond;
use graph::reading::NodeId;

use super::emit::Emitter;
use crate::Precision;
use crate::chosen::Chosen;
use crate::instruction::Action;

impl Emitter<'_> {
    /// One of two bodies, in the same memory.
    pub(super) fn chosen<T: Precision>(&self, node: NodeId) -> Action<T> {
        let op = self.analysis.graph.node(node, |node| node.op.clone());
        let cond = op.downcast::<Cond>().expect("the node is a choice");
        let mut operands = self.operands(node);
        let predicate = operands.remove(0);
        let numbers = &self.numbers(node)[1..];
        let body = |body| {
            let mut ends = self.ends();
            let nested = self.nested(body, [0, 0], (&operands, numbers), &mut ends, false);
            (nested, ends)
        };
        let ((yes, after_yes), (no, after_no)) = (body(&cond.yes), body(&cond.no));
        let written = self.memory(node).range().clone();
        let place = |place: &Place| {
            let start = written.start + place.offset;
            start..start + place.shape.size()
        };
        let results = cond.yes.layout().0.iter().map(place).collect();
        let ends = [0, 1].map(|kind| after_yes[kind].max(after_no[kind]));
        Action::Chosen(Box::new(Chosen { predicate, yes, no, results, written, ends }))
    }
}
