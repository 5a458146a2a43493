//! The loop nest: few axes, each as long as the operands allow.

use smallvec::{SmallVec, smallvec};

use super::builder::Input;
use super::indexed::Along;
use crate::spread::Spread;

/// How many axes there may be in front of rows and columns, after merging.
pub(super) const MAX_OUTER: usize = 6;

/// The most positions of a nest, and the most elements that an input may reach: as many numbers of double precision as
/// a slice can have. What is computed from extents and strides within these bounds does not overflow.
pub(super) const MOST: usize = isize::MAX as usize / size_of::<f64>();

/// The extents that are looped over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Nest {
    pub(super) outer: Vec<usize>,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

/// Where the elements of an operand lie over a [`Nest`]: the first, and how far apart neighbours are along each axis; 0
/// along an axis of extent 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Strides {
    pub(super) offset: usize,
    pub(super) outer: Vec<isize>,
    pub(super) row: isize,
    pub(super) column: isize,
    /// Where rows that were several axes do not lie at one distance: these axes, outermost first, with their strides.
    pub(super) runs: Vec<(usize, isize)>,
}

/// Which of the last axes a reduction or a per-row output needs as they are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kept {
    Neither,
    Columns,
    /// With how many axes the rows are.
    RowsAndColumns(usize),
}

/// An axis and the stride of each operand along it.
#[derive(Clone, Debug)]
struct Axis {
    extent: usize,
    strides: Vec<isize>,
}

/// An operand over the extents as they are given: the first element, and the stride along each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lay {
    pub(super) offset: usize,
    pub(super) strides: Vec<isize>,
}

impl Nest {
    /// The nest over `extents` with neighbouring axes merged where each operand steps through both as through one, and
    /// axes of extent 1 dropped, but for the kept ones. Where none is kept, the order of the axes is the nest's own.
    ///
    /// # Panics
    ///
    /// When there are more than [`MOST`] positions, an operand reaches further or before its first element, or more than
    /// [`MAX_OUTER`] axes are left in front of the last two.
    #[track_caller]
    pub(super) fn merged(extents: &[usize], operands: &[Lay], kept: Kept) -> (Nest, Vec<Strides>) {
        check_size(extents, operands);
        let mut axes = axes(extents, operands);
        let unit = || Axis { extent: 1, strides: vec![0; operands.len()] };
        let columns = (!matches!(kept, Kept::Neither)).then(|| axes.pop().unwrap_or_else(unit));
        let rows = match kept {
            Kept::RowsAndColumns(count) => merge(axes.split_off(axes.len().saturating_sub(count))),
            Kept::Columns | Kept::Neither => Vec::new(),
        };
        let mut axes = merge(axes);
        if columns.is_none() {
            bring_together(&mut axes);
        }
        let columns = columns.or_else(|| axes.pop()).unwrap_or_else(unit);
        let rows = match kept {
            Kept::RowsAndColumns(_) => rows,
            Kept::Columns | Kept::Neither => axes.pop().into_iter().collect(),
        };
        assert!(
            axes.len() <= MAX_OUTER,
            "a loop nest over {extents:?} does not merge to {} axes",
            MAX_OUTER + 2
        );
        let strides = |k: usize| Strides {
            offset: operands[k].offset,
            outer: axes.iter().map(|axis| axis.strides[k]).collect(),
            column: columns.strides[k],
            ..Strides::down(rows.iter().map(|axis| (axis.extent, axis.strides[k])).collect())
        };
        let strides = (0..operands.len()).map(strides).collect();
        let outer = axes.iter().map(|axis| axis.extent).collect();
        let rows = rows.iter().map(|axis| axis.extent).product();
        (Nest { outer, rows, columns: columns.extent }, strides)
    }

    /// The nest with all axes but the columns as one axis of rows, so that a block can hold many short runs of them: rows of
    /// an image by its few channels would make blocks of a hundred numbers.
    pub(super) fn flattened(self, strides: Vec<Strides>) -> (Nest, Vec<Strides>) {
        let Nest { outer, rows, columns } = self;
        let flat = |strides: Strides| {
            let axes = outer.iter().copied().zip(strides.outer).chain([(rows, strides.row)]);
            let Strides { offset, column, .. } = strides;
            Strides { offset, column, ..Strides::down(axes.collect()) }
        };
        let rows = outer.iter().product::<usize>() * rows;
        (Nest { outer: Vec::new(), rows, columns }, strides.into_iter().map(flat).collect())
    }

    /// How often the rows are gone through.
    pub(super) fn outer_count(&self) -> usize {
        self.outer.iter().product()
    }

    /// The position along each outer axis of round number `round`, row-major.
    pub(super) fn outer_index(&self, mut round: usize) -> [usize; MAX_OUTER] {
        let mut index = [0; MAX_OUTER];
        for (position, &extent) in index.iter_mut().zip(&self.outer).rev() {
            *position = round % extent;
            round /= extent;
        }
        index
    }

