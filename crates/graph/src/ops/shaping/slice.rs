//! Parts of an array, by start, stop and step along each axis; one position of an axis; axes reversed.

use std::ops::{Range, RangeFrom, RangeFull, RangeTo};

use smallvec::{SmallVec, smallvec};

use super::super::registry::{Example, shaped};
use crate::shape::resolve_axis;
use crate::{Axes, Place, Var, misfit};

/// A range of positions along an axis, with Python's meaning of `start:stop:step`.
///
/// Negative positions count from the end, positions outside are cut off, and with a negative step
/// the positions run down from `start`. Made from Rust's ranges, of `usize`, as extents are, or of
/// signed numbers.
///
/// ```
/// use cotangent::{Graph, Span};
/// let g = Graph::new();
/// let x = g.constant(cotangent::ndarray::array![0., 1., 2., 3., 4., 5.]);
/// assert_eq!(x.slice_axis(0, 1..4).eval()?, cotangent::ndarray::array![1., 2., 3.].into_dyn());
/// assert_eq!(x.slice_axis(0, Span::from(..).step(2)).eval()?, cotangent::ndarray::array![0., 2., 4.].into_dyn());
/// let down = Span { start: Some(-1), stop: Some(1), step: -2 };
/// assert_eq!(x.slice_axis(0, down).eval()?, cotangent::ndarray::array![5., 3.].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first position; by default the first, or the last for a negative step.
    pub start: Option<isize>,
    /// The position to stop before; by default past the end, in the direction of the step.
    pub stop: Option<isize>,
    /// The distance between positions; not 0.
    pub step: isize,
}

impl Span {
    /// Every `step`-th position of the range.
    pub fn step(self, step: isize) -> Self {
        Self { step, ..self }
    }

    /// The lowest position, one past the highest, and the step, on an axis of this extent.
    fn bounds(&self, extent: usize) -> (isize, isize, isize) {
        let extent = extent as isize;
        let down = self.step < 0;
        let (low, high) = if down { (-1, extent - 1) } else { (0, extent) };
        let place = |position: Option<isize>, default: isize| match position {
            None => default,
            Some(p) => (if p < 0 { p + extent } else { p }).clamp(low, high),
        };
        let (start, stop) = if down {
            (place(self.start, high), place(self.stop, low))
        } else {
            (place(self.start, low), place(self.stop, high))
        };
        if down {
            ((stop + 1).min(start + 1), start + 1, self.step)
        } else {
            (start, stop.max(start), self.step)
        }
    }

    /// The part of a place along an axis of this extent.
    fn of(&self, place: Place, axis: usize, extent: usize) -> Place {
        let (from, to, step) = self.bounds(extent);
        let count = ((to - from) as usize).div_ceil(step.unsigned_abs());
        // A negative step runs down from the end of the range.
        let start = if step < 0 { to - 1 } else { from };
        place.along(axis, start.max(0) as usize, step, count)
    }
}

impl From<RangeFull> for Span {
    fn from(_: RangeFull) -> Self {
        Self { start: None, stop: None, step: 1 }
    }
}

/// Positions as they are computed from extents, or counted from the end; a bare literal is an `i32`.
macro_rules! spans {
    ($($number:ty),*) => {$(
        impl From<Range<$number>> for Span {
            fn from(range: Range<$number>) -> Self {
                Self { start: Some(at(range.start)), stop: Some(at(range.end)), step: 1 }
            }
        }

        impl From<RangeFrom<$number>> for Span {
            fn from(range: RangeFrom<$number>) -> Self {
                Self { start: Some(at(range.start)), stop: None, step: 1 }
            }
        }

        impl From<RangeTo<$number>> for Span {
            fn from(range: RangeTo<$number>) -> Self {
                Self { start: None, stop: Some(at(range.end)), step: 1 }
            }
        }
    )*};
}

spans!(i32, isize, usize);

/// The position; what is too large is past the end of every axis.
fn at(position: impl TryInto<isize>) -> isize {
    position.try_into().unwrap_or(isize::MAX)
}

