//! Pooling: one number for each window.

use smallvec::smallvec;

use super::super::registry::{Example, shaped};
use super::Window;
use crate::error::exactly;
use crate::ops::Embed;
use crate::reading::operation;
use crate::{
    Args, Batch, Cotangents, Operation, Out, Place, RunResult, Scalar, Type, Value, Var, keep,
    ops::View,
};

/// The largest element of each window over the last two axes, [.., H, W] → [.., rows, columns]; the
/// padding does not count. NaN where a window has one. Cotangent: v at the first, in row-major order
/// of the window, of the elements that are as large (PyTorch).
///
/// Recorded by [`Var::max_pool2d`](crate::Var::max_pool2d).
#[derive(Clone, Debug, PartialEq)]
pub struct MaxPool2d {
    /// How the window moves.
    pub window: Window,
}

/// What the sum over a window is divided by.
///
/// An argument of [`Var::avg_pool2d`](crate::Var::avg_pool2d), whose example shows both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divisor {
    /// The size of the window, the padding counting as zeros (PyTorch's default).
    Window,
    /// The number of elements that are not padding (PyTorch's `count_include_pad=False`).
    Inside,
}

impl Window {
    /// How many elements of the array each window has.
    fn inside(&self, extents: [usize; 2]) -> Result<ndarray::Array2<f64>, String> {
        let [rows, columns] = self.counts(extents)?;
        let along = |axis: usize, i: usize| {
            (0..self.kernel[axis])
                .filter(|&k| self.source(axis, extents[axis], i, k).is_some())
                .count()
        };
        let of_rows: Vec<f64> = (0..rows).map(|i| along(0, i) as f64).collect();
        let of_columns: Vec<f64> = (0..columns).map(|j| along(1, j) as f64).collect();
        Ok(ndarray::Array2::from_shape_fn([rows, columns], |(i, j)| of_rows[i] * of_columns[j]))
    }
}

impl Operation for MaxPool2d {
    fn name(&self) -> &'static str {
        "max_pool2d"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        let (batch, extents) = super::plane(x)?;
        if self.window.inside(extents)?.iter().any(|&count| count == 0.0) {
            return Err("a window holds padding alone, which has no largest element".to_owned());
        }
        Ok(Type::real([&batch[..], &self.window.counts(extents)?].concat()))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], output: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let windows = inputs[0].windows(&self.window, f64::NEG_INFINITY);
        // Each element of the window for all windows at a time, as a look at what the windows look at.
        let op = operation(windows);
        let place = &op.downcast::<View>().expect("windows are a look").place;
        let axis = place.shape.rank() - 4;
        let padded = crate::reading::inputs(windows)[0];
        let (mut parts, mut places): (Vec<Var<'g>>, Vec<Place>) = (Vec::new(), Vec::new());
        let mut taken: Option<Var<'g>> = None;
        for k in 0..self.window.kernel[0] {
            for l in 0..self.window.kernel[1] {
                let place = place.clone().without(axis, k).without(axis, l);
                let largest = padded.looked_at("slice", place.clone()).eq(output);
                let first = taken.map_or(largest, |taken| largest.gt(taken));
                taken = Some(taken.map_or(largest, |taken| taken.or(largest)));
                parts.push(first.select(v, 0.0));
                places.push(place);
            }
        }
        let embed = Embed { name: "embed", shape: padded.shape(), places };
        let whole = v.graph().apply(embed, &parts);
        let cotangent = if padded.id() == inputs[0].id() {
            whole
        } else {
            let op = operation(padded);
            let inside = &op.downcast::<Embed>().expect("padding puts it there").places[0];
            whole.looked_at("slice", inside.clone())
        };
        smallvec![Some(cotangent)]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let x = args.real(0);
        let (_, extents) = super::plane(&Type::real(x.shape())).expect("the shape rule checked it");
        let [rows, columns] = self.window.counts(extents).expect("the shape rule checked it");
        let x = x.as_standard_layout();
        let x = x.as_slice().expect("standard layout");
        let out = out.real().as_slice_mut().expect("an output is in row-major order");
        let planes = x.chunks_exact(extents.iter().product::<usize>().max(1));
        for (plane, out) in planes.zip(out.chunks_exact_mut((rows * columns).max(1))) {
            for (window, slot) in out.iter_mut().enumerate() {
                *slot = self.largest(plane, extents, [window / columns, window % columns]);
            }
        }
        Ok(())
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        let windows = inputs[0].windows(&self.window, f64::NEG_INFINITY);
        let shape = windows.shape();
        let (rank, kept) = (shape.rank(), windows.max_over(keep([-4, -3])));
        Some(kept.reshape_to([&shape[..rank - 4], &shape[rank - 2..]].concat()))
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

impl MaxPool2d {
    /// The largest number that a window of a plane looks at, where NaN is the largest of all.
    fn largest<T: Scalar>(&self, plane: &[T], extents: [usize; 2], [i, j]: [usize; 2]) -> T {
        let mut best = T::neg_infinity();
        for row in
            (0..self.window.kernel[0]).filter_map(|k| self.window.source(0, extents[0], i, k))
        {
            for column in
                (0..self.window.kernel[1]).filter_map(|l| self.window.source(1, extents[1], j, l))
            {
                let x = plane[row * extents[1] + column];
                best = if x > best || x.is_nan() { x } else { best };
            }
        }
        best
    }
}

impl<'g> Var<'g> {
    /// The largest element of each window over the last two axes; the padding does not count. The
    /// cotangent goes to the first of equal elements, as in PyTorch: see [`MaxPool2d`].
    ///
    /// ```
    /// use cotangent::{Graph, ops::Window};
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 4.0], [3.0, 2.0]]);
    /// let y = x.max_pool2d(Window::new(2));
    /// assert_eq!(y.eval()?, array![[4.0]].into_dyn());
    /// assert_eq!(y.sum().grad(x).eval()?, array![[0.0, 1.0], [0.0, 0.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If there are fewer than two axes, or the window is larger than the padded array, or holds
    /// padding alone somewhere.
    #[track_caller]
    pub fn max_pool2d(self, window: Window) -> Var<'g> {
        self.graph().apply(MaxPool2d { window }, &[self])
    }

    /// The mean of each window over the last two axes.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ops::{Divisor, Window};
    /// let g = Graph::new();
    /// let (x, corners) = (g.full([2, 2], 4.0), Window::new(2).padding(1));
    /// let mean = x.avg_pool2d(corners.clone(), Divisor::Window);
    /// assert_eq!(mean.eval()?, g.full([2, 2], 1.0).eval()?);
    /// assert_eq!(x.avg_pool2d(corners, Divisor::Inside).eval()?, x.eval()?);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If there are fewer than two axes, or the window is larger than the padded array.
    #[track_caller]
    pub fn avg_pool2d(self, window: Window, divisor: Divisor) -> Var<'g> {
        let sums = self.unfold2d(window.clone()).sum_over([-4, -3]);
        match divisor {
            Divisor::Window => sums / window.kernel.iter().product::<usize>() as f64,
            Divisor::Inside => {
                let (_, extents) = super::plane(&self.ty()).expect("the shape rule checked it");
                let counts = window.inside(extents).expect("the shape rule checked it");
                sums / self.graph().constant(Value::<f64>::from(counts))
            }
        }
    }
}