    /// How many elements the slice of an operand with these strides must have.
    pub(super) fn reach(&self, strides: &Strides) -> usize {
        let mut last = strides.offset;
        let outer = self.outer.iter().copied().zip(strides.outer.iter().copied());
        let rows = [(self.rows, strides.row)];
        let rows = if strides.runs.is_empty() { &rows } else { &strides.runs[..] };
        for (extent, stride) in
            outer.chain(rows.iter().copied()).chain([(self.columns, strides.column)])
        {
            match extent {
                0 if stride != 0 => return 0,
                0 => {}
                _ => last += (extent - 1) * stride.max(0) as usize,
            }
        }
        last + 1
    }
}

impl Nest {
    /// As [`reach`](Self::reach), of an operand that is read at an index along a further axis.
    pub(super) fn reach_along(&self, strides: &Strides, along: Option<Along>) -> usize {
        match (self.reach(strides), along) {
            (reach, None) => reach,
            (0, Some(_)) | (_, Some(Along { extent: 0, .. })) => 0,
            (reach, Some(Along { extent, stride })) => {
                reach + (extent - 1) * stride.max(0) as usize
            }
        }
    }
}

impl Strides {
    /// The strides down rows that are these axes, outermost first, each with its extent.
    fn down(axes: Vec<(usize, isize)>) -> Strides {
        let row = axes.last().map_or(0, |axis| axis.1);
        let continues = |pair: &[(usize, isize)]| pair[0].1 == pair[1].1 * pair[1].0 as isize;
        let runs = if axes.windows(2).all(continues) { Vec::new() } else { axes };
        Strides { offset: 0, outer: Vec::new(), row, column: 0, runs }
    }

    /// The number of the first element of the row of outer position `index` and number `row`.
    #[inline]
    pub(super) fn start(&self, index: &[usize; MAX_OUTER], row: usize) -> usize {
        self.round_start(index).wrapping_add_signed(self.distance(row))
    }

    /// The number of the first element of outer position `index`.
    #[inline]
    pub(super) fn round_start(&self, index: &[usize; MAX_OUTER]) -> usize {
        let outer: isize =
            self.outer.iter().zip(index).map(|(stride, &i)| stride * i as isize).sum();
        self.offset.wrapping_add_signed(outer)
    }

    /// How far row number `row` is from the first.
    #[inline]
    pub(super) fn distance(&self, row: usize) -> isize {
        if self.runs.is_empty() {
            return row as isize * self.row;
        }
        let (mut rest, mut moved) = (row, 0);
        for &(extent, stride) in self.runs.iter().rev() {
            moved += (rest % extent) as isize * stride;
            rest /= extent;
        }
        moved
    }

    /// Calls `each` for the parts of `rows` rows, from row number `row` on, that lie at one distance: with how many came
    /// before it, how far its first lies from row 0, and how many it has.
    #[inline(always)]
    pub(super) fn for_runs(
        &self,
        row: usize,
        rows: usize,
        mut each: impl FnMut(usize, isize, usize),
    ) {
        let Some((&(extent, stride), outer)) = self.runs.split_last() else {
            return each(0, row as isize * self.row, rows);
        };
        let mut run = row / extent;
        let mut at: SmallVec<[usize; MAX_OUTER]> = smallvec![0; outer.len()];
        let mut start = 0;
        for (place, &(extent, stride)) in at.iter_mut().zip(outer).rev() {
            *place = run % extent;
            start += *place as isize * stride;
            run /= extent;
        }
        let (mut done, mut place) = (0, row % extent);
        while done < rows {
            let len = (extent - place).min(rows - done);
            each(done, start + place as isize * stride, len);
            (done, place) = (done + len, 0);
            // The next run: as a number counts up, its digits the positions along the axes.
            for (place, &(extent, stride)) in at.iter_mut().zip(outer).rev() {
                *place += 1;
                start += stride;
                if *place < extent {
                    break;
                }
                *place = 0;
                start -= extent as isize * stride;
            }
        }
    }

    /// How many rows from row number `row` on lie at one distance, of so many.
    pub(super) fn run(&self, row: usize, rows: usize) -> usize {
        match self.runs.last() {
            Some(&(extent, _)) => rows.min(extent - row % extent),
            None => rows,
        }
    }

    /// Whether the operand is another in another row.
    pub(super) fn varies_by_row(&self) -> bool {
        self.row != 0 || !self.runs.is_empty()
    }
}

