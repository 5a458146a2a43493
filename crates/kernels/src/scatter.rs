//! Sums at places that indices name, such as the gradient of a table's rows; and what is written there instead.
//!
//! Every element of the result has one thread that adds to it, in the order of the positions. A thread goes through all
//! positions and adds those that belong to its range of the indexed axis; or it goes through its part of another axis that
//! the result has: either way no two threads meet, nothing is atomic, and the bits are the same on any number of threads.

#[cfg(test)]
mod tests;

use std::ops::Range;

use smallvec::SmallVec;

use crate::fused::Along;
use crate::isa::{Isa, Kernel, Simd};
use crate::pool::Pool;
use crate::scalar::Scalar;
use crate::spread::{Spread, gcd};

/// From this many elements on a second thread pays.
const WORTH_SHARING: usize = 1 << 14;

/// Fewer positions of an axis are not shared evenly.
const FEW: usize = 16;

/// A run over so many axes needs no heap.
const FEW_AXES: usize = 8;

/// Adds each element of an array to the element of another that an index names.
///
/// ```
/// use cotangent_kernels::{Along, Isa, Laid, Pool, Scatter};
///
/// // Rows of two numbers, added to the rows 1, 0 and 1 of a table of three.
/// let laid = |offset, strides| Laid { offset, strides };
/// let along = Along { extent: 3, stride: 2 };
/// let add = Scatter::new(&[3, 2], laid(0, &[2, 1]), laid(0, &[1, 0]), laid(0, &[0, 1]), along);
/// let (x, rows, mut y) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1, 0, 1], [9.0; 6]);
/// add.run(Isa::best(), &Pool::new(2), &x, &rows, Some(0.0), &mut y);
/// assert_eq!(y, [3.0, 4.0, 6.0, 8.0, 0.0, 0.0]);
/// ```
#[derive(Clone, Debug)]
pub struct Scatter {
    /// The positions, without the columns.
    axes: Vec<Axis>,
    columns: Axis,
    offsets: [usize; 3],
    along: Along,
    cut: Option<Cut>,
    replaces: bool,
    /// How many elements each slice must have.
    reaches: [usize; 3],
}

/// Where the elements of an array lie over the positions of a loop.
#[derive(Clone, Copy, Debug)]
pub struct Laid<'x> {
    /// The number of the first element.
    pub offset: usize,
    /// How far apart neighbours are along each axis; 0 repeats an element.
    pub strides: &'x [isize],
}

/// An axis of the positions, with the strides of source, indices and result.
#[derive(Clone, Copy, Debug)]
struct Axis {
    extent: usize,
    strides: [isize; 3],
}

/// What is shared among threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// The indexed axis of the result.
    Destinations,
    /// An axis of the positions.
    Axis(usize),
    Columns,
}

