//! Where the extrema of an array along one axis stand.

use smallvec::SmallVec;

use crate::fused::{Along, Grid};
use crate::isa::{Isa, Kernel, Simd};
use crate::pool::Pool;
use crate::reduce::Reduce;
use crate::scalar::Scalar;
use crate::spread::Spread;

/// How many neighbouring results are searched for abreast.
const ABREAST: usize = 64;

/// From this many elements on a second thread pays.
const WORTH_SHARING: usize = 1 << 14;

/// The position of the largest or the smallest along an axis: the first of several, and the first NaN if there is one.
///
/// ```
/// use cotangent_kernels::{Along, ArgExtremum, Isa, Laid, Pool};
///
/// // Of each row of a matrix of two rows and three columns.
/// let rows = Laid { offset: 0, strides: &[3] };
/// let largest = ArgExtremum::new(&[2], rows, Along { extent: 3, stride: 1 }, true);
/// let (x, mut at) = ([1.0, 5.0, 5.0, 0.0, -1.0, f32::NAN], [0; 2]);
/// largest.run(Isa::best(), &Pool::new(1), &x, &mut at);
/// assert_eq!(at, [1, 2]);
/// ```
#[derive(Clone, Debug)]
pub struct ArgExtremum {
    /// The results, without the last axis.
    axes: SmallVec<[(usize, isize); 6]>,
    columns: (usize, isize),
    offset: usize,
    along: Along,
    largest: bool,
    /// How many elements the slice must have.
    reach: usize,
}

impl ArgExtremum {
    /// Over `extents`, one result for each position, dense and row-major; `x` says where the elements lie that are first
    /// along the axis.
    ///
    /// # Panics
    ///
    /// When there is not one stride for each extent, nothing along the axis, or an element lies before the first or further
    /// than any slice.
    #[track_caller]
    pub fn new(extents: &[usize], x: crate::Laid<'_>, along: Along, largest: bool) -> Self {
        assert_eq!(x.strides.len(), extents.len(), "one stride for each extent");
        assert!(along.extent > 0, "the extremum of no numbers has no position");
        let all: Vec<usize> = extents.iter().copied().chain([along.extent]).collect();
        let strides: Vec<isize> = x.strides.iter().copied().chain([along.stride]).collect();
        let reach = match (Spread { offset: x.offset, extents: &all, strides: &strides }).reach() {
            Some((_, reach)) if reach <= isize::MAX as usize / size_of::<f64>() => reach,
            _ => panic!("the array reaches further than any slice: {strides:?} over {all:?}"),
        };
        let mut axes: SmallVec<[(usize, isize); 6]> =
            extents.iter().copied().zip(x.strides.iter().copied()).collect();
        let columns = axes.pop().unwrap_or((1, 0));
        Self { axes, columns, offset: x.offset, along, largest, reach }
    }

    /// How many results there are.
    fn len(&self) -> usize {
        self.rows() * self.columns.0
    }

    fn rows(&self) -> usize {
        self.axes.iter().map(|axis| axis.0).product()
    }

    /// Whether a pool's threads share a run.
    pub fn is_shared(&self) -> bool {
        self.len().saturating_mul(self.along.extent) >= WORTH_SHARING && self.tasks() > 1
    }

    /// Parts of rows.
    fn tasks(&self) -> usize {
        self.rows() * self.columns.0.div_ceil(ABREAST)
    }

    /// Writes the positions.
    ///
    /// # Panics
    ///
    /// When `x` is too short, or `out` has not one element for each result.
    #[track_caller]
    pub fn run<T: Scalar>(&self, isa: Isa, pool: &Pool, x: &[T], out: &mut [i64]) {
        let reach = self.reach;
        assert!(x.len() >= reach, "the array needs {reach} elements, not {}", x.len());
        assert_eq!(out.len(), self.len(), "one position for each result");
        if self.len() == 0 {
            return;
        }
        let tasks = self.tasks();
        let shares = if self.is_shared() { pool.threads().min(tasks) } else { 1 };
        let out = Positions(out.as_mut_ptr());
        let search = |share: usize| {
            let at = |i: usize| tasks / shares * i + tasks % shares * i / shares;
            for task in at(share)..at(share + 1) {
                let parts = self.columns.0.div_ceil(ABREAST);
                let (row, first) = (task / parts, task % parts * ABREAST);
                let count = ABREAST.min(self.columns.0 - first);
                // SAFETY: within the slice, and each task is done once.
                let out = unsafe {
                    let start = out.start().add(row * self.columns.0 + first);
                    std::slice::from_raw_parts_mut(start, count)
                };
                T::positions(isa, self, x, self.grid(row, first), out);
            }
        };
        match shares {
            1 => search(0),
            _ => pool.run_in_places(shares, &|_, places| places.for_each(&search)),
        }
    }

    /// Where the elements of some neighbouring results lie: a row for each position along the axis.
    fn grid(&self, row: usize, first: usize) -> Grid {
        let (mut rest, mut at) = (row, first as isize * self.columns.1);
        for &(extent, stride) in self.axes.iter().rev() {
            at += (rest % extent) as isize * stride;
            rest /= extent;
        }
        Grid {
            first: self.offset.wrapping_add_signed(at),
            row: self.along.stride,
            column: self.columns.1,
        }
    }

