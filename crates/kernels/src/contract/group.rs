//! Groups of axes as one operand sees them: the same positions in as few axes as its strides allow.

use std::ops::Range;

/// The most positions of a group, and the most elements that an operand may reach: as many numbers of double precision as
/// a slice can have. What is computed from extents and strides within these bounds does not overflow.
pub(super) const MOST: usize = isize::MAX as usize / size_of::<f64>();

/// The most starts of runs that are kept; those of more are computed when they are needed.
const MOST_STARTS: usize = 1 << 14;

/// An axis and the stride along it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Axis {
    extent: usize,
    stride: isize,
}

/// A group of axes as a row of runs: positions 0 … `len` − 1, row-major, with one stride along each run.
#[derive(Clone, Debug)]
pub(super) struct Group {
    outer: Vec<Axis>,
    run: Axis,
    len: usize,
    /// The offsets at which the runs begin, unless they are one or too many.
    starts: Vec<isize>,
}

impl Group {
    /// The group of `extents`, neighbouring axes merged where one continues the other, and those of extent 1 dropped.
    ///
    /// No extent is 0; the product of extents and the offsets that extents and strides lead to are below [`MOST`].
    pub(super) fn new(extents: &[usize], strides: &[isize]) -> Self {
        let axes = extents.iter().zip(strides).map(|(&extent, &stride)| Axis { extent, stride });
        let mut outer: Vec<Axis> = Vec::new();
        for axis in axes.filter(|axis| axis.extent != 1) {
            match outer.last_mut() {
                Some(last) if last.stride == axis.stride * axis.extent as isize => {
                    *last = Axis { extent: last.extent * axis.extent, stride: axis.stride };
                }
                _ => outer.push(axis),
            }
        }
        let run = outer.pop().unwrap_or(Axis { extent: 1, stride: 1 });
        let count: usize = outer.iter().map(|axis| axis.extent).product();
        let mut group = Group { outer, run, len: count * run.extent, starts: Vec::new() };
        if count > 1 && count <= MOST_STARTS {
            group.starts = (0..count).map(|run| group.computed_start(run)).collect();
        }
        group
    }

    /// A single run. Nothing is allocated.
    pub(super) fn run(len: usize, stride: usize) -> Self {
        let run = Axis { extent: len, stride: stride as isize };
        Group { outer: Vec::new(), run, len, starts: Vec::new() }
    }

    /// How many positions there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Positions in a run; they are all of one length.
    pub(super) fn run_len(&self) -> usize {
        self.run.extent
    }

    /// The stride along a run.
    pub(super) fn stride(&self) -> isize {
        self.run.stride
    }

    /// How far the last of its positions can be from the first.
    pub(super) fn span(&self) -> usize {
        let reach = |axis: &Axis| (axis.extent - 1) * axis.stride.unsigned_abs();
        self.outer.iter().map(reach).sum::<usize>() + reach(&self.run)
    }

    /// Whether the group is a single run.
    pub(super) fn is_run(&self) -> bool {
        self.outer.is_empty()
    }

    /// Where run number `run` begins.
    fn computed_start(&self, mut run: usize) -> isize {
        let mut offset = 0;
        for axis in self.outer.iter().rev() {
            offset += (run % axis.extent) as isize * axis.stride;
            run /= axis.extent;
        }
        offset
    }

    /// The offset of position `i`, and how many positions its run has from there on.
    #[inline]
    pub(super) fn at(&self, i: usize) -> (isize, usize) {
        if self.is_run() {
            return (i as isize * self.run.stride, self.run.extent - i);
        }
        let (run, place) = (i / self.run.extent, i % self.run.extent);
        let start = match self.starts.get(run) {
            Some(start) => *start,
            None => self.computed_start(run),
        };
        (start + place as isize * self.run.stride, self.run.extent - place)
    }

    /// Calls `f` for each part of `range` within one run, with its first position, its offset and its length.
    #[inline(always)]
    pub(super) fn for_runs(&self, range: Range<usize>, mut f: impl FnMut(usize, isize, usize)) {
        let mut i = range.start;
        while i < range.end {
            let (offset, left) = self.at(i);
            let len = left.min(range.end - i);
            f(i, offset, len);
            i += len;
        }
    }

    /// The offsets of `count` positions from `first` on, and that of the last again to the end.
    #[inline]
    pub(super) fn offsets<const N: usize>(&self, first: usize, count: usize) -> [isize; N] {
        let mut offsets = [0; N];
        if self.is_run() {
            // The same as below, for what most operands are.
            let mut at = first as isize * self.run.stride;
            for (i, offset) in offsets.iter_mut().enumerate() {
                *offset = at;
                at += if i + 1 < count { self.run.stride } else { 0 };
            }
            return offsets;
        }
        self.for_each(first, count, |i, offset| offsets[i] = offset);
        let last = offsets[count - 1];
        offsets[count..].fill(last);
        offsets
    }

    /// Calls `f` with the offset of each position from `first` on, `count` times.
    #[inline(always)]
    pub(super) fn for_each(&self, first: usize, count: usize, mut f: impl FnMut(usize, isize)) {
        let stride = self.run.stride;
        self.for_runs(first..first + count, |start, offset, len| {
            for i in 0..len {
                f(start - first + i, offset + i as isize * stride);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_that_continue_are_one_run() {
        let dense = Group::new(&[4, 1, 8], &[8, 77, 1]);
        assert!(dense.is_run());
        assert_eq!((dense.len(), dense.stride()), (32, 1));
        let broadcast = Group::new(&[4, 8], &[0, 0]);
        assert!(broadcast.is_run() && broadcast.stride() == 0);
        let scalar = Group::new(&[], &[]);
        assert_eq!((scalar.len(), scalar.run_len()), (1, 1));
    }

    #[test]
    fn positions_are_row_major_with_signed_strides() {
        let group = Group::new(&[2, 3, 2], &[100, -10, 2]);
        assert_eq!((group.len(), group.run_len()), (12, 2));
        let expected = |i: usize| [0, 2, -10, -8, -20, -18, 100, 102, 90, 92, 80, 82][i];
        for i in 0..12 {
            assert_eq!(group.at(i), (expected(i), 2 - i % 2));
        }
        let mut met = 0;
        group.for_each(3, 7, |i, offset| {
            assert_eq!((i, offset), (met, expected(3 + met)));
            met += 1;
        });
        assert_eq!(met, 7);
        assert_eq!(group.offsets(3, 7), [-8, -20, -18, 100, 102, 90, 92, 92, 92]);
        assert_eq!(Group::run(9, 5).offsets(2, 3), [10, 15, 20, 20]);
    }
}
