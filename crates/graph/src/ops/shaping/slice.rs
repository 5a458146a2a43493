//! Parts of an array, by start, stop and step along each axis.

use std::ops::{Range, RangeFrom, RangeFull, RangeTo};

use ndarray::{ArrayViewD, Slice as NdSlice};
use smallvec::{SmallVec, smallvec};

use super::super::registry::{Example, shaped};
use super::assign;
use crate::error::{exactly, expect_kind};
use crate::shape::resolve_axis;
use crate::{Args, Cotangents, Kind, Operation, Out, RunResult, Scalar, Shape, Type, Var, misfit};

/// A range of positions along an axis, with Python's meaning of `start:stop:step`.
///
/// Negative positions count from the end, positions outside are cut off, and with a negative step
/// the positions run down from `start`. Made from Rust's ranges.
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

    /// The number of positions on an axis of this extent.
    fn count(&self, extent: usize) -> usize {
        let (from, to, step) = self.bounds(extent);
        ((to - from) as usize).div_ceil(step.unsigned_abs())
    }

    /// In ndarray's terms, where a negative step runs down from the end of the range.
    pub(super) fn resolved(&self, extent: usize) -> NdSlice {
        let (from, to, step) = self.bounds(extent);
        NdSlice::new(from, Some(to), step)
    }
}

impl From<RangeFull> for Span {
    fn from(_: RangeFull) -> Self {
        Self { start: None, stop: None, step: 1 }
    }
}

impl From<Range<isize>> for Span {
    fn from(range: Range<isize>) -> Self {
        Self { start: Some(range.start), stop: Some(range.end), step: 1 }
    }
}

impl From<RangeFrom<isize>> for Span {
    fn from(range: RangeFrom<isize>) -> Self {
        Self { start: Some(range.start), stop: None, step: 1 }
    }
}

impl From<RangeTo<isize>> for Span {
    fn from(range: RangeTo<isize>) -> Self {
        Self { start: None, stop: Some(range.end), step: 1 }
    }
}

/// A part of the argument, by a span along each axis. Cotangent: v in place, zeros elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// One span for each axis.
    pub spans: SmallVec<[Span; 4]>,
}

/// The adjoint of [`Slice`]: zeros of a shape, with the argument in the place of the slice.
/// Cotangent: v, sliced.
#[derive(Clone, Debug, PartialEq)]
pub struct Unslice {
    /// One span for each axis.
    pub spans: SmallVec<[Span; 4]>,
    /// The shape of the result.
    pub shape: Shape,
}

fn sliced(spans: &[Span], shape: &Shape) -> Result<Shape, String> {
    if spans.len() != shape.rank() {
        return Err(format!("{} spans are given for the axes of {shape}", spans.len()));
    }
    if spans.iter().any(|span| span.step == 0) {
        return Err("a step of 0 goes nowhere".to_owned());
    }
    Ok(spans.iter().zip(shape.iter()).map(|(span, &extent)| span.count(extent)).collect())
}

fn view<'v, E>(spans: &[Span], mut x: ArrayViewD<'v, E>) -> ArrayViewD<'v, E> {
    x.slice_each_axis_inplace(|axis| spans[axis.axis.index()].resolved(axis.len));
    x
}

impl Operation for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        Ok(Type { kind: x.kind, shape: sliced(&self.spans, &x.shape)? })
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let adjoint = Unslice { spans: self.spans.clone(), shape: inputs[0].shape() };
        smallvec![Some(v.graph().apply(adjoint, &[v]))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        assign(args, out, |x| view(&self.spans, x), |x| view(&self.spans, x));
        Ok(())
    }
}

impl Operation for Unslice {
    fn name(&self) -> &'static str {
        "unslice"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        expect_kind("the argument", x.kind, Kind::Real)?;
        let part = sliced(&self.spans, &self.shape)?;
        if part == x.shape {
            Ok(Type::real(&self.shape))
        } else {
            Err(format!("the slice has shape {part}, and the argument {}", x.shape))
        }
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec![Some(v.slice(&self.spans))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let out = out.real();
        out.fill(T::zero());
        out.slice_each_axis_mut(|axis| self.spans[axis.axis.index()].resolved(axis.len))
            .assign(&args.real(0));
        Ok(())
    }
}

impl<'g> Var<'g> {
    /// The part of the array in these spans, one for each axis.
    ///
    /// # Panics
    /// Unless one span is given for each axis, with a step that is not 0.
    #[track_caller]
    pub fn slice(self, spans: &[Span]) -> Var<'g> {
        self.graph().apply(Slice { spans: spans.into() }, &[self])
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
}

pub(super) fn examples() -> Vec<Example> {
    let spans = || [Span::from(1..5).step(2), Span { start: None, stop: None, step: -2 }];
    vec![
        shaped("slice", [5, 4], move |x| x.square().slice(&spans())),
        shaped("unslice", [2, 2], move |x| {
            let op = Unslice { spans: spans().into_iter().collect(), shape: [5, 4].into() };
            x.graph().apply(op, &[x]).square() + x.sum()
        }),
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