impl Scatter {
    /// For each position over `extents`, the element of the source there is added to the result's element there, moved along
    /// the axis that the index there points into.
    ///
    /// # Panics
    ///
    /// When there is not one stride for each extent, or an element lies before the first or further than any slice.
    #[track_caller]
    pub fn new(
        extents: &[usize],
        source: Laid<'_>,
        indices: Laid<'_>,
        result: Laid<'_>,
        along: Along,
    ) -> Scatter {
        let operands = [source, indices, result];
        for laid in &operands {
            assert_eq!(laid.strides.len(), extents.len(), "one stride for each extent");
        }
        let (with_axis, strides) = result_axes(extents, result, along);
        let of_result = Spread { offset: result.offset, extents: &with_axis, strides: &strides };
        let reach = |spread: Spread<'_>| match spread.reach() {
            Some((_, reach)) if reach <= isize::MAX as usize / size_of::<f64>() => reach,
            _ => panic!("an operand reaches further than any slice: {spread:?}"),
        };
        let over = |Laid { offset, strides }| reach(Spread { offset, extents, strides });
        let reaches = [over(source), over(indices), reach(of_result)];
        let mut axes = merged(extents, &operands);
        let columns = match axes.last() {
            Some(axis) if axis.extent > 0 => axes.pop().expect("it is the last"),
            _ => Axis { extent: 1, strides: [0; 3] },
        };
        let mut scatter = Scatter {
            axes,
            columns,
            offsets: operands.map(|laid| laid.offset),
            along,
            cut: None,
            replaces: false,
            reaches,
        };
        scatter.cut = scatter.cut();
        scatter
    }

    /// Each element of the source is added to the result's element at the same position, several to one where the result's
    /// positions overlap. Nothing is looked up: it runs with [`FIRST`](Self::FIRST) for indices.
    ///
    /// ```
    /// use cotangent_kernels::{Isa, Laid, Pool, Scatter};
    ///
    /// // Windows of two numbers, a step apart.
    /// let laid = |strides| Laid { offset: 0, strides };
    /// let add = Scatter::overlay(&[3, 2], laid(&[2, 1]), laid(&[1, 1]));
    /// let (x, mut y) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0.0; 4]);
    /// add.run(Isa::best(), &Pool::new(1), &x, Scatter::FIRST, None, &mut y);
    /// assert_eq!(y, [1.0, 5.0, 9.0, 6.0]);
    /// ```
    ///
    /// # Panics
    ///
    /// As of [`new`](Self::new).
    #[track_caller]
    pub fn overlay(extents: &[usize], source: Laid<'_>, result: Laid<'_>) -> Scatter {
        let indices = Laid { offset: 0, strides: &vec![0; extents.len()] };
        Scatter::new(extents, source, indices, result, Along { extent: 1, stride: 1 })
    }

    /// The indices of an [`overlay`](Self::overlay).
    pub const FIRST: &[i64] = &[0];

    /// The same, but that the source's elements take the place of the result's: of several at one, the last.
    ///
    /// ```
    /// use cotangent_kernels::{Along, Isa, Laid, Pool, Scatter};
    ///
    /// // Two numbers at the start of one of the slices of a row of four.
    /// let laid = |strides| Laid { offset: 0, strides };
    /// let along = Along { extent: 3, stride: 1 };
    /// let set = Scatter::new(&[2], laid(&[1]), laid(&[0]), laid(&[1]), along).replacing();
    /// let mut y = [1.0, 2.0, 3.0, 4.0];
    /// set.run(Isa::best(), &Pool::new(1), &[7.0, 8.0], &[1], None, &mut y);
    /// assert_eq!(y, [1.0, 7.0, 8.0, 4.0]);
    /// ```
    pub fn replacing(self) -> Scatter {
        Scatter { replaces: true, ..self }
    }

    /// What can be shared such that no element has two threads, and is worth it.
    fn cut(&self) -> Option<Cut> {
        if self.size() < WORTH_SHARING {
            return None;
        }
        let along = (self.along.extent, self.along.stride.unsigned_abs());
        let of = |axis: &Axis| (axis.extent, axis.strides[2].unsigned_abs());
        let columns = of(&self.columns);
        let all: Vec<_> = self.axes.iter().map(of).chain([columns, along]).collect();
        let wide = |&axis: &(usize, usize), least| axis.0 >= least && is_apart(&all, axis);
        let axis = |least| {
            let axis = self.axes.iter().position(|axis| wide(&of(axis), least));
            axis.map(Cut::Axis)
        };
        let of_columns = || wide(&columns, 4 * FEW).then_some(Cut::Columns);
        let destinations = |least| wide(&along, least).then_some(Cut::Destinations);
        axis(FEW)
            .or_else(|| destinations(FEW))
            .or_else(of_columns)
            .or_else(|| axis(2))
            .or_else(|| destinations(2))
    }

    /// How many elements are added.
    fn size(&self) -> usize {
        self.axes.iter().fold(self.columns.extent, |size, axis| size.saturating_mul(axis.extent))
    }

    /// Whether a pool's threads share a run.
    pub fn is_shared(&self) -> bool {
        self.cut.is_some()
    }

    /// Adds the source to the result, or replaces what is there, of which every element is `start` before, if that is given.
    ///
    /// # Panics
    ///
    /// When a slice is too short, or an index is outside of its axis.
    #[track_caller]
    pub fn run<T: Scalar>(
        &self,
        isa: Isa,
        pool: &Pool,
        source: &[T],
        indices: &[i64],
        start: Option<T>,
        result: &mut [T],
    ) {
        let lens = [source.len(), indices.len(), result.len()];
        for ((what, len), reach) in
            ["the source", "the indices", "the result"].into_iter().zip(lens).zip(self.reaches)
        {
            assert!(len >= reach, "{what} needs {reach} elements, not {len}");
        }
        if let Some(x) = start {
            fill(pool, x, result);
        }
        if self.size() == 0 {
            return;
        }
        let result = Shared(result.as_mut_ptr());
        let whole = self.part(0, 1);
        let add = |part: Part| {
            // SAFETY: the slices are as long as all positions reach, and what two parts write lies apart, as `cut` has
            // found out.
            unsafe {
                T::scatter(isa, self, part, source.as_ptr(), indices.as_ptr(), result.start())
            }
        };
        let parts = if self.cut.is_some() { pool.threads() } else { 1 };
        match parts {
            1 => add(whole),
            _ => pool.run_in_places(parts, &|_, places| {
                places.for_each(|place| add(self.part(place, parts)));
            }),
        }
    }

    /// The work of one of several threads.
    fn part(&self, place: usize, parts: usize) -> Part {
        // ⌊n·place/parts⌋ without overflow.
        let cut = |n: usize| {
            let at = |i: usize| n / parts * i + n % parts * i / parts;
            at(place)..at(place + 1)
        };
        let mut part = Part {
            destinations: 0..self.along.extent,
            axis: None,
            columns: 0..self.columns.extent,
        };
        match self.cut {
            _ if parts == 1 => {}
            None => {}
            Some(Cut::Destinations) => part.destinations = cut(self.along.extent),
            Some(Cut::Axis(axis)) => part.axis = Some((axis, cut(self.axes[axis].extent))),
            Some(Cut::Columns) => part.columns = cut(self.columns.extent),
        }
        part
    }

    /// Adds what belongs to a part.
    ///
    /// # Safety
    ///
    /// The slices are as long as [`run`](Self::run) has checked, and nobody else writes what the part does.
    pub(crate) unsafe fn add<T: Scalar>(
        &self,
        isa: Isa,
        part: Part,
        source: *const T,
        indices: *const i64,
        result: *mut T,
    ) {
        isa.run(Adding { scatter: self, part, source, indices, result });
    }
}

