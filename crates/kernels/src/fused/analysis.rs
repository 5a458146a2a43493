//! What must be known of the values before they are lowered.

use super::Fused;
use super::builder::{Node, Output, Value};
use super::nest::{Nest, Strides};
use super::step::Kind;
use crate::scalar::Scalar;

/// Up to this many columns, what does not vary along the rows is computed once for all rows.
///
/// It then stands in registers as wide as the nest; wider ones would leave the second-level cache.
const MAX_HOISTED: usize = 16 * 1024;

/// For each value, along which axes it varies and whether it is needed.
#[derive(Clone, Debug)]
pub(super) struct Analysis {
    pub(super) kinds: Vec<Kind>,
    pub(super) live: Vec<bool>,
    /// The value depends on the reduction of a row, so that the whole row must have been seen.
    pub(super) follows_row: Vec<bool>,
}

impl Analysis {
    pub(super) fn new<T: Scalar>(
        nodes: &[Node<T>],
        outputs: &[Output],
        nest: &Nest,
        strides: (&[Strides], &[Strides]),
        in_strips: bool,
    ) -> Analysis {
        let mut analysis =
            Analysis { kinds: Vec::new(), live: live(nodes, outputs), follows_row: Vec::new() };
        let hoisted = in_strips || nest.rows > 1 && nest.columns <= MAX_HOISTED;
        for node in nodes {
            let kind = analysis.kind(node, nest, strides, hoisted);
            let follows = |v: Value| analysis.follows_row[v.index()];
            let reduces_rows = matches!(node, Node::ReduceLast(..)) && kind == Kind::Row;
            let follows_row = reduces_rows || node.operands().any(follows);
            analysis.kinds.push(kind);
            analysis.follows_row.push(follows_row);
        }
        analysis
    }

    /// `inputs` and `numbers` are the strides of both.
    fn kind<T>(
        &self,
        node: &Node<T>,
        nest: &Nest,
        (inputs, numbers): (&[Strides], &[Strides]),
        hoisted: bool,
    ) -> Kind {
        let kind = |v: Value| self.kinds[v.index()];
        // With one column, one number per row is one per position.
        let varies = |strides: &Strides| {
            let columns = strides.column != 0 || (nest.columns == 1 && strides.varies_by_row());
            Kind::new(strides.varies_by_row() || !hoisted, columns)
        };
        match *node {
            Node::Input(k) => varies(&inputs[k]),
            Node::Gather(k, index) => varies(&inputs[k]).join(varies(&inputs[index])),
            Node::IsAt(index, n) => varies(&inputs[index]).join(varies(&numbers[n])),
            Node::Product(_) => Kind::Full,
            Node::ReduceLast(_, x) => Kind::new(kind(x).varies_by_row(), false),
            Node::ReduceRows(..) => Kind::Column,
            Node::Constant(_) => Kind::new(!hoisted, false),
            _ => node.operands().map(kind).fold(Kind::new(!hoisted, false), Kind::join),
        }
    }

    /// Whether a block must hold whole rows: something along a row needs the row's reduction.
    ///
    /// # Panics
    ///
    /// When that is so of rows longer than [`Fused::MAX_ROW`].
    #[track_caller]
    pub(super) fn needs_whole_rows<T: Scalar>(
        &self,
        nodes: &[Node<T>],
        outputs: &[Output],
        columns: usize,
    ) -> bool {
        let needs = |(i, node): (usize, &Node<T>)| {
            let along_row = self.kinds[i] == Kind::Full || matches!(node, Node::ReduceLast(..));
            self.live[i] && along_row && node.operands().any(|v| self.follows_row[v.index()])
        };
        let spreads = |output: &Output| !output.per_row && self.follows_row[output.value.index()];
        let needed = nodes.iter().enumerate().any(needs) || outputs.iter().any(spreads);
        assert!(
            !needed || columns <= Fused::<T>::MAX_ROW,
            "a `reduce_last` over {columns} elements may be stored, but not used along its row: \
             rows of more than {} elements are worked on in parts",
            Fused::<T>::MAX_ROW,
        );
        needed
    }

    /// Asserts that what has one number per column has one.
    #[track_caller]
    pub(super) fn check_columns(&self, outputs: &[Output]) {
        for (j, output) in outputs.iter().enumerate().filter(|(_, output)| output.per_column) {
            let kind = self.kinds[output.value.index()];
            assert!(
                !kind.varies_by_row(),
                "output {j} has one number per column, and its value varies along the rows"
            );
        }
    }

    /// How many inputs and outputs have a number, of their own or repeated, for each position of a block.
    pub(super) fn operands_along_row<T>(&self, nodes: &[Node<T>], outputs: &[Output]) -> usize {
        let is_input = |i: &usize| {
            matches!(nodes[*i], Node::Input(_) | Node::Gather(..) | Node::Product(_))
                && self.live[*i]
                && self.kinds[*i].varies_by_column()
        };
        (0..nodes.len()).filter(is_input).count() + outputs.iter().filter(|o| !o.per_row).count()
    }
}

/// The values that an output needs.
fn live<T>(nodes: &[Node<T>], outputs: &[Output]) -> Vec<bool> {
    let mut live = vec![false; nodes.len()];
    outputs.iter().for_each(|output| live[output.value.index()] = true);
    for i in (0..nodes.len()).rev() {
        if live[i] {
            nodes[i].operands().for_each(|v| live[v.index()] = true);
        }
    }
    live
}