/// Asserts that positions can be counted and elements addressed. An axis of extent 0 counts as one of extent 1: an empty
/// nest has other axes, whose extents and strides are multiplied too.
#[track_caller]
fn check_size(extents: &[usize], operands: &[Lay]) {
    let count = |count: usize, &extent: &usize| count.checked_mul(extent.max(1));
    let positions = extents.iter().try_fold(1, count);
    assert!(
        positions.is_some_and(|positions| positions <= MOST),
        "a loop nest over {extents:?} has more positions than a slice can have elements"
    );
    operands.iter().for_each(|lay| check_operand(extents, lay));
}

#[track_caller]
fn check_operand(extents: &[usize], Lay { offset, strides }: &Lay) {
    let extents: Vec<usize> = extents.iter().map(|&extent| extent.max(1)).collect();
    let reach = Spread { offset: *offset, extents: &extents, strides }.reach();
    assert!(
        reach.is_some_and(|reach| reach.1 <= MOST),
        "an operand of strides {strides:?} from element {offset} over {extents:?} reaches further than any slice"
    );
}

/// Asserts that elements of a table can be addressed, whatever their index.
#[track_caller]
pub(super) fn check_table(extents: &[usize], input: &Input) {
    if let Some(Along { extent, stride }) = input.role.along() {
        let strides = input.lay.strides.iter().copied().chain([stride]).collect();
        let lay = Lay { offset: input.lay.offset, strides };
        check_operand(&[extents, &[extent]].concat(), &lay);
    }
}

/// The axes as given, at least two.
fn axes(extents: &[usize], operands: &[Lay]) -> Vec<Axis> {
    let axis = |(i, &extent): (usize, &usize)| {
        let stride = |lay: &Lay| if extent == 1 { 0 } else { lay.strides[i] };
        Axis { extent, strides: operands.iter().map(stride).collect() }
    };
    extents.iter().enumerate().map(axis).collect()
}

/// The same loops in fewer axes.
fn merge(axes: Vec<Axis>) -> Vec<Axis> {
    let mut merged: Vec<Axis> = Vec::new();
    for axis in axes.into_iter().filter(|axis| axis.extent != 1) {
        match merged.last_mut() {
            Some(outer) if outer.continues(&axis) => {
                *outer = Axis { extent: outer.extent * axis.extent, strides: axis.strides };
            }
            _ => merged.push(axis),
        }
    }
    merged
}

/// Makes rows of the axis along which those operands lie side by side that do not so along the columns, the last axis: a
/// block then has runs of both, and turns them, where it would visit a line of memory for each number.
fn bring_together(axes: &mut Vec<Axis>) {
    let Some(last) = axes.len().checked_sub(1) else { return };
    let beside = |stride: isize| stride.unsigned_abs() == 1;
    let count = |axis: &Axis| {
        let both = axis.strides.iter().zip(&axes[last].strides);
        both.filter(|&(&stride, &column)| beside(stride) && !beside(column) && column != 0).count()
    };
    // Of axes that as many need, the last, which may be where it belongs.
    let counts = axes[..last].iter().map(count).enumerate();
    if let Some((place, 1..)) = counts.max_by_key(|&(_, count)| count) {
        let rows = axes.remove(place);
        axes.insert(last - 1, rows);
    }
}

