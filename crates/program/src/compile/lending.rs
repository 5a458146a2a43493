//! What lies in memory of the caller: inputs that are read there, and outputs that are written over them.

use std::ops::Range;

use smallvec::SmallVec;

use super::analysis::{Analysis, Work};
use super::group::{Extent, Group, Read};
use super::place::dense_strides;
use graph::reading::NodeId;
use graph::{Kind, Lowering};

/// Which inputs the caller lends, and which outputs take their places.
#[derive(Clone, Debug, Default)]
pub struct Lending {
    /// How many: the first inputs of the graph. Indices among them are copied, as they come in all types.
    pub inputs: usize,
    /// For each output, the slice that it is written to: that of the input that it replaces, or one of its own.
    pub outputs: Vec<Option<usize>>,
    /// Which of the inputs are the same in every run until the program is done with: the steps of a loop are runs.
    pub fixed: Range<usize>,
}

impl Lending {
    /// So many inputs are lent, and nothing is written to memory of the caller.
    pub fn inputs(count: usize) -> Self {
        Self { inputs: count, ..Self::default() }
    }

    /// For each node that lies in memory of the caller, which. An output is computed there if whoever reads the input does so
    /// before, or in the loop that computes it, element by element, or if only some elements are written, by index; else it has memory of its own, to be copied from in the end.
    pub(crate) fn places(
        &self,
        analysis: &Analysis<'_>,
        groups: &[Group],
        reads: &[SmallVec<[Read; 6]>],
        outputs: &[NodeId],
    ) -> Vec<Option<usize>> {
        let mut places = vec![None; analysis.work.len()];
        for id in analysis.nodes().filter(|_| self.inputs > 0) {
            let (lowering, kind) = analysis.graph.node(id, |node| (node.op.lower(), node.ty.kind));
            if let Lowering::Input(slot) = lowering
                && slot < self.inputs
                && kind != Kind::Index
            {
                places[id.index()] = Some(slot);
            }
        }
        let inputs = places.clone();
        for (&output, over) in outputs.iter().zip(&self.outputs) {
            let Some(slot) = over else { continue };
            if *slot >= self.inputs {
                places[output.index()] = is_written(analysis, groups, output).then_some(*slot);
                continue;
            }
            let reads_input = |read: &Read| inputs[read.base.index()] == Some(*slot);
            let in_time = |position: usize, group: &Group| {
                let mut looks = reads[position].iter().filter(|read| reads_input(read));
                looks.all(|read| is_of_each_element(read, group))
            };
            let stores = |group: &Group| group.stored.contains(&output);
            let Some(made) = groups.iter().position(stores) else { continue };
            let later = reads[made + 1..].iter().flatten().any(reads_input);
            let over = |base: NodeId| inputs[base.index()] == Some(*slot);
            let in_place = match groups[made].alone {
                true => analysis.begins_as(output).is_some_and(over),
                false => {
                    let whole = groups[made].registers.get(&output) == Some(&Extent::Full);
                    whole && in_time(made, &groups[made])
                }
            };
            if in_place && !later {
                places[output.index()] = Some(*slot);
            }
        }
        places
    }
}

/// Whether loops and products write all of a value, which then can lie in any memory.
fn is_written(analysis: &Analysis<'_>, groups: &[Group], output: NodeId) -> bool {
    let writes = |node: NodeId| {
        let work = &analysis.work[node.index()];
        let plain = *work == Work::Plain && !analysis.writes_by_index(node);
        !plain && groups.iter().any(|group| group.stored.contains(&node))
    };
    if analysis.work[output.index()] != Work::Embed {
        return writes(output);
    }
    let parts = analysis.nodes().filter(|&node| {
        analysis.homes[node.index()].as_ref().is_some_and(|home| home.buffer == output)
    });
    let parts: Vec<NodeId> = parts.collect();
    let size: usize = parts.iter().map(|&part| analysis.shape(part).size()).sum();
    size == analysis.shape(output).size() && parts.into_iter().all(writes)
}

/// Whether a loop reads an array as it would write it.
fn is_of_each_element(read: &Read, group: &Group) -> bool {
    !read.whole
        && read.along.is_none()
        && read.offset == 0
        && read.strides == dense_strides(&group.space)
}
