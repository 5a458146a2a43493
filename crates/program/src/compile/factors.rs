//! The factors of a product, as the kernels know them: by groups of axes.

use kernels::Extents;

use super::emit::Emitter;
use crate::instruction::Operand;
use graph::Place;
use graph::reading::NodeId;

/// The factors of a product, by groups of axes.
pub(super) struct Factors {
    pub batch: Vec<usize>,
    pub rows: Vec<usize>,
    columns: Vec<usize>,
    depth: Vec<usize>,
    pub operands: [Operand; 2],
    /// Of each factor, the strides along its batch, its rows and its columns.
    strides: [[Vec<isize>; 3]; 2],
}

impl Factors {
    pub fn extents(&self) -> Extents<'_> {
        let Factors { batch, rows, columns, depth, .. } = self;
        Extents { batch, rows, columns, depth }
    }

    pub fn places(&self) -> [kernels::Place<'_>; 2] {
        [0, 1].map(|of| {
            let [batch, rows, columns] = &self.strides[of];
            kernels::Place { offset: self.operands[of].place.offset, batch, rows, columns }
        })
    }

    /// Extents and strides, one after the other, and where the second factor begins.
    pub fn form(&self, result: &[isize]) -> Vec<isize> {
        let groups = [&self.batch, &self.rows, &self.columns, &self.depth];
        let extents = groups.into_iter().flat_map(|group| {
            [group.len() as isize].into_iter().chain(group.iter().map(|&extent| extent as isize))
        });
        let strides = self.strides.iter().flatten().flatten().chain(result);
        extents.chain(strides.copied()).chain([self.operands[1].place.offset as isize]).collect()
    }
}

impl Emitter<'_> {
    /// The extents of a product's groups of axes, and where its factors lie.
    pub(super) fn factors(&self, node: NodeId) -> Factors {
        let contract = self.axes(node);
        let inputs = &self.analysis.inputs[node.index()];
        let operands = [self.operand(inputs[0]), self.operand(inputs[1])];
        let group = |of: usize, axes: &[usize]| -> (Vec<usize>, Vec<isize>) {
            let place: &Place = &operands[of].place;
            axes.iter().map(|&axis| (place.shape[axis], place.strides[axis])).unzip()
        };
        let alone = [0, 1].map(|of| contract.alone(of, operands[of].place.shape.rank()));
        let (batch, of_batch) = group(0, &contract.batch[0]);
        let (rows, of_rows) = group(0, &alone[0]);
        let (columns, of_columns) = group(1, &alone[1]);
        let (depth, of_depth) = group(0, &contract.sums[0]);
        let of_b = [group(1, &contract.batch[1]).1, group(1, &contract.sums[1]).1, of_columns];
        let strides = [[of_batch, of_rows, of_depth], of_b];
        Factors { batch, rows, columns, depth, operands, strides }
    }
}
