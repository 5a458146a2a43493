//! What a contraction has found out about its operands, once.

use super::group::Group;
use super::plan::{Plan, Sides, depth_block};
use super::strip::TileShape;
use super::{Extents, Place};
use crate::isa::Isa;
use crate::scalar::Scalar;
use crate::scratch::PARTIALS;

/// A number of a factor is read from the second-level cache in the time of so many multiply-adds: some 33 GB/s, against 50
/// billion a second, measured with AVX-512.
const READ: usize = 6;

/// One operand, of at least one element.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) offset: usize,
    pub(super) batch: Group,
    pub(super) rows: Group,
    pub(super) columns: Group,
}

/// What there is to compute.
#[derive(Clone, Debug)]
pub struct Work {
    /// A and B, unless the depth is 0.
    pub(super) factors: Option<[Operand; 2]>,
    pub(super) c: Operand,
    /// Whether A, or B, may lie in C's slice.
    pub(super) apart: [bool; 2],
    pub(super) depth: usize,
    pub(super) depth_block: usize,
    /// How many rows one element of the caller's batch has, where the batch has become rows, and likewise columns.
    pub(super) merged: Merged,
    pub(super) plans: Vec<Plans>,
}

/// What has become of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Merged {
    No,
    Rows(usize),
    Columns(usize),
}

/// The plans for one level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plans {
    pub(super) isa: Isa,
    pub(super) run: Plan,
    pub(super) rectangle: Plan,
    pub(super) packed: Plan,
    pub(super) packed_rectangle: Plan,
}

impl Work {
    pub(super) fn new<T: Scalar>(
        extents: Extents<'_>,
        a: Place<'_>,
        b: Place<'_>,
        c: Place<'_>,
        apart: [bool; 2],
        has_factors: bool,
    ) -> Work {
        let Extents { mut batch, rows, columns, depth } = extents;
        let mut strides =
            [a, b, c].map(|x| (x.batch.to_vec(), x.rows.to_vec(), x.columns.to_vec()));
        let (mut rows, mut columns) = (rows.to_vec(), columns.to_vec());
        // A batch along which one factor repeats is more rows, or columns, of one product.
        let repeats = |place: &Place<'_>| {
            batch.iter().zip(place.batch).all(|(&extent, &stride)| extent == 1 || stride == 0)
        };
        let mut merged = Merged::No;
        if repeats(&b) {
            merged = Merged::Rows(rows.iter().product());
            rows.splice(0..0, batch.iter().copied());
            for k in [0, 2] {
                let batch = std::mem::take(&mut strides[k].0);
                strides[k].1.splice(0..0, batch);
            }
        } else if repeats(&a) {
            merged = Merged::Columns(columns.iter().product());
            columns.splice(0..0, batch.iter().copied());
            for k in [1, 2] {
                let batch = std::mem::take(&mut strides[k].0);
                strides[k].2.splice(0..0, batch);
            }
        }
        if merged != Merged::No {
            batch = &[];
        }
        let operand = |offset, k: usize, rows: &[usize], columns: &[usize]| Operand {
            offset,
            batch: Group::new(batch, if batch.is_empty() { &[] } else { &strides[k].0 }),
            rows: Group::new(rows, &strides[k].1),
            columns: Group::new(columns, &strides[k].2),
        };
        let c = operand(c.offset, 2, &rows, &columns);
        let results = c.batch.len() * c.rows.len() * c.columns.len();
        let count: usize = depth.iter().product();
        let factors = has_factors
            .then(|| [operand(a.offset, 0, &rows, depth), operand(b.offset, 1, depth, &columns)]);
        let depth_block = depth_block(results, count.max(1), PARTIALS / size_of::<T>());
        let plans = Vec::new();
        let mut work = Work { factors, c, apart, depth: count, depth_block, merged, plans };
        let whole = (work.c.rows.len(), work.c.columns.len());
        work.plan_rectangles::<T>(whole.0, whole.1);
        work
    }

    /// Makes the plans, those of rectangles for so many rows and columns.
    pub(super) fn plan_rectangles<T: Scalar>(&mut self, rows: usize, columns: usize) {
        let plans = |isa| self.plans_for::<T>(isa, (rows, columns));
        self.plans = Isa::available().filter_map(plans).collect();
    }

    fn plans_for<T: Scalar>(&self, isa: Isa, part: (usize, usize)) -> Option<Plans> {
        let sides = self.sides(&self.c.rows, &self.c.columns)?;
        // Rows of a rectangle may be further apart than its columns are many.
        let (dense_rows, dense_columns) = self.dense(self.c.columns.len() + 1);
        let dense = Sides { c_rows: &dense_rows, c_columns: &dense_columns, ..sides };
        let (tiles, depth) = (TileShape::all::<T>(isa), self.depth_block);
        let whole = (self.c.rows.len(), self.c.columns.len());
        let part = (part.0.clamp(1, whole.0), part.1.clamp(1, whole.1));
        Some(Plans {
            isa,
            run: Plan::cheapest(sides, whole, depth, &tiles),
            rectangle: Plan::cheapest(dense, part, depth, &tiles),
            packed: Plan::prepacked(sides, whole, depth, tiles[0]),
            packed_rectangle: Plan::prepacked(dense, part, depth, tiles[0]),
        })
    }

    /// The two factors by their roles, with C laid out as given.
    pub(super) fn sides<'p>(
        &'p self,
        c_rows: &'p Group,
        c_columns: &'p Group,
    ) -> Option<Sides<'p>> {
        let [a, b] = self.factors.as_ref()?;
        Some(Sides {
            x_rows: &a.rows,
            x_depth: &a.columns,
            y_depth: &b.rows,
            y_columns: &b.columns,
            c_rows,
            c_columns,
        })
    }

    /// Rows and columns of a dense rectangle.
    pub(super) fn dense(&self, row: usize) -> (Group, Group) {
        (Group::run(self.c.rows.len(), row), Group::run(self.c.columns.len(), 1))
    }

    pub(super) fn plans(&self, isa: Isa) -> &Plans {
        self.plans.iter().find(|plans| plans.isa == isa).expect("there are plans for every level")
    }

    pub(super) fn multiply_adds(&self) -> usize {
        let Operand { batch, rows, columns, .. } = &self.c;
        (batch.len() * rows.len() * columns.len()).saturating_mul(self.depth)
    }

    /// What it takes, in multiply-adds: of one row, it is to read the other factor.
    pub(super) fn effort(&self) -> usize {
        let Operand { batch, rows, columns, .. } = &self.c;
        let read = (batch.len() * (rows.len() + columns.len())).saturating_mul(self.depth);
        self.multiply_adds().saturating_add(read.saturating_mul(READ))
    }
}