/// Whether elements that differ in their position along one of the axes of a lattice, each with its extent and stride, are
/// known to differ, wherever they are along the others: the shorter steps together do not reach the next along this axis,
/// and all of that is less than any sum of the longer ones.
fn is_apart(axes: &[(usize, usize)], axis: (usize, usize)) -> bool {
    let stride = axis.1;
    let others = || axes.iter().filter(|other| **other != axis && other.0 > 1 && other.1 > 0);
    let twice = axes.iter().filter(|other| **other == axis).count() > 1;
    let reach = |(extent, stride): (usize, usize)| (extent - 1).saturating_mul(stride);
    let shorter = others().filter(|other| other.1 <= stride);
    let within = shorter.fold(0_usize, |sum, &other| sum.saturating_add(reach(other)));
    let longer = others().filter(|other| other.1 > stride);
    let unit = longer.fold(0, |unit, other| gcd(unit, other.1));
    !twice && stride > within && (unit == 0 || unit > within.saturating_add(reach(axis)))
}

/// The axes of the result over the positions, and the one that indices point into.
fn result_axes(extents: &[usize], result: Laid<'_>, along: Along) -> (Vec<usize>, Vec<isize>) {
    let extents = extents.iter().copied().chain([along.extent]).collect();
    (extents, result.strides.iter().copied().chain([along.stride]).collect())
}

/// The axes with more than one position, neighbours as one where all operands step through both as through one; an axis of
/// no positions stays.
fn merged(extents: &[usize], operands: &[Laid<'_>; 3]) -> Vec<Axis> {
    let mut axes: Vec<Axis> = Vec::new();
    for (i, &extent) in extents.iter().enumerate().filter(|axis| *axis.1 != 1) {
        let axis = Axis { extent, strides: operands.map(|laid| laid.strides[i]) };
        let continues = |outer: &Axis| {
            let mut strides = outer.strides.iter().zip(&axis.strides);
            strides.all(|(outer, inner)| Some(*outer) == inner.checked_mul(extent as isize))
        };
        match axes.last_mut() {
            Some(outer) if extent > 0 && continues(outer) => {
                *outer = Axis { extent: outer.extent * extent, ..axis };
            }
            _ => axes.push(axis),
        }
    }
    axes
}

/// Writes a number all over a slice.
fn fill<T: Scalar>(pool: &Pool, x: T, to: &mut [T]) {
    let parts = if to.len() < 4 * WORTH_SHARING { 1 } else { pool.threads() };
    if parts == 1 {
        return to.fill(x);
    }
    let (len, part) = (to.len(), to.len().div_ceil(parts));
    let to = Shared(to.as_mut_ptr());
    pool.run_in_places(parts, &|_, places| {
        for place in places {
            let (start, end) = ((place * part).min(len), ((place + 1) * part).min(len));
            // SAFETY: within the slice, and each place is taken once.
            unsafe { std::slice::from_raw_parts_mut(to.start().add(start), end - start).fill(x) }
        }
    });
}

/// A slice that threads write parts of.
struct Shared<T>(*mut T);

// SAFETY: threads write parts that do not meet; see `Scatter::cut` and `fill`.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    fn start(&self) -> *mut T {
        self.0
    }
}

