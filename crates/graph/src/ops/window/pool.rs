//! Pooling: one number for each window.

use super::super::registry::{Example, shaped};
use super::Window;
use crate::error::exactly;
use crate::{Args, Cotangents, Operation, Out, RunResult, Scalar, Shape, Type, Value, Var};

/// Where the largest element of each window over the last two axes lies: its position in the plane of
/// H·W elements in row-major order, [.., H, W] → [.., windows]. The first of equal ones (PyTorch);
/// NaN counts as the largest; the padding does not count. No derivative.
#[derive(Clone, Debug, PartialEq)]
pub struct ArgMaxPool2d {
    /// How the window moves.
    pub window: Window,
}

/// What the sum over a window is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divisor {
    /// The size of the window, the padding counting as zeros (PyTorch's default).
    Window,
    /// The number of elements that are not padding (PyTorch's `count_include_pad=False`).
    Inside,
}

impl Window {
    /// Calls `each` for all positions that a window looks at, in row-major order.
    fn for_each_inside(
        &self,
        extents: [usize; 2],
        [i, j]: [usize; 2],
        mut each: impl FnMut(usize),
    ) {
        for row in (0..self.kernel[0]).filter_map(|k| self.source(0, extents[0], i, k)) {
            for column in (0..self.kernel[1]).filter_map(|k| self.source(1, extents[1], j, k)) {
                each(row * extents[1] + column);
            }
        }
    }

    /// How many elements of the array each window has.
    fn inside(&self, extents: [usize; 2]) -> Result<ndarray::Array2<f64>, String> {
        Ok(ndarray::Array2::from_shape_fn(self.counts(extents)?, |(i, j)| {
            let mut count = 0.0;
            self.for_each_inside(extents, [i, j], |_| count += 1.0);
            count
        }))
    }
}

impl Operation for ArgMaxPool2d {
    fn name(&self) -> &'static str {
        "argmax_pool2d"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        let (batch, extents) = super::plane(x)?;
        let inside = self.window.inside(extents)?;
        if inside.iter().any(|&count| count == 0.0) {
            Err("a window holds padding alone, which has no largest element".to_owned())
        } else {
            Ok(Type::index(batch.inserted(batch.rank(), inside.len())))
        }
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, _: Var<'g>) -> Cotangents<'g> {
        crate::no_derivative()
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let x = args.real(0);
        let (_, extents) = super::plane(&Type::real(x.shape())).expect("the shape rule checked it");
        let [_, columns] = self.window.counts(extents).expect("the shape rule checked it");
        let x = x.as_standard_layout();
        let x = x.as_slice().expect("standard layout");
        let planes = x.chunks_exact(extents.iter().product());
        for (mut windows, plane) in out.index().rows_mut().into_iter().zip(planes) {
            for (window, slot) in windows.iter_mut().enumerate() {
                let mut best: Option<usize> = None;
                self.window.for_each_inside(extents, [window / columns, window % columns], |at| {
                    match best {
                        Some(known) if !exceeds(plane[at], plane[known]) => {}
                        _ => best = Some(at),
                    }
                });
                *slot = best.expect("the shape rule refuses windows of padding") as i64;
            }
        }
        Ok(())
    }
}

/// Whether a number is larger than the largest so far, where NaN is the largest of all.
fn exceeds<T: Scalar>(x: T, largest: T) -> bool {
    x > largest || (x.is_nan() && !largest.is_nan())
}

impl<'g> Var<'g> {
    /// The largest element of each window over the last two axes; the padding does not count. The
    /// cotangent goes to the first of equal elements, as in PyTorch.
    ///
    /// # Panics
    /// If there are fewer than two axes, or the window is larger than the padded array, or holds
    /// padding alone somewhere.
    #[track_caller]
    pub fn max_pool2d(self, window: Window) -> Var<'g> {
        let at = self.graph().apply(ArgMaxPool2d { window: window.clone() }, &[self]);
        let (batch, extents) = super::plane(&self.ty()).expect("the shape rule checked it");
        let counts = window.counts(extents).expect("the shape rule checked it");
        let planes: Shape = batch.inserted(batch.rank(), extents.iter().product());
        self.reshape_to(planes).gather(-1, at).reshape_to([&batch[..], &counts].concat())
    }

    /// The mean of each window over the last two axes.
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
        shaped("argmax_pool2d", [2, 4, 4], |x| x.max_pool2d(Window::new(2)).square()),
        shaped("argmax_pool2d", [1, 2, 3, 5], move |x| x.max_pool2d(padded()).square()),
        shaped("argmax_pool2d", [4, 5], |x| {
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
