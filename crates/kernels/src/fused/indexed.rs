//! Elements that are found by index: a row of a table for each position, and whether a position is the one that an index
//! names.

use super::FusedBuilder;
use super::builder::{Input, Node, Role, Value};
use super::copy::{Grid, copy_row};
use super::nest::Lay;
use crate::scalar::Scalar;

/// An input of which an index says, at each position, which element along an axis of its own is read.
///
/// It belongs to the [`FusedBuilder`] that made it, and stands in the example of [`FusedBuilder::gather`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Table(usize);

/// An input of indices.
///
/// It belongs to the [`FusedBuilder`] that made it, and stands in the example of [`FusedBuilder::gather`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Index(usize);

/// The axis that an index points into: how many elements there are along it, and how far apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Along {
    /// The number of elements.
    pub extent: usize,
    /// How far neighbours are apart.
    pub stride: isize,
}

impl Along {
    /// How far the element of an index is from the first.
    ///
    /// # Panics
    ///
    /// When there is no such element.
    #[inline(always)]
    pub(crate) fn step(self, index: i64) -> isize {
        // A negative index is a large number.
        if index as u64 >= self.extent as u64 {
            outside(index, self.extent);
        }
        index as isize * self.stride
    }
}

#[cold]
#[inline(never)]
fn outside(index: i64, extent: usize) -> ! {
    panic!("index {index} is outside of 0..{extent}")
}

impl<T: Scalar> FusedBuilder<T> {
    /// The next input, as a table: from element `offset` on, with a stride for each extent of the nest, and an axis of its
    /// own that indices point into. One that stands in an output slice comes with the slot, and lies apart from all
    /// outputs.
    ///
    /// # Panics
    ///
    /// When there is not one stride for each extent; [`build`](Self::build) panics where an element would lie before the
    /// first, or may lie where an output goes.
    #[track_caller]
    pub fn table(
        &mut self,
        slot: Option<usize>,
        offset: usize,
        strides: &[isize],
        along: Along,
    ) -> Table {
        Table(self.operand(slot, offset, strides, Role::Table(along)))
    }

    /// The next input, of indices: from element `offset` on, with a stride for each extent of the nest. A run is given it as
    /// [`Source::Index`](super::Source::Index).
    ///
    /// # Panics
    ///
    /// When there is not one stride for each extent; [`build`](Self::build) panics where an element would lie before the
    /// first.
    #[track_caller]
    pub fn index(&mut self, offset: usize, strides: &[isize]) -> Index {
        Index(self.operand(None, offset, strides, Role::Indices))
    }

    /// The element of a table, at each position, that the index there says. A run panics where there is none.
    ///
    /// ```
    /// use cotangent_kernels::{Along, FusedBuilder, Isa, Pool, Source};
    ///
    /// // Three rows of a table of four, two numbers each.
    /// let mut b = FusedBuilder::<f32>::new(&[3, 2]);
    /// let table = b.table(None, 0, &[0, 1], Along { extent: 4, stride: 2 });
    /// let index = b.index(0, &[1, 0]);
    /// let row = b.gather(table, index);
    /// b.store(row);
    /// let fused = b.build();
    ///
    /// let (x, rows) = ([0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5], [3, 0, 3]);
    /// let (mut y, mut scratch) = ([0.0; 6], vec![0.0; fused.scratch_len(1)]);
    /// let inputs = [Source::Slice(&x), Source::Index(&rows)];
    /// fused.run(Isa::best(), &Pool::new(1), &inputs, &mut [&mut y], &mut scratch);
    /// assert_eq!(y, [3.0, 3.5, 0.0, 0.5, 3.0, 3.5]);
    /// ```
    #[track_caller]
    pub fn gather(&mut self, table: Table, index: Index) -> Value {
        let along_row = self.input_along_row(table.0) || self.input_along_row(index.0);
        self.push(Node::Gather(table.0, index.0), along_row)
    }

