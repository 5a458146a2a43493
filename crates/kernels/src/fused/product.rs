//! Products of matrices as values of a loop: each piece of the nest computes its rectangle before its blocks read it, so that
//! a result is used while it is in a cache.

use super::layout::{Shape, dense_strides};
use super::memory::Addresses;
use crate::contract::{BOrPacked, Contraction, Extents, Place};
use crate::isa::Isa;
use crate::scalar::Scalar;
use crate::spread::Spread;

/// A factor of a [`FusedBuilder::product`](super::FusedBuilder::product).
#[derive(Clone, Copy, Debug)]
pub struct Factor<'x> {
    /// The output slice that it stands in, if it has none of its own.
    pub slot: Option<usize>,
    /// Where it lies in its slice.
    pub place: Place<'x>,
}

/// A product that a loop computes.
#[derive(Clone, Debug)]
pub(super) struct Product<T> {
    pub(super) contraction: Contraction<T>,
    /// How many rows one element of the batch has.
    rows: usize,
    /// How many products an element sums.
    #[cfg(test)]
    depth: usize,
    factors: [Axes; 2],
    /// Whether the second factor is given as [`Contraction::pack_b`] wrote it.
    packed: bool,
}

/// Where a factor lies, without its groups.
#[derive(Clone, Debug)]
struct Axes {
    slot: Option<usize>,
    offset: usize,
    extents: Vec<usize>,
    strides: Vec<isize>,
}

impl Axes {
    fn new(factor: &Factor<'_>, extents: [&[usize]; 3]) -> Axes {
        let Place { offset, batch, rows, columns } = factor.place;
        let strides = [batch, rows, columns].concat();
        Axes { slot: factor.slot, offset, extents: extents.concat(), strides }
    }

    fn spread(&self) -> Spread<'_> {
        Spread { offset: self.offset, extents: &self.extents, strides: &self.strides }
    }

    /// Where element number `i` lies, row-major over all groups.
    #[cfg(test)]
    fn element(&self, mut i: usize) -> usize {
        let axes = self.extents.iter().zip(&self.strides).rev();
        axes.fold(self.offset, |at, (&extent, &stride)| {
            let along = (i % extent) as isize;
            i /= extent;
            at.wrapping_add_signed(along * stride)
        })
    }
}

/// The part of a nest whose product is asked for: rows by their number among those of all rounds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rectangle {
    pub(super) row: usize,
    pub(super) rows: usize,
    pub(super) column: usize,
    pub(super) columns: usize,
}

impl<T: Scalar> Product<T> {
    /// A product over a nest of these extents.
    ///
    /// # Panics
    ///
    /// As [`Contraction::new`], or when the result has other rows or columns than the nest.
    #[track_caller]
    pub(super) fn new(nest: &[usize], extents: Extents<'_>, a: Factor<'_>, b: Factor<'_>) -> Self {
        let Extents { batch, rows, columns, depth } = extents;
        let result = [batch, rows, columns].concat();
        let strides = dense_strides(&result);
        let c = Place {
            offset: 0,
            batch: &strides[..batch.len()],
            rows: &strides[batch.len()..batch.len() + rows.len()],
            columns: &strides[batch.len() + rows.len()..],
        };
        let size = |extents: &[usize]| extents.iter().product::<usize>();
        let (last, front) = nest.split_last().map_or((1, 1), |(&last, front)| (last, size(front)));
        assert!(
            size(columns) == last && size(batch).checked_mul(size(rows)) == Some(front),
            "a product with {batch:?} matrices of {rows:?} × {columns:?} elements in a loop over {nest:?}"
        );
        Product {
            contraction: Contraction::new(extents, a.place, b.place, c),
            rows: size(rows),
            #[cfg(test)]
            depth: size(depth),
            factors: [Axes::new(&a, [batch, rows, depth]), Axes::new(&b, [batch, depth, columns])],
            packed: false,
        }
    }

    /// The element of row `row` of all and of column `column`, of so many, summed in order.
    #[cfg(test)]
    pub(super) fn meaning(
        &self,
        [a, b]: [&[f64]; 2],
        (row, column): (usize, usize),
        columns: usize,
    ) -> f64 {
        let of_a = |k: usize| a[self.factors[0].element(row * self.depth + k)];
        let line = row / self.rows * self.depth;
        let of_b = |k: usize| b[self.factors[1].element((line + k) * columns + column)];
        (0..self.depth).map(|k| of_a(k) * of_b(k)).sum()
    }

    /// The output slices that the factors stand in.
    pub(super) fn slots(&self) -> [Option<usize>; 2] {
        self.factors.each_ref().map(|factor| factor.slot)
    }

    /// How many elements the slices of the factors must have.
    pub(super) fn reaches(&self) -> [usize; 2] {
        let [a, b, _] = self.contraction.reach();
        [a, if self.packed { self.contraction.packed_b_len() } else { b }]
    }

    /// The rule that factors lie apart from the outputs beside them.
    pub(super) fn check(&self, outputs: &[Shape]) -> Result<(), String> {
        let reach = self.contraction.reach();
        for (factor, reach) in self.factors.iter().zip(reach) {
            let mut beside = outputs.iter().filter(|output| Some(output.slot) == factor.slot);
            if reach > 0 && !beside.all(|output| output.spread().is_apart_from(&factor.spread())) {
                let slot = factor.slot.expect("an output is beside it");
                return Err(format!(
                    "a factor of a product cannot stand in slice {slot}: it is not known to lie apart from an output"
                ));
            }
        }
        Ok(())
    }

    /// Lets runs give the second factor as [`Contraction::pack_b`] writes it.
    pub(super) fn pack(&mut self) {
        assert!(self.slots()[1].is_none(), "a packed factor has a slice of its own");
        self.packed = true;
    }

    /// Computes a rectangle, dense from `to` on. The factors are the inputs from number `first` on.
    ///
    /// # Safety
    ///
    /// The operands of the run have been checked, the rectangle lies within the nest, and `to` has room that nobody else
    /// touches.
    pub(super) unsafe fn compute(
        &self,
        isa: Isa,
        memory: &Addresses<'_, T>,
        first: usize,
        part: Rectangle,
        to: *mut T,
    ) {
        let a = memory.input(first).cast_const();
        let b = memory.input(first + 1).cast_const();
        let b = if self.packed { BOrPacked::Packed(b) } else { BOrPacked::Slice(b) };
        let columns = part.column..part.column + part.columns;
        let mut done = 0;
        // Rows of one element of the batch after the other.
        while done < part.rows && self.rows > 0 {
            let (batch, row) = ((part.row + done) / self.rows, (part.row + done) % self.rows);
            let rows = row..self.rows.min(row + part.rows - done);
            let (count, to) = (rows.len(), to.wrapping_add(done * part.columns));
            // SAFETY: as the caller vouches.
            unsafe {
                let columns = columns.clone();
                self.contraction.rectangle(isa, a, b, batch, rows, columns, to, part.columns);
            }
            done += count;
        }
    }
}
