//! The factors of a product, as the kernels know them: by groups of axes.

use std::cmp::Reverse;

use kernels::Extents;

use super::Arithmetic;
use super::emit::Emitter;
use crate::instruction::Operand;
use graph::Place;
use graph::ops::AxisList;
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

    /// Puts the axes that a factor has alone in the order in which its elements lie, in the result as well, where more of
    /// the factor is read than of the result is written: of windows, the channels come last.
    pub fn arrange(&mut self, result: &mut Place) {
        let Factors { batch, rows, columns, depth, strides, .. } = self;
        let size = |extents: &[usize]| extents.iter().product::<usize>();
        let (depth, sizes) = (size(depth), [size(rows), size(columns)]);
        let of_columns = batch.len() + rows.len();
        let (of_batch_and_rows, of_columns) = result.strides.split_at_mut(of_columns);
        let [of_a, of_b] = strides;
        let groups = [
            (rows, &mut of_a[1], &mut of_batch_and_rows[batch.len()..], sizes[1]),
            (columns, &mut of_b[2], of_columns, sizes[0]),
        ];
        for (extents, read, written, times) in groups {
            if depth <= times {
                continue;
            }
            let mut axes: Vec<_> =
                (0..extents.len()).map(|axis| (extents[axis], read[axis], written[axis])).collect();
            axes.sort_by_key(|&(_, read, _)| Reverse(read.unsigned_abs()));
            for (axis, of_axis) in axes.into_iter().enumerate() {
                (extents[axis], read[axis], written[axis]) = of_axis;
            }
        }
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
    /// The axes that are summed, of both factors: where the order of sums is free as the elements of the factor lie of which
    /// more are read, so that windows of an image whose channels come last are read in long runs.
    fn in_order(&self, sums: &[AxisList; 2], operands: &[Operand; 2]) -> [AxisList; 2] {
        if self.arithmetic == Arithmetic::AsWritten {
            return sums.clone();
        }
        let places = operands.each_ref().map(|operand| &operand.place);
        let of = usize::from(places[1].shape.size() > places[0].shape.size());
        let mut order: Vec<usize> = (0..sums[0].len()).collect();
        order.sort_by_key(|&i| Reverse(places[of].strides[sums[of][i]].unsigned_abs()));
        sums.each_ref().map(|axes| order.iter().map(|&i| axes[i]).collect())
    }

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
        let [sums, of_sums] = self.in_order(&contract.sums, &operands);
        let (depth, of_depth) = group(0, &sums);
        let of_b = [group(1, &contract.batch[1]).1, group(1, &of_sums).1, of_columns];
        let strides = [[of_batch, of_rows, of_depth], of_b];
        Factors { batch, rows, columns, depth, operands, strides }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instruction::Memory;

    #[test]
    fn axes_go_as_the_factor_lies_of_which_more_is_read_than_written() {
        // A kernel's gradient: channels out by channels in and a window of 3 × 3, over so many positions of rows of 34 with 16
        // channels.
        let arranged = |positions| {
            let operand = || Operand { memory: Memory::Real(0..1), place: Place::whole([1]) };
            let strides = [[vec![], vec![1], vec![16]], [vec![], vec![16], vec![1, 544, 16]]];
            let mut factors = Factors {
                batch: vec![],
                rows: vec![32],
                columns: vec![16, 3, 3],
                depth: vec![positions],
                operands: [operand(), operand()],
                strides,
            };
            let mut result = Place::whole([32, 16, 3, 3]);
            factors.arrange(&mut result);
            let [_, [_, _, read]] = factors.strides;
            (factors.columns, read, result.strides.to_vec())
        };
        assert_eq!(arranged(1000), (vec![3, 3, 16], vec![544, 16, 1], vec![144, 3, 1, 9]));
        assert_eq!(arranged(32), (vec![16, 3, 3], vec![1, 544, 16], vec![144, 9, 3, 1]));
    }
}
