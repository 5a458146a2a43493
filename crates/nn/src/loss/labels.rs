//! Class indices, of which some may stand for no label.

use graph::{IndexWords, Kind, Shape, Var, misfit};
use ndarray::arr0;

use super::is_column;

/// What labels are, where one is out of range.
pub(super) const CLASSES: IndexWords = IndexWords { one: "label", many: "classes" };

/// What may be done about labels of this shape, for distributions of that one.
fn remedy(labels: &Shape, x: &Shape, expected: &Shape) -> String {
    if is_column(labels, expected) {
        return ": an axis of extent 1 is lost by `labels.squeeze(-1)`".to_owned();
    }
    match x.split_last() {
        Some((classes, positions)) if positions.len() > 1 && *positions == labels[..] => format!(
            ": of {x}, with {classes} classes behind, they are brought to axis 1 by `x.move_axis(-1, 1)`"
        ),
        _ => String::new(),
    }
}

/// One class index for each distribution along an axis.
pub(super) struct Labels<'g> {
    axis: isize,
    /// The labels; class 0 in place of those ignored.
    index: Var<'g>,
    /// Which labels are not ignored; `None` if all count.
    counts: Option<Var<'g>>,
}

impl<'g> Labels<'g> {
    /// The labels of distributions `x` along `axis`.
    #[track_caller]
    pub fn new(
        loss: &'static str,
        x: Var<'g>,
        axis: usize,
        labels: Var<'g>,
        ignored: Option<i64>,
    ) -> Self {
        let shape = x.shape();
        let expected: Shape = shape[..axis].iter().chain(&shape[axis + 1..]).copied().collect();
        if labels.kind() != Kind::Index || labels.shape() != expected {
            let remedy = remedy(&labels.shape(), &shape, &expected);
            let rule = format!(
                "with classes on axis {axis}, the labels must be class indices, integers of shape \
                 {expected}{remedy}"
            );
            misfit(loss, rule, &[x, labels]);
        }
        let graph = x.graph();
        let (index, counts) = match ignored {
            Some(ignored) => {
                let counts = labels.ne(graph.constant(arr0(ignored)));
                (counts.select(labels, graph.constant(arr0(0_i64))), Some(counts))
            }
            None => (labels, None),
        };
        let index = index.within(shape[axis], loss, CLASSES);
        Self { axis: axis as isize, index, counts }
    }

    /// The element of x at each label.
    #[track_caller]
    pub fn pick(&self, x: Var<'g>) -> Var<'g> {
        x.gather(self.axis, self.index.unsqueeze(self.axis)).squeeze(self.axis)
    }

    /// The losses, exactly 0 where the label is ignored.
    #[track_caller]
    pub fn zero_ignored(&self, losses: Var<'g>) -> Var<'g> {
        match self.counts {
            Some(counts) => counts.select(losses, 0.0),
            None => losses,
        }
    }

    /// The weights of all labels that count, added up; `None` if each label counts 1.
    #[track_caller]
    pub fn weight(&self, of_classes: Option<Var<'g>>) -> Option<Var<'g>> {
        match (of_classes, self.counts) {
            (None, None) => None,
            (None, Some(counts)) => Some(counts.to_real().sum()),
            (Some(weights), None) => Some(weights.take(0, self.index).sum()),
            (Some(weights), Some(counts)) => {
                Some(counts.select(weights.take(0, self.index), 0.0).sum())
            }
        }
    }
}
