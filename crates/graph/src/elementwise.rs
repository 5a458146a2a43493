//! Loops over the elements of arrays, for plain evaluations.
//!
//! What is done with elements is a loop over slices. What lies elsewhere than side by side, or broadcasts, is brought there, some
//! elements at a time, by code that is compiled once for the types of the elements and not for each operation again.

use ndarray::iter::LanesIter;
use ndarray::{ArrayView1, ArrayViewD, ArrayViewMut1, ArrayViewMutD, Axis, IxDyn};

/// How many elements are handed on at once: they and the operands beside them stay in the first-level cache.
const RUN: usize = 256;

/// An element: of `out`, or of what stands beside it.
pub(crate) trait Element: Copy + Default {}

impl<A: Copy + Default> Element for A {}

/// Hands `f` all elements of `out`, a run of them at a time, with those of `x` that stand beside them; `x` broadcasts.
pub(crate) fn each<A: Element, B: Element>(
    out: &mut ArrayViewMutD<'_, A>,
    x: &ArrayViewD<'_, B>,
    f: &dyn Fn(&mut [A], &[B]),
) {
    let x = beside(out, x);
    let mut xs = Source::new(&x);
    runs(out, &mut |run| f(run, xs.next(run.len())));
}

/// Hands `f` all elements of `out`, a run of them at a time, with those of `a` and `b` that stand beside them; both broadcast.
pub(crate) fn each_of_two<A: Element, B: Element, C: Element>(
    out: &mut ArrayViewMutD<'_, A>,
    a: &ArrayViewD<'_, B>,
    b: &ArrayViewD<'_, C>,
    f: &dyn Fn(&mut [A], &[B], &[C]),
) {
    let (a, b) = (beside(out, a), beside(out, b));
    let (mut one, mut other) = (Source::new(&a), Source::new(&b));
    runs(out, &mut |run| f(run, one.next(run.len()), other.next(run.len())));
}

/// `x` in the shape of `out`.
fn beside<'x, A, B>(out: &ArrayViewMutD<'_, A>, x: &'x ArrayViewD<'_, B>) -> ArrayViewD<'x, B> {
    x.broadcast(out.raw_dim()).expect("the shape rule checked that it broadcasts")
}

/// Hands `f` all elements of `out` in order, a run of them at a time.
fn runs<A: Element>(out: &mut ArrayViewMutD<'_, A>, f: &mut dyn FnMut(&mut [A])) {
    if let Some(all) = out.as_slice_mut() {
        return all.chunks_mut(RUN).for_each(f);
    }
    let mut run = [A::default(); RUN];
    // An array without axes is a slice.
    let last = Axis(out.ndim() - 1);
    for mut lane in out.lanes_mut(last) {
        for mut part in lane.axis_chunks_iter_mut(Axis(0), RUN) {
            let run = &mut run[..part.len()];
            copy(run, part.view());
            f(run);
            store(&mut part, run);
        }
    }
}

/// The elements of an array in order, as slices.
enum Source<'v, B> {
    Dense(&'v [B]),
    Strided { lanes: LanesIter<'v, B, IxDyn>, lane: ArrayView1<'v, B>, run: [B; RUN] },
}

impl<'v, B: Element> Source<'v, B> {
    fn new(view: &'v ArrayViewD<'v, B>) -> Self {
        match view.as_slice() {
            Some(all) => Self::Dense(all),
            None => Self::Strided {
                lanes: view.lanes(Axis(view.ndim() - 1)).into_iter(),
                lane: ArrayView1::from(&[]),
                run: [B::default(); RUN],
            },
        }
    }

    /// The next elements, at most a run.
    fn next(&mut self, count: usize) -> &[B] {
        match self {
            Self::Dense(rest) => {
                let (next, after) = rest.split_at(count);
                *rest = after;
                next
            }
            Self::Strided { lanes, lane, run } => {
                let mut filled = 0;
                while filled < count {
                    if lane.is_empty() {
                        *lane = lanes.next().expect("there are as many elements as places");
                    }
                    let (part, after) = lane.split_at(Axis(0), lane.len().min(count - filled));
                    copy(&mut run[filled..][..part.len()], part);
                    (filled, *lane) = (filled + part.len(), after);
                }
                &run[..count]
            }
        }
    }
}

/// Copies a part of a lane to where its elements lie side by side.
fn copy<B: Element>(to: &mut [B], from: ArrayView1<'_, B>) {
    match from.as_slice() {
        Some(from) => to.copy_from_slice(from),
        None if from.strides() == [0] => to.fill(from[0]),
        None => to.iter_mut().zip(from).for_each(|(y, &x)| *y = x),
    }
}

/// Copies a run back to the part of a lane that it came from.
fn store<A: Element>(to: &mut ArrayViewMut1<'_, A>, from: &[A]) {
    to.iter_mut().zip(from).for_each(|(y, &x)| *y = x);
}

#[cfg(test)]
mod tests {
    use ndarray::{ArrayD, IxDyn, Slice};

    use super::*;

    fn numbered(shape: &[usize]) -> ArrayD<i64> {
        let size: i64 = shape.iter().map(|&extent| extent as i64).product();
        ArrayD::from_shape_vec(shape, (1..=size).collect()).unwrap()
    }

    /// Every `step`-th element along the last axis.
    fn every(view: &mut ArrayD<i64>, step: usize) -> ArrayViewMutD<'_, i64> {
        let last = view.ndim().wrapping_sub(1);
        view.slice_each_axis_mut(|axis| {
            Slice::new(0, None, if axis.axis.index() == last { step as isize } else { 1 })
        })
    }

    #[test]
    fn every_element_meets_what_stands_beside_it() {
        for shape in [&[][..], &[0], &[700], &[300, 3], &[3, 300], &[5, 1, 70], &[2, 3, 5, 40]] {
            let backward: Vec<usize> = shape.iter().rev().copied().collect();
            let turned = numbered(&backward).reversed_axes();
            let row = numbered(&shape[shape.len().saturating_sub(1)..]);
            let mut extents = shape.to_vec();
            extents.iter_mut().rev().take(1).for_each(|extent| *extent = (*extent).min(1));
            let column = numbered(&extents);
            let operands = [numbered(shape), turned, row, column, numbered(&[])];
            for (a, b) in operands.iter().flat_map(|a| operands.iter().map(move |b| (a, b))) {
                for apart in [1, 2] {
                    let mut wide = shape.to_vec();
                    wide.iter_mut().rev().take(1).for_each(|extent| *extent *= apart);
                    let mut room = numbered(&wide);
                    let mut out = every(&mut room, apart);
                    let expected = &out + &(a * b);
                    each_of_two(&mut out, &a.view(), &b.view(), &|ys, a, b| {
                        ys.iter_mut().zip(a).zip(b).for_each(|((y, a), b)| *y += a * b);
                    });
                    assert_eq!(out, expected);
                    each(&mut out, &a.view(), &|ys, a| ys.copy_from_slice(a));
                    assert_eq!(out, a.broadcast(IxDyn(shape)).unwrap());
                    out.assign(&every(&mut numbered(&wide), apart));
                    assert_eq!(room, numbered(&wide), "what lies between is not written");
                }
            }
        }
    }
}