/// What a thread adds: to a range of the indexed axis, in a range of one axis of the positions, in some columns.
#[derive(Clone, Debug)]
pub struct Part {
    destinations: Range<usize>,
    axis: Option<(usize, Range<usize>)>,
    columns: Range<usize>,
}

struct Adding<'a, T> {
    scatter: &'a Scatter,
    part: Part,
    source: *const T,
    indices: *const i64,
    result: *mut T,
}

impl<T: Scalar> Kernel for Adding<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Scatter { axes, offsets, columns, .. } = self.scatter;
        let range = |axis: usize| match &self.part.axis {
            Some((cut, range)) if *cut == axis => range.clone(),
            _ => 0..axes[axis].extent,
        };
        let ranges: SmallVec<[Range<usize>; FEW_AXES]> = (0..axes.len()).map(range).collect();
        if ranges.iter().any(Range::is_empty) || self.part.columns.is_empty() {
            return;
        }
        let mut position: SmallVec<[usize; FEW_AXES]> =
            ranges.iter().map(|range| range.start).collect();
        let mut at = offsets.map(|offset| offset as isize);
        for (of, at) in at.iter_mut().enumerate() {
            let starts = axes.iter().zip(&position).map(|(axis, &i)| axis.strides[of] * i as isize);
            *at += starts.sum::<isize>() + columns.strides[of] * self.part.columns.start as isize;
        }
        loop {
            // SAFETY: the position is one of the loop.
            unsafe { self.row(at) }
            let mut axis = axes.len();
            loop {
                let Some(outer) = axis.checked_sub(1) else { return };
                axis = outer;
                position[axis] += 1;
                let back = position[axis] == ranges[axis].end;
                let steps = if back { 1 - ranges[axis].len() as isize } else { 1 };
                for (at, stride) in at.iter_mut().zip(axes[axis].strides) {
                    *at += stride * steps;
                }
                if !back {
                    break;
                }
                position[axis] = ranges[axis].start;
            }
        }
    }
}

impl<T: Scalar> Adding<'_, T> {
    /// How far the element of an index is from the first, if it is this thread's.
    #[inline(always)]
    fn step(&self, index: i64) -> Option<isize> {
        let step = self.scatter.along.step(index);
        self.part.destinations.contains(&(index as usize)).then_some(step)
    }

    /// Adds the columns of a position of the axes, from where source, indices and result have the first.
    ///
    /// # Safety
    ///
    /// The elements of all columns lie within the slices.
    #[inline(always)]
    unsafe fn row(&self, [source, indices, result]: [isize; 3]) {
        let [of_source, of_indices, of_result] = self.scatter.columns.strides;
        let columns = self.part.columns.len();
        // SAFETY: as the caller vouches, a step being less than the extent.
        unsafe {
            let (source, indices) = (self.source.offset(source), self.indices.offset(indices));
            let result = self.result.wrapping_offset(result);
            if self.scatter.replaces {
                return self.replace(source, indices, result);
            }
            if of_indices != 0 {
                for j in 0..columns as isize {
                    if let Some(step) = self.step(*indices.offset(j * of_indices)) {
                        let to = result.wrapping_offset(j * of_result + step);
                        *to += *source.offset(j * of_source);
                    }
                }
                return;
            }
            let Some(step) = self.step(*indices) else { return };
            let to = result.wrapping_offset(step);
            match (of_source, of_result) {
                (1, 1) => (0..columns).for_each(|j| *to.add(j) += *source.add(j)),
                (0, 1) => {
                    let x = *source;
                    (0..columns).for_each(|j| *to.add(j) += x);
                }
                _ => {
                    for j in 0..columns as isize {
                        *to.wrapping_offset(j * of_result) += *source.offset(j * of_source);
                    }
                }
            }
        }
    }

    /// Replaces the columns of a position of the axes, as [`row`](Self::row) adds to them.
    ///
    /// # Safety
    ///
    /// As there.
    #[inline(always)]
    unsafe fn replace(&self, source: *const T, indices: *const i64, result: *mut T) {
        let [of_source, of_indices, of_result] = self.scatter.columns.strides;
        let columns = self.part.columns.len();
        // SAFETY: as the caller vouches, a step being less than the extent; source and result are two slices.
        unsafe {
            if (of_source, of_indices, of_result) == (1, 0, 1) {
                if let Some(step) = self.step(*indices) {
                    let to = result.wrapping_offset(step);
                    std::ptr::copy_nonoverlapping(source, to, columns);
                }
                return;
            }
            for j in 0..columns as isize {
                if let Some(step) = self.step(*indices.offset(j * of_indices)) {
                    *result.wrapping_offset(j * of_result + step) = *source.offset(j * of_source);
                }
            }
        }
    }
}
