//! Instructions that write where indices say, and the ones that write indices.

use kernels::{Along, ArgExtremum, Laid, Scatter};

use super::emit::Emitter;
use crate::Precision;
use crate::instruction::{Action, Base, Operand};
use graph::reading::NodeId;
use graph::{Axes, FoldWord, Lowering, Place};

impl Emitter<'_> {
    /// Elements added where indices say, in a place of an array, or put there instead.
    pub(super) fn put<T: Precision>(
        &self,
        node: NodeId,
        place: &Place,
        replaces: bool,
    ) -> Action<T> {
        let [base, index, source] = self.analysis.inputs[node.index()][..] else {
            unreachable!("three arrays take part")
        };
        let (&stride, strides) = place.strides.split_last().expect("there is the indexed axis");
        let (&extent, positions) = place.shape.split_last().expect("as above");
        let (source, index, to) = (self.operand(source), self.operand(index), self.own_run(node));
        let number = self.analysis.views[base.index()].base;
        let base = match self.analysis.graph.node(number, |node| node.op.lower()) {
            Lowering::Full(x) => Base::Number(T::from_f64(x)),
            _ => match self.operand(base) {
                operand if operand.memory == to => Base::Own,
                Operand { memory, place } => {
                    let whole = Place::whole(self.analysis.shape(node));
                    let from = laid(place.offset, &place.strides);
                    let copy = Scatter::overlay(&whole.shape, from, laid(0, &whole.strides));
                    Base::Copy(Box::new(copy.replacing()), memory)
                }
            },
        };
        let scatter = Scatter::new(
            positions,
            laid(source.place.offset, &source.place.strides),
            laid(index.place.offset, &index.place.strides),
            laid(place.offset, strides),
            Along { extent, stride },
        );
        let scatter = if replaces { scatter.replacing() } else { scatter };
        let reads = [source.memory, index.memory];
        Action::Scatter { scatter: Box::new(scatter), base, reads, to }
    }

    /// Arrays added to each other where their places overlap, in any order of sums: the longest run of
    /// neighbours in the result is the innermost. Windows are many short runs, and the same element of all windows a long one.
    pub(super) fn overlay<T: Precision>(&self, node: NodeId, places: &[Place]) -> Action<T> {
        let inputs = &self.analysis.inputs[node.index()];
        let part = |(&input, place): (&NodeId, &Place)| {
            let from = self.operand(input);
            let axes = longest_run_last(place);
            let of = |strides: &[isize]| axes.iter().map(|&axis| strides[axis]).collect::<Vec<_>>();
            let extents: Vec<usize> = axes.iter().map(|&axis| place.shape[axis]).collect();
            let (source, result) = (of(&from.place.strides), of(&place.strides));
            let add = Scatter::overlay(
                &extents,
                laid(from.place.offset, &source),
                laid(place.offset, &result),
            );
            (add, from.memory)
        };
        Action::Overlay {
            parts: inputs.iter().zip(places).map(part).collect(),
            to: self.memory(node),
        }
    }

    /// Where extrema along an axis stand.
    pub(super) fn position<T: Precision>(
        &self,
        node: NodeId,
        word: FoldWord,
        axes: &Axes,
    ) -> Action<T> {
        let x = self.operand(self.analysis.inputs[node.index()][0]);
        let axis = axes.resolve(x.place.shape.rank()).expect("checked when recorded")[0];
        let (mut extents, mut strides) = (x.place.shape.to_vec(), x.place.strides.clone());
        let along = Along { extent: extents.remove(axis), stride: strides.remove(axis) };
        let at = laid(x.place.offset, &strides);
        let search = ArgExtremum::new(&extents, at, along, word == FoldWord::Max);
        let to = self.memory(node).range().clone();
        Action::Position { search: Box::new(search), from: x.memory, to }
    }
}

fn laid(offset: usize, strides: &[isize]) -> Laid<'_> {
    Laid { offset, strides }
}

/// The axes of a place, those along which it has neighbours last, the longest at the very end. (For no precision: sorting is
/// much code.)
fn longest_run_last(place: &Place) -> Vec<usize> {
    let mut axes: Vec<usize> = (0..place.shape.rank()).collect();
    axes.sort_by_key(|&axis| if place.strides[axis] == 1 { place.shape[axis] } else { 0 });
    axes
}
