use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;

use super::*;
use crate::testing::{Precise, Rng, levels};

mod layouts;
mod limits;
mod shapes;

/// A contraction as a caller describes it.
#[derive(Clone, Debug, Default)]
struct Case {
    batch: Vec<usize>,
    rows: Vec<usize>,
    columns: Vec<usize>,
    depth: Vec<usize>,
    places: [Lies; 3],
}

/// A place that owns its strides: of the batch, the rows and the columns.
#[derive(Clone, Debug, Default)]
struct Lies {
    offset: usize,
    strides: [Vec<isize>; 3],
}

impl Lies {
    fn place(&self) -> Place<'_> {
        let [batch, rows, columns] = &self.strides;
        Place { offset: self.offset, batch, rows, columns }
    }
}

impl Case {
    fn extents(&self) -> Extents<'_> {
        let Case { batch, rows, columns, depth, .. } = self;
        Extents { batch, rows, columns, depth }
    }

    fn contraction<T: Scalar>(&self) -> Contraction<T> {
        let [a, b, c] = &self.places;
        Contraction::new(self.extents(), a.place(), b.place(), c.place())
    }

    /// The extents of operand `k`, group by group.
    fn groups(&self, k: usize) -> [&[usize]; 3] {
        let rows = if k == 1 { &self.depth } else { &self.rows };
        let columns = if k == 0 { &self.depth } else { &self.columns };
        [&self.batch, rows, columns]
    }

    /// Answers the offset of operand `k` at a position of each of its groups, by the definition.
    fn offsets(&self, k: usize) -> impl Fn([usize; 3]) -> usize {
        let (lies, groups) = (&self.places[k], self.groups(k));
        // Each group adds its own, which is looked up: a test asks millions of times.
        let tables: [Vec<isize>; 3] = std::array::from_fn(|group| {
            let of = |i| offset_along(groups[group], &lies.strides[group], i);
            (0..groups[group].iter().product()).map(of).collect()
        });
        let start = lies.offset as isize;
        move |at| {
            let apart: isize = tables.iter().zip(at).map(|(table, i)| table[i]).sum();
            usize::try_from(start + apart).expect("within the slice")
        }
    }

    fn counts(&self) -> [usize; 4] {
        [&self.batch, &self.rows, &self.columns, &self.depth].map(|axes| axes.iter().product())
    }

    /// Lays the operands out densely, in this order of axes.
    fn dense(batch: &[usize], rows: &[usize], columns: &[usize], depth: &[usize]) -> Case {
        let [batch, rows, columns, depth] = [batch, rows, columns, depth].map(<[usize]>::to_vec);
        let mut case = Case { batch, rows, columns, depth, places: Default::default() };
        for k in 0..3 {
            let mut stride = 1;
            for group in (0..3).rev() {
                let extents = case.groups(k)[group].to_vec();
                let mut strides = vec![0; extents.len()];
                for (to, extent) in strides.iter_mut().zip(extents).rev() {
                    *to = stride;
                    stride *= extent as isize;
                }
                case.places[k].strides[group] = strides;
            }
        }
        case
    }

    /// Compares a run on every level with the definition, and every other way of computing it with the run, bit for bit.
    fn check<T: Scalar>(&self, pools: &[Pool]) {
        self.check_of(&self.contraction::<T>(), pools);
    }

    /// The same of a contraction whose plans a test has changed.
    fn check_of<T: Scalar>(&self, contraction: &Contraction<T>, pools: &[Pool]) {
        let mut rng = Rng::new(self.counts().iter().sum::<usize>() as u64);
        let [a, b, _] = contraction.reach().map(|reach| rng.uniform::<T>(reach + 3));
        for isa in levels() {
            let c = self.run(contraction, isa, &pools[0], &a, &b);
            self.compare(isa, &a, &b, &c);
            for pool in &pools[1..] {
                assert!(self.run(contraction, isa, pool, &a, &b) == c, "{isa:?} {pool:?} {self:?}");
            }
            self.check_packed(contraction, isa, &pools[0], (&a, &b), &c);
            self.check_rectangles(contraction, isa, (&a, &b), &c, &mut rng);
        }
    }

    /// C of a run, whose slice held NaN everywhere.
    fn run<T: Scalar>(
        &self,
        contraction: &Contraction<T>,
        isa: Isa,
        pool: &Pool,
        a: &[T],
        b: &[T],
    ) -> Vec<T> {
        let mut c = vec![T::nan(); contraction.reach()[2] + 5];
        contraction.run(isa, pool, Source::Slice(a), Source::Slice(b), &mut c);
        let [batch, rows, columns, _] = self.counts();
        let (mut out, offset) = (Vec::new(), self.offsets(2));
        for b in 0..batch {
            for i in 0..rows {
                for j in 0..columns {
                    let place = &mut c[offset([b, i, j])];
                    out.push(std::mem::replace(place, T::nan()));
                }
            }
        }
        assert!(c.iter().all(|x| x.is_nan()), "more than C was written");
        out
    }

    fn compare<T: Scalar>(&self, isa: Isa, a: &[T], b: &[T], c: &[T]) {
        let [_, rows, columns, depth] = self.counts();
        // Of many elements every few, at all distances from a tile's edges.
        let offsets = [self.offsets(0), self.offsets(1)];
        let every = (c.len() * depth).div_ceil(400_000) | 1;
        for number in (0..c.len()).step_by(every) {
            let (batch, i, j) =
                (number / columns / rows, number / columns % rows, number % columns);
            let (mut sum, mut size) = (0.0, 0.0);
            for p in 0..depth {
                let x =
                    a[offsets[0]([batch, i, p])].to_f64() * b[offsets[1]([batch, p, j])].to_f64();
                sum += x;
                size += x.abs();
            }
            let bound = (depth + 2) as f64 * T::epsilon().to_f64() * size;
            let x = c[number].to_f64();
            assert!(
                (x - sum).abs() <= bound,
                "{isa:?} ({batch}, {i}, {j}): {x} for {sum} of {self:?}"
            );
        }
    }

    fn check_packed<T: Scalar>(
        &self,
        contraction: &Contraction<T>,
        isa: Isa,
        pool: &Pool,
        (a, b): (&[T], &[T]),
        expected: &[T],
    ) {
        let mut packed = vec![T::nan(); contraction.packed_b_len()];
        contraction.pack_b(isa, pool, b, &mut packed);
        let mut c = vec![T::zero(); contraction.reach()[2]];
        contraction.run_packed(isa, pool, Source::Slice(a), &packed, &mut c);
        let [batch, rows, columns, _] = self.counts();
        let offset = self.offsets(2);
        for (number, &x) in expected.iter().enumerate() {
            let at = [number / columns / rows, number / columns % rows, number % columns];
            assert!(c[offset(at)] == x, "{isa:?} packed of {batch} {self:?}");
        }
        self.check_rectangle(
            contraction,
            isa,
            (a, BOrPacked::Packed(packed.as_ptr())),
            expected,
            [0, rows / 3, rows, columns / 3, columns],
        );
    }

    fn check_rectangles<T: Scalar>(
        &self,
        contraction: &Contraction<T>,
        isa: Isa,
        (a, b): (&[T], &[T]),
        expected: &[T],
        rng: &mut Rng,
    ) {
        let [batch, rows, columns, _] = self.counts();
        for _ in 0..3 {
            let mut draw = |below: usize| rng.bits() as usize % below;
            let (batch, top, left) = (draw(batch), draw(rows), draw(columns));
            let (bottom, right) = (top + 1 + draw(rows - top), left + 1 + draw(columns - left));
            let b = BOrPacked::Slice(b.as_ptr());
            let at = [batch, top, bottom, left, right];
            self.check_rectangle(contraction, isa, (a, b), expected, at);
        }
    }

    fn check_rectangle<T: Scalar>(
        &self,
        contraction: &Contraction<T>,
        isa: Isa,
        (a, b): (&[T], BOrPacked<T>),
        expected: &[T],
        [batch, top, bottom, left, right]: [usize; 5],
    ) {
        let [_, rows, columns, _] = self.counts();
        let stride = right - left + 2;
        let mut to = vec![T::nan(); (bottom - top) * stride];
        // SAFETY: the slices have the lengths that were asked for, the rectangle lies within C.
        unsafe {
            let (rows, columns) = (top..bottom, left..right);
            contraction.rectangle(
                isa,
                a.as_ptr(),
                b,
                batch,
                rows,
                columns,
                to.as_mut_ptr(),
                stride,
            );
        }
        for (i, row) in to.chunks(stride).enumerate() {
            let start = (batch * rows + top + i) * columns;
            assert!(
                row[..right - left] == expected[start + left..start + right],
                "{isa:?} {self:?}"
            );
            assert!(row[right - left..].iter().all(|x| x.is_nan()), "beyond the rectangle");
        }
    }
}

/// The offset at position `i` of a group of axes, row-major. It may overflow where strides are extreme and, as another group
/// has no positions, nobody reads.
fn offset_along(extents: &[usize], strides: &[isize], mut i: usize) -> isize {
    let mut offset = 0;
    for (&extent, &stride) in extents.iter().zip(strides).rev() {
        offset = stride.wrapping_mul((i % extent) as isize).wrapping_add(offset);
        i /= extent;
    }
    offset
}

/// Pools of 1 to 4 threads.
fn pools() -> [Pool; 4] {
    [1, 2, 3, 4].map(Pool::new)
}