impl<'g> Var<'g> {
    /// The part of the array in these spans, one for each axis.
    ///
    /// ```
    /// use cotangent::{Graph, Span};
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// let y = x.slice(&[(1..).into(), Span::from(..).step(2)]);
    /// assert_eq!(y.eval()?, array![[4.0, 6.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// Unless one span is given for each axis, with a step that is not 0.
    #[track_caller]
    pub fn slice(self, spans: &[Span]) -> Var<'g> {
        let shape = self.shape();
        if spans.len() != shape.rank() {
            misfit(
                "slice",
                format!("{} spans are given for the axes of {shape}", spans.len()),
                &[self],
            );
        }
        if spans.iter().any(|span| span.step == 0) {
            misfit("slice", "a step of 0 goes nowhere", &[self]);
        }
        let mut place = Place::whole(&shape);
        for (axis, (span, &extent)) in spans.iter().zip(shape.iter()).enumerate() {
            place = span.of(place, axis, extent);
        }
        self.looked_at("slice", place)
    }

    /// The part of the array in a span along one axis.
    ///
    /// # Panics
    /// If there is no such axis, or the step is 0.
    #[track_caller]
    pub fn slice_axis(self, axis: isize, span: impl Into<Span>) -> Var<'g> {
        let rank = self.rank();
        let axis = match resolve_axis(axis, rank) {
            Ok(axis) => axis,
            Err(rule) => misfit("slice_axis", rule, &[self]),
        };
        let mut spans: SmallVec<[Span; 4]> = smallvec![Span::from(..); rank];
        spans[axis] = span.into();
        self.slice(&spans)
    }

    /// The array at one position of an axis, which is left out (ndarray's `index_axis`, PyTorch's
    /// `select`). A negative position counts from the end.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.index_axis(1, -1).eval()?, array![2.0, 4.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If there is no such axis or position.
    #[track_caller]
    pub fn index_axis(self, axis: isize, position: isize) -> Var<'g> {
        let shape = self.shape();
        let axis = match resolve_axis(axis, shape.rank()) {
            Ok(axis) => axis,
            Err(rule) => misfit("index_axis", rule, &[self]),
        };
        let from_first = if position < 0 { position + shape[axis] as isize } else { position };
        if !(0..shape[axis] as isize).contains(&from_first) {
            let rule = format!("position {position} of axis {axis}, which has {}", shape[axis]);
            misfit("index_axis", rule, &[self]);
        }
        self.looked_at("slice", Place::whole(&shape).without(axis, from_first as usize))
    }

    /// The elements in reverse order along some axes.
    ///
    /// The shape stays.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.flip(1).eval()?, array![[2.0, 1.0], [4.0, 3.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If an axis does not exist or is named twice.
    #[track_caller]
    pub fn flip(self, axes: impl Into<Axes>) -> Var<'g> {
        let shape = self.shape();
        let axes = match axes.into().resolve(shape.rank()) {
            Ok(axes) => axes,
            Err(rule) => misfit("flip", rule, &[self]),
        };
        let down = |place: Place, &axis: &usize| {
            place.along(axis, shape[axis].saturating_sub(1), -1, shape[axis])
        };
        self.looked_at("flip", axes.iter().fold(Place::whole(&shape), down))
    }
}

pub(super) fn examples() -> Vec<Example> {
    let spans = || [Span::from(1..5).step(2), Span { start: None, stop: None, step: -2 }];
    vec![
        shaped("slice", [5, 4], move |x| x.square().slice(&spans())),
        // Slices that meet and slices that do not, of one array.
        shaped("slice", [6], |x| {
            let y = x.square();
            y.slice_axis(0, 0..3) * y.slice_axis(0, 2..5) * y.slice_axis(0, 3..6)
        }),
        shaped("slice", [2, 3], |x| x.square().index_axis(1, -2) * x.sum()),
        shaped("flip", [2, 3, 2], |x| x.flip([0, 2]) * x),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Graph;

    /// Python's own rule, position by position.
    fn python(span: &Span, extent: isize) -> Vec<f64> {
        let (low, high) = if span.step < 0 { (-1, extent - 1) } else { (0, extent) };
        let wrap = |p: isize| (if p < 0 { p + extent } else { p }).clamp(low, high);
        let (first, end) = if span.step < 0 { (high, low) } else { (low, high) };
        let mut position = span.start.map_or(first, wrap);
        let stop = span.stop.map_or(end, wrap);
        let mut positions = Vec::new();
        while (span.step > 0 && position < stop) || (span.step < 0 && position > stop) {
            positions.push(position as f64);
            position += span.step;
        }
        positions
    }

    #[test]
    fn ranges_of_extents_and_of_signed_numbers_are_spans() {
        let n = [4, 2].len();
        assert_eq!(Span::from(1..n), Span::from(1..2_isize));
        assert_eq!(Span::from(n..), Span { start: Some(2), stop: None, step: 1 });
        assert_eq!(Span::from(..-1), Span { start: None, stop: Some(-1), step: 1 });
        assert_eq!(Span::from(..usize::MAX).stop, Some(isize::MAX));
    }

    #[test]
    fn spans_mean_what_they_mean_in_python() {
        let g = Graph::new();
        let bounds = || (-7..8).map(Some).chain([None]);
        for extent in 0..5 {
            let x = g.constant(ndarray::Array1::from_iter((0..extent).map(|i| i as f64)));
            for (start, stop) in bounds().flat_map(|a| bounds().map(move |b| (a, b))) {
                for step in [-3, -2, -1, 1, 2, 3] {
                    let span = Span { start, stop, step };
                    let ours = x.slice_axis(0, span).eval().unwrap();
                    assert_eq!(
                        ours.as_slice().unwrap(),
                        python(&span, extent),
                        "{span:?} {extent}"
                    );
                }
            }
        }
    }
}