    /// The positions of some neighbouring results.
    pub(crate) fn search<T: Scalar>(&self, isa: Isa, x: &[T], grid: Grid, out: &mut [i64]) {
        let Self { along, largest, .. } = *self;
        if along.stride != 1 {
            return isa.run(Abreast { x, grid, extent: along.extent, largest, out });
        }
        let f = if largest { Reduce::Max } else { Reduce::Min };
        for (j, out) in out.iter_mut().enumerate() {
            let start = Grid::number(grid.first, j, grid.column);
            *out = isa.run(Alone { x: &x[start..start + along.extent], f, isa }) as i64;
        }
    }
}

/// The results, of which threads write parts.
struct Positions(*mut i64);

// SAFETY: threads write parts that do not meet; see `ArgExtremum::run`.
unsafe impl Sync for Positions {}

impl Positions {
    fn start(&self) -> *mut i64 {
        self.0
    }
}

/// One result, whose elements are neighbours: the extremum, and then where it is first.
struct Alone<'a, T> {
    x: &'a [T],
    f: Reduce,
    isa: Isa,
}

impl<T: Scalar> Kernel for Alone<'_, T> {
    type Output = usize;

    #[inline(always)]
    fn run<S: Simd>(self) -> usize {
        const PART: usize = 64;
        let mut extremum = [T::zero()];
        T::reduce_rows(self.isa, self.f, self.x, self.x.len(), &mut extremum);
        let is = |x: T| x == extremum[0] || x.is_nan();
        let (parts, rest) = self.x.as_chunks::<PART>();
        // Whole parts are asked without a branch for each number.
        let whole = parts.iter().position(|part| part.iter().fold(false, |any, &x| any | is(x)));
        let within = |x: &[T]| x.iter().position(|&x| is(x));
        match whole {
            Some(part) => part * PART + within(&parts[part]).expect("it is in this part"),
            None => parts.len() * PART + within(rest).expect("an extremum is among the numbers"),
        }
    }
}

/// Neighbouring results, each the best so far of its lane.
struct Abreast<'a, T> {
    x: &'a [T],
    grid: Grid,
    extent: usize,
    largest: bool,
    out: &'a mut [i64],
}

impl<T: Scalar> Kernel for Abreast<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self { x, grid, extent, largest, out } = self;
        let mut best = [T::zero(); ABREAST];
        let mut seen = [T::zero(); ABREAST];
        out.fill(0);
        for row in 0..extent {
            let start = grid.row_start(row);
            if grid.column == 1 {
                seen[..out.len()].copy_from_slice(&x[start..start + out.len()]);
            } else {
                let lanes = seen[..out.len()].iter_mut().enumerate();
                lanes.for_each(|(j, seen)| *seen = x[Grid::number(start, j, grid.column)]);
            }
            if row == 0 {
                best = seen;
                continue;
            }
            for ((best, &seen), out) in best.iter_mut().zip(&seen).zip(out.iter_mut()) {
                let beats = if largest { seen > *best } else { seen < *best };
                let better = beats || seen.is_nan() && !best.is_nan();
                *best = if better { seen } else { *best };
                *out = if better { row as i64 } else { *out };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expected(lane: &[f32], largest: bool) -> i64 {
        let better = |best: usize, i: usize| {
            let beats = if largest { lane[i] > lane[best] } else { lane[i] < lane[best] };
            if beats || lane[i].is_nan() && !lane[best].is_nan() { i } else { best }
        };
        (0..lane.len()).reduce(better).unwrap() as i64
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn positions_are_those_of_the_definition_on_any_number_of_threads(
            extents in prop::collection::vec(prop::sample::select(vec![1usize, 2, 3, 10, 65, 130]), 1..4),
            axis in 0usize..3,
            kinds in 2u32..9,
            nan in prop::bool::weighted(0.3),
        ) {
            let axis = axis % extents.len();
            let mut strides = vec![1; extents.len()];
            for i in (1..extents.len()).rev() {
                strides[i - 1] = strides[i] * extents[i] as isize;
            }
            let size: usize = extents.iter().product();
            let number = |i: usize| match (i as u32).wrapping_mul(2_654_435_761) >> 16 {
                n if nan && n % 97 == 0 => f32::NAN,
                n => (n % kinds) as f32 - 2.0,
            };
            let x: Vec<f32> = (0..size).map(number).collect();
            let (mut kept, mut of_kept) = (extents.clone(), strides.clone());
            let along = Along { extent: kept.remove(axis), stride: of_kept.remove(axis) };
            let inner: usize = extents[axis + 1..].iter().product();
            let lanes = (0..size / along.extent).map(|i| {
                let first = i / inner * inner * along.extent + i % inner;
                (0..along.extent).map(|k| x[first + k * inner]).collect::<Vec<f32>>()
            });
            let lanes: Vec<Vec<f32>> = lanes.collect();
            for largest in [true, false] {
                let laid = crate::Laid { offset: 0, strides: &of_kept };
                let search = ArgExtremum::new(&kept, laid, along, largest);
                let said: Vec<i64> = lanes.iter().map(|lane| expected(lane, largest)).collect();
                for (isa, threads) in Isa::available().flat_map(|isa| (1..4).map(move |n| (isa, n))) {
                    let mut out = vec![-1; lanes.len()];
                    search.run(isa, &Pool::new(threads), &x, &mut out);
                    prop_assert_eq!(&out, &said);
                }
            }
        }
    }
}