pub(super) fn examples() -> Vec<Example> {
    let padded = || Window::new([2, 3]).stride([1, 2]).padding(1);
    vec![
        shaped("max_pool2d", [2, 4, 4], |x| x.max_pool2d(Window::new(2)).square()),
        shaped("max_pool2d", [1, 2, 3, 5], move |x| x.max_pool2d(padded()).square()),
        shaped("max_pool2d", [4, 5], |x| {
            x.max_pool2d(Window::new(2).stride(1).dilation([3, 2])).square()
        }),
        shaped("avg_pool2d", [2, 4, 5], |x| x.square().avg_pool2d(Window::new(2), Divisor::Window)),
        shaped("avg_pool2d", [1, 1, 3, 5], move |x| {
            x.square().avg_pool2d(padded(), Divisor::Inside)
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn the_first_of_equal_elements_takes_the_cotangent() {
        let g = Graph::new();
        let x = g.constant(array![[-1.0, -1.0], [-3.0, -1.0]]);
        let y = x.max_pool2d(Window::new(2).stride(1).padding(1));
        let expected = array![[-1.0, -1.0, -1.0], [-1.0, -1.0, -1.0], [-3.0, -1.0, -1.0]];
        assert_eq!(y.eval().unwrap(), expected.into_dyn());
        let middle = y.slice_axis(0, 1..2).slice_axis(1, 1..2).sum();
        assert_eq!(middle.grad(x).eval().unwrap(), array![[1.0, 0.0], [0.0, 0.0]].into_dyn());
    }

    #[test]
    fn nan_is_not_lost() {
        let g = Graph::new();
        let x = g.constant(array![[1.0, f64::NAN], [3.0, 2.0]]);
        assert!(x.max_pool2d(Window::new(2)).eval().unwrap()[[0, 0]].is_nan());
    }

    #[test]
    fn means_count_the_padding_or_do_not() {
        let g = Graph::new();
        let x = g.full([2, 2], 4.0);
        let window = || Window::new(2).padding(1);
        let of = |divisor| x.avg_pool2d(window(), divisor).eval().unwrap()[[0, 0]];
        assert_eq!((of(Divisor::Window), of(Divisor::Inside)), (1.0, 4.0));
    }

    #[test]
    #[should_panic(expected = "a window holds padding alone")]
    fn the_largest_of_padding_does_not_exist() {
        Graph::new().full([2, 2], 0.0).max_pool2d(Window::new(1).padding(1));
    }
}