    /// 1 where the index is the number of the position, 0 elsewhere. Positions are numbered as the elements of an input
    /// are: from `first` on, with a stride for each extent of the nest. The comparison is one of whole numbers.
    ///
    /// ```
    /// use cotangent_kernels::{FusedBuilder, Isa, Pool, Source};
    ///
    /// let mut b = FusedBuilder::<f32>::new(&[2, 3]);
    /// let index = b.index(0, &[1, 0]);
    /// let mask = b.is_at(index, 0, &[0, 1]);
    /// b.store(mask);
    /// let fused = b.build();
    ///
    /// let (mut y, mut scratch) = ([7.0; 6], vec![0.0; fused.scratch_len(1)]);
    /// let inputs = [Source::Index(&[2, 0])];
    /// fused.run(Isa::best(), &Pool::new(1), &inputs, &mut [&mut y], &mut scratch);
    /// assert_eq!(y, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    /// ```
    ///
    /// # Panics
    ///
    /// When there is not one stride for each extent; [`build`](Self::build) panics where a number would be negative.
    #[track_caller]
    pub fn is_at(&mut self, index: Index, first: usize, strides: &[isize]) -> Value {
        let rank = self.parts.extents.len();
        assert_eq!(strides.len(), rank, "positions need one stride for each of {rank} extents");
        self.parts.numbers.push(Lay { offset: first, strides: strides.to_vec() });
        let varies = strides.last().is_some_and(|&stride| stride != 0);
        let along_row = varies || self.input_along_row(index.0);
        self.push(Node::IsAt(index.0, self.parts.numbers.len() - 1), along_row)
    }

    #[track_caller]
    fn input_along_row(&self, input: usize) -> bool {
        let Input { lay, .. } = self.parts.inputs.get(input).expect("an input of this builder");
        lay.strides.last().is_some_and(|&stride| stride != 0)
    }
}

/// A matrix of `rows` by `columns` elements of a table, row-major in `out`: where the first lies in each row is said by one
/// grid, which index it has by another.
///
/// # Safety
///
/// The indices of their grid can be read from `indices` on, and from `table` on whatever lies at a position of the other
/// grid moved by less than the extent.
pub(super) unsafe fn look_up<T: Copy>(
    (table, at, along): (*const T, Grid, Along),
    (indices, of): (*const i64, Grid),
    columns: usize,
    out: &mut [T],
) {
    for (i, out) in out.chunks_exact_mut(columns.max(1)).enumerate() {
        let (start, index) = (at.row_start(i), of.row_start(i));
        // SAFETY: as the caller vouches, a step being less than the extent.
        unsafe {
            if of.column != 0 {
                for (j, out) in out.iter_mut().enumerate() {
                    let step = along.step(*indices.add(Grid::number(index, j, of.column)));
                    *out = *table.offset(Grid::number(start, j, at.column) as isize + step);
                }
                continue;
            }
            let row = table.offset(start as isize + along.step(*indices.add(index)));
            match at.column {
                1 => copy_row(row, out.as_mut_ptr(), columns),
                0 => out.fill(*row),
                column => {
                    for (j, out) in out.iter_mut().enumerate() {
                        *out = *row.offset(j as isize * column);
                    }
                }
            }
        }
    }
}

/// Whether each index of a matrix is the number of its position, row-major in `out` as 1 and 0.
///
/// # Safety
///
/// The indices of their grid can be read from `indices` on.
pub(super) unsafe fn compare<T: Scalar>(
    (indices, of): (*const i64, Grid),
    numbers: Grid,
    columns: usize,
    out: &mut [T],
) {
    let truth = |holds: bool| if holds { T::one() } else { T::zero() };
    for (i, out) in out.chunks_exact_mut(columns.max(1)).enumerate() {
        let (index, first) = (of.row_start(i), numbers.row_start(i));
        // SAFETY: as the caller vouches.
        let at = |j: usize| unsafe { *indices.add(Grid::number(index, j, of.column)) };
        match (of.column, numbers.column) {
            (0, 0) => out.fill(truth(at(0) == first as i64)),
            // One position of the row at most.
            (0, 1) => {
                out.fill(T::zero());
                let position = at(0).wrapping_sub(first as i64) as u64;
                if position < columns as u64 {
                    out[position as usize] = T::one();
                }
            }
            (_, column) => {
                for (j, out) in out.iter_mut().enumerate() {
                    *out = truth(at(j) == Grid::number(first, j, column) as i64);
                }
            }
        }
    }
}