impl Axis {
    /// Whether a step along this axis is, for each operand, as far as the whole of `inner`.
    fn continues(&self, inner: &Axis) -> bool {
        self.strides
            .iter()
            .zip(&inner.strides)
            .all(|(outer, stride)| Some(*outer) == stride.checked_mul(inner.extent as isize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(extents: &[usize], inputs: &[&[isize]], kept: Kept) -> (Nest, Vec<Strides>) {
        let lay = |s: &&[isize]| Lay { offset: 0, strides: s.to_vec() };
        Nest::merged(extents, &inputs.iter().map(lay).collect::<Vec<_>>(), kept)
    }

    #[test]
    fn contiguous_work_is_one_row() {
        let (nest, strides) = merged(&[4, 1, 8], &[&[8, 8, 1], &[0, 0, 0]], Kept::Neither);
        assert_eq!(nest, Nest { outer: vec![], rows: 1, columns: 32 });
        assert_eq!((strides[0].row, strides[0].column, strides[1].column), (0, 1, 0));
    }

    #[test]
    fn a_bias_keeps_rows_and_columns_apart_and_reductions_keep_them_as_they_are() {
        let (nest, _) = merged(&[2, 3, 8], &[&[24, 8, 1], &[0, 0, 1]], Kept::Neither);
        assert_eq!(nest, Nest { outer: vec![], rows: 6, columns: 8 });
        let (nest, _) = merged(&[2, 3, 8], &[&[24, 8, 1]], Kept::Columns);
        assert_eq!(nest, Nest { outer: vec![], rows: 6, columns: 8 });
        let (nest, _) = merged(&[5, 2, 3, 8], &[&[48, 24, 8, 1]], Kept::RowsAndColumns(1));
        assert_eq!(nest, Nest { outer: vec![10], rows: 3, columns: 8 });
        let (nest, _) = merged(&[], &[&[]], Kept::RowsAndColumns(1));
        assert_eq!(nest, Nest { outer: vec![], rows: 1, columns: 1 });
    }

    #[test]
    fn rows_of_several_axes_lie_in_runs() {
        let (nest, strides) =
            merged(&[2, 3, 4], &[&[12, 4, 1], &[0, 0, 1], &[50, 8, 2]], Kept::Columns);
        let outer = Nest { outer: vec![2], rows: 3, columns: 4 };
        assert_eq!(nest, outer);
        let (nest, strides) = nest.flattened(strides);
        assert_eq!(nest, Nest { outer: vec![], rows: 6, columns: 4 });
        let starts =
            |k: usize| (0..6).map(|row| strides[k].start(&[0; MAX_OUTER], row)).collect::<Vec<_>>();
        assert_eq!(starts(0), [0, 4, 8, 12, 16, 20]);
        assert_eq!(starts(2), [0, 8, 16, 50, 58, 66]);
        assert_eq!((strides[0].run(1, 5), strides[2].run(1, 5)), (5, 2));
        assert!(strides[2].varies_by_row() && !strides[1].varies_by_row());
    }

    #[test]
    fn rows_are_as_many_axes_as_are_reduced() {
        let dense: &[isize] = &[24, 12, 4, 1];
        let bordered: &[isize] = &[60, 20, 4, 1];
        let (nest, strides) = merged(&[5, 2, 3, 4], &[dense, bordered], Kept::RowsAndColumns(2));
        assert_eq!(nest, Nest { outer: vec![5], rows: 6, columns: 4 });
        assert!(strides[0].runs.is_empty());
        assert_eq!(strides[1].runs, [(2, 20), (3, 4)]);
        assert_eq!([nest.reach(&strides[0]), nest.reach(&strides[1])], [120, 4 * 60 + 32]);
        let (nest, strides) = merged(&[5, 2, 3, 4], &[dense, bordered], Kept::RowsAndColumns(3));
        assert_eq!(nest, Nest { outer: vec![], rows: 30, columns: 4 });
        assert_eq!(strides[1].start(&[0; MAX_OUTER], 29), 4 * 60 + 20 + 8);
    }

    #[test]
    fn what_lies_side_by_side_along_another_axis_makes_rows_of_it() {
        // Images with channels second, and with channels last within a border.
        let (image, bordered): (&[isize], &[isize]) = (&[3136, 196, 14, 1], &[4096, 1, 256, 16]);
        let (nest, strides) = merged(&[8, 16, 14, 14], &[image, bordered], Kept::Neither);
        assert_eq!(nest, Nest { outer: vec![8, 14], rows: 16, columns: 14 });
        assert_eq!((strides[0].row, strides[0].column), (196, 1));
        assert_eq!((strides[1].row, strides[1].column), (1, 16));
        assert_eq!((&strides[1].outer[..], strides[1].offset), (&[4096, 256][..], 0));
        let (kept, _) = merged(&[8, 16, 14, 14], &[image, bordered], Kept::Columns);
        assert_eq!(kept, Nest { outer: vec![8, 16], rows: 14, columns: 14 });
    }

    #[test]
    fn runs_are_gone_through_from_any_row() {
        let (nest, strides) = merged(&[5, 2, 3, 4], &[&[60, 20, 4, 1]], Kept::RowsAndColumns(3));
        for first in 0..nest.rows {
            let mut met = first;
            strides[0].for_runs(first, nest.rows - first, |done, distance, rows| {
                assert_eq!((first + done, rows), (met, strides[0].run(met, nest.rows - met)));
                assert_eq!(distance as usize, strides[0].start(&[0; MAX_OUTER], met));
                met += rows;
            });
            assert_eq!(met, nest.rows);
        }
    }

    #[test]
    fn the_odometer_is_row_major() {
        let nest = Nest { outer: vec![2, 3], rows: 1, columns: 1 };
        let at: Vec<_> =
            (0..6).map(|round| (nest.outer_index(round)[0], nest.outer_index(round)[1])).collect();
        assert_eq!(at, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]);
    }

    #[test]
    fn operands_reach_as_far_as_their_strides_take_them() {
        let (nest, strides) =
            merged(&[2, 3, 4], &[&[12, 4, 1], &[3, 1, 0], &[1, 2, 6]], Kept::RowsAndColumns(1));
        assert_eq!(strides.iter().map(|s| nest.reach(s)).collect::<Vec<_>>(), [24, 6, 24]);
        let (empty, strides) = merged(&[0, 4], &[&[4, 1], &[0, 1]], Kept::RowsAndColumns(1));
        assert_eq!(strides.iter().map(|s| empty.reach(s)).collect::<Vec<_>>(), [0, 4]);
    }
}
