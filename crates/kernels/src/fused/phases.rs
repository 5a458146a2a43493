//! In which order a strip of columns is gone through: up to a reduction over the rows, and again from there.
//!
//! Each *phase* goes through all blocks of the strip, so that what it computes and uses stays in the first-level cache; what
//! a later phase uses, too, is kept for the whole strip. Loops that reduce no columns have one phase.

use super::analysis::Analysis;
use super::builder::{Input, Node, Output, Value};

/// The phases of the values.
#[derive(Clone, Debug)]
pub(super) struct Phases {
    /// In which one each value is computed; of a reduction over the rows, its sum.
    of: Vec<usize>,
    /// The last one that uses it.
    last: Vec<usize>,
    /// From which one on it can be used.
    ready: Vec<usize>,
    pub(super) count: usize,
}

impl Phases {
    pub(super) fn new<T>(
        nodes: &[Node<T>],
        outputs: &[Output],
        inputs: &[Input],
        analysis: &Analysis,
    ) -> Phases {
        let (mut of, mut ready): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        for node in nodes {
            let phase = node.operands().map(|x| ready[x.index()]).max().unwrap_or(0);
            of.push(phase);
            ready.push(phase + usize::from(node.reduces_column()));
        }
        let live = || (0..nodes.len()).filter(|&i| analysis.live[i]);
        let mut last = vec![0; nodes.len()];
        let mut first = vec![usize::MAX; nodes.len()];
        let mut used = |x: Value, phase: usize| {
            let x = x.index();
            (first[x], last[x]) = (first[x].min(phase), last[x].max(phase));
        };
        live().for_each(|i| nodes[i].operands().for_each(|x| used(x, of[i])));
        outputs.iter().for_each(|output| used(output.value, ready[output.value.index()]));
        // An input is read when it is first used, but for one that an output may overwrite.
        for i in live() {
            let stays = match nodes[i] {
                Node::Input(k) | Node::Gather(k, _) | Node::IsAt(k, _) => inputs[k].slot.is_none(),
                _ => false,
            };
            if stays && first[i] < usize::MAX {
                (of[i], ready[i]) = (first[i], first[i]);
            }
        }
        let count = live().map(|i| ready[i] + 1).max().unwrap_or(1);
        Phases { of, last, ready, count }
    }

    pub(super) fn of(&self, i: usize) -> usize {
        self.of[i]
    }

    pub(super) fn ready(&self, i: usize) -> usize {
        self.ready[i]
    }

    /// Whether a later phase than the one that computes a value uses it.
    pub(super) fn outlives(&self, i: usize) -> bool {
        self.last[i] > self.of[i]
    }
}
