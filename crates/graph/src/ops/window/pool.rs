//! Pooling: one number for each window.

use ndarray::ArrayD;
use smallvec::smallvec;

use super::super::registry::{Example, shaped};
use super::{Move, Moves, Window};
use crate::error::exactly;
use crate::ops::Embed;
use crate::reading::operation;
use crate::short::Short;
use crate::{
    Args, Axes, Batch, Cotangents, Operation, Out, Place, RunResult, Scalar, Type, Var, keep,
    misfit, ops::View,
};

/// The largest element of each window over the last axes, for two [.., H, W] → [.., rows, columns]; the
/// padding does not count. NaN where a window has one. Cotangent: v at the first, in row-major order
/// of the window, of the elements that are as large (PyTorch).
///
/// Recorded by [`Var::max_pool1d`](crate::Var::max_pool1d), [`max_pool2d`](crate::Var::max_pool2d) and
/// [`max_pool3d`](crate::Var::max_pool3d), and made of a [`Window`].
#[derive(Clone, Debug, PartialEq)]
pub struct MaxPool {
    moves: Moves,
}

impl<const N: usize> From<Window<N>> for MaxPool {
    fn from(window: Window<N>) -> Self {
        Self { moves: window.moves() }
    }
}

/// What the sum over a window is divided by.
///
/// An argument of [`Var::avg_pool2d`](crate::Var::avg_pool2d), whose example shows both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divisor {
    /// The size of the window, the padding counting as zeros (PyTorch's default); what reaches beyond the padding, under
    /// [`Window::ceil_mode`], does not count.
    Window,
    /// The number of elements that are not padding (PyTorch's `count_include_pad=False`).
    Inside,
}

impl Operation for MaxPool {
    fn name(&self) -> &'static str {
        let names = ["max_pool1d", "max_pool2d", "max_pool3d"];
        names.get(self.moves.axes().wrapping_sub(1)).copied().unwrap_or("max_pool")
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x] = exactly(inputs)?;
        let (batch, extents) = super::split(x, self.moves.axes())?;
        let counts = self.moves.pooled(&extents)?;
        Ok(Type::real([&batch[..], &counts].concat()))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], output: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let windows = inputs[0].windows("unfold", &self.moves, f64::NEG_INFINITY);
        // Each element of the window for all windows at a time, as a look at what the windows look at.
        let op = operation(windows);
        let place = &op.downcast::<View>().expect("windows are a look").place;
        let padded = crate::reading::inputs(windows)[0];
        let (mut parts, mut places): (Vec<Var<'g>>, Vec<Place>) = (Vec::new(), Vec::new());
        let mut taken: Option<Var<'g>> = None;
        for place in self.elements(place) {
            let largest = padded.looked_at("slice", place.clone()).eq(output);
            let first = taken.map_or(largest, |taken| largest.gt(taken));
            taken = Some(taken.map_or(largest, |taken| taken.or(largest)));
            parts.push(first.select(v, 0.0));
            places.push(place);
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
        let axes = self.moves.axes();
        let (_, extents) =
            super::split(&Type::real(x.shape()), axes).expect("the shape rule checked it");
        let counts = self.moves.counts(&extents).expect("the shape rule checked it");
        let seen = self.moves.seen(&extents, &counts);
        let x = x.as_standard_layout();
        let x = x.as_slice().expect("standard layout");
        let out = out.real().as_slice_mut().expect("an output is in row-major order");
        let planes = x.chunks_exact(extents.size().max(1));
        for (plane, out) in planes.zip(out.chunks_exact_mut(counts.size().max(1))) {
            for (slot, seen) in out.iter_mut().zip(seen.chunks_exact(self.moves.kernel().size())) {
                let larger = |best: T, x: T| if x > best || x.is_nan() { x } else { best };
                let seen = seen.iter().flatten().map(|&number| plane[number]);
                *slot = seen.fold(T::neg_infinity(), larger);
            }
        }
        Ok(())
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        let windows = inputs[0].windows("unfold", &self.moves, f64::NEG_INFINITY);
        let (axes, shape) = (self.moves.axes(), windows.shape());
        let (rank, kept) = (shape.rank(), windows.max_over(keep(elements(axes))));
        Some(kept.reshape_to([&shape[..rank - 2 * axes], &shape[rank - axes..]].concat()))
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        Some(batch.apply(self.clone()))
    }
}

impl MaxPool {
    /// The places of the windows' elements: the first of all windows, then the second, and so on.
    fn elements(&self, windows: &Place) -> Vec<Place> {
        let first = windows.shape.rank() - 2 * self.moves.axes();
        let mut places = vec![windows.clone()];
        for along in &self.moves.0 {
            let each = |place: Place| {
                (0..along.kernel).map(move |k| place.clone().without(first, k)).collect::<Vec<_>>()
            };
            places = places.into_iter().flat_map(each).collect();
        }
        places
    }
}

/// The axes of the elements of windows over so many axes.
fn elements(axes: usize) -> Axes {
    let axes = axes as isize;
    Axes::from(&(-2 * axes..-axes).collect::<Vec<_>>()[..])
}

/// The methods of [`Var`] for windows over so many axes.
macro_rules! pools {
    ($($axes:literal: $max_pool:ident, $avg_pool:ident, $lp_pool:ident;)*) => {
        impl<'g> Var<'g> {$(
            #[doc = concat!(
                "The largest element of each window over the last axes, as many as the window has: ",
                stringify!($axes), ". The padding does not count. The cotangent goes to the first of ",
                "equal elements, as in PyTorch: see [`MaxPool`]."
            )]
            ///
            /// ```
            /// use cotangent::{Graph, ops::Window};
            /// let g = Graph::new();
            #[doc = concat!("let x = g.full([6; ", stringify!($axes), "], 1.0);")]
            #[doc = concat!("assert_eq!(x.", stringify!($max_pool), "(Window::new(2)).shape(), [3; ", stringify!($axes), "].into());")]
            /// ```
            ///
            /// # Panics
            /// If there are fewer axes, the padding is more than half of the window, or the window is larger than the
            /// padded array, or holds padding alone somewhere.
            #[track_caller]
            pub fn $max_pool(self, window: Window<$axes>) -> Var<'g> {
                self.largest_of_windows(window.into())
            }

            #[doc = concat!(
                "The mean of each window over the last axes, as many as the window has: ",
                stringify!($axes), "."
            )]
            ///
            /// ```
            /// use cotangent::Graph;
            /// use cotangent::ops::{Divisor, Window};
            /// let g = Graph::new();
            #[doc = concat!("let x = g.full([2; ", stringify!($axes), "], 8.0);")]
            /// let corners = Window::new(2).padding(1);
            #[doc = concat!("let inside = x.", stringify!($avg_pool), "(corners, Divisor::Inside);")]
            /// assert_eq!(inside.eval()?, x.eval()?);
            /// # Ok::<(), cotangent::RunError>(())
            /// ```
            ///
            /// # Panics
            /// If there are fewer axes, the padding is more than half of the window, or the window is larger than the
            /// padded array, or holds padding alone somewhere that does not count.
            #[track_caller]
            pub fn $avg_pool(self, window: Window<$axes>, divisor: Divisor) -> Var<'g> {
                self.mean_of_windows(stringify!($avg_pool), &window.moves(), divisor)
            }

            #[doc = concat!(
                "(Σ |x|ᵖ)^(1/p) over each window over the last axes, as many as the window has: ",
                stringify!($axes), "."
            )]
            /// With p = 1 it is the sum of |x|. (PyTorch leaves the bars out, so that it answers the same
            /// for even p, and for any p where nothing is negative.)
            ///
            /// # Panics
            /// If there are fewer axes, the padding is more than half of the window, or the window is larger than the
            /// padded array.
            #[track_caller]
            pub fn $lp_pool(self, p: f64, window: Window<$axes>) -> Var<'g> {
                let moves = window.moves();
                self.expect_pooled(stringify!($lp_pool), &moves, Divisor::Window);
                let windows = self.abs().powf(p).windows(stringify!($lp_pool), &moves, 0.0);
                windows.sum_over(elements($axes)).powf(p.recip())
            }
        )*}
    };
}

pools! {
    1: max_pool1d, avg_pool1d, lp_pool1d;
    2: max_pool2d, avg_pool2d, lp_pool2d;
    3: max_pool3d, avg_pool3d, lp_pool3d;
}

impl<'g> Var<'g> {
    /// The largest element of each window over as many of the last axes as the window has; see
    /// [`max_pool2d`](Self::max_pool2d).
    ///
    /// # Panics
    /// If there are fewer axes, the padding is more than half of the window, or the window is larger than the padded array,
    /// or holds padding alone somewhere.
    #[track_caller]
    pub fn max_pool<const N: usize>(self, window: Window<N>) -> Var<'g> {
        self.largest_of_windows(window.into())
    }

    /// The mean of each window over as many of the last axes as the window has; see
    /// [`avg_pool2d`](Self::avg_pool2d).
    ///
    /// # Panics
    /// If there are fewer axes, the padding is more than half of the window, or the window is larger than the padded array,
    /// or holds padding alone somewhere that does not count.
    #[track_caller]
    pub fn avg_pool<const N: usize>(self, window: Window<N>, divisor: Divisor) -> Var<'g> {
        self.mean_of_windows("avg_pool", &window.moves(), divisor)
    }

    #[track_caller]
    fn largest_of_windows(self, pool: MaxPool) -> Var<'g> {
        self.graph().apply(pool, &[self])
    }

    /// The largest elements of windows that lie side by side.
    #[track_caller]
    pub(super) fn largest_of_runs(self, kernel: &[usize]) -> Var<'g> {
        let along = |&kernel| Move { kernel, stride: kernel, padding: 0, dilation: 1, ceil: false };
        self.largest_of_windows(MaxPool { moves: Moves(kernel.iter().map(along).short()) })
    }

    /// Refuses windows with too much padding; and those of padding alone, where it does not count.
    #[track_caller]
    fn expect_pooled(self, name: &str, moves: &Moves, divisor: Divisor) {
        let pooled = match divisor {
            Divisor::Window => moves.check_padding(),
            Divisor::Inside => super::split(&self.ty(), moves.axes())
                .and_then(|(_, extents)| moves.pooled(&extents).map(drop)),
        };
        if let Err(rule) = pooled {
            misfit(name, rule, &[self]);
        }
    }

    #[track_caller]
    fn mean_of_windows(self, name: &'static str, moves: &Moves, divisor: Divisor) -> Var<'g> {
        self.expect_pooled(name, moves, divisor);
        let axes = moves.axes();
        let sums = self.windows(name, moves, 0.0).sum_over(elements(axes));
        let first = self.rank() - axes;
        let (extents, counts) = (&self.shape()[first..], &sums.shape()[first..]);
        let sizes = match divisor {
            Divisor::Window if !moves.reach_beyond(extents, counts) => {
                return sums / moves.kernel().size() as f64;
            }
            Divisor::Window => moves.inside().sizes(&moves.padded(extents), counts),
            Divisor::Inside => moves.sizes(extents, counts),
        };
        let sizes = ArrayD::from_shape_vec(counts, sizes).expect("a number for each window");
        sums / self.graph().constant(sizes)
    }
}

pub(super) fn examples() -> Vec<Example> {
    let padded = || Window::new([2, 3]).stride([1, 2]).padding(1);
    vec![
        shaped("max_pool1d", [2, 6], |x| {
            x.max_pool1d(Window::new(3).stride(2).padding(1)).square()
        }),
        shaped("max_pool2d", [2, 4, 4], |x| x.max_pool2d(Window::new(2)).square()),
        shaped("max_pool2d", [1, 2, 3, 5], move |x| x.max_pool2d(padded()).square()),
        shaped("max_pool2d", [4, 5], |x| {
            x.max_pool2d(Window::new(2).stride(1).dilation([3, 2])).square()
        }),
        shaped("max_pool3d", [2, 3, 4], |x| x.max_pool3d(Window::new([2, 1, 2])).square()),
        shaped("avg_pool2d", [2, 4, 5], |x| x.square().avg_pool2d(Window::new(2), Divisor::Window)),
        shaped("avg_pool2d", [1, 1, 3, 5], move |x| {
            x.square().avg_pool2d(padded(), Divisor::Inside)
        }),
        shaped("max_pool2d", [2, 4, 5], |x| x.max_pool2d(Window::new(2).ceil_mode(true)).square()),
        shaped("avg_pool1d", [2, 6], |x| {
            let window = Window::new(3).stride(2).padding(1).ceil_mode(true);
            x.square().avg_pool1d(window, Divisor::Window)
        }),
        shaped("avg_pool3d", [2, 2, 3], |x| {
            x.square().avg_pool3d(Window::new(2).padding(1), Divisor::Inside)
        }),
        shaped("lp_pool1d", [2, 4], |x| x.lp_pool1d(2.0, Window::new(2))),
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
    fn a_last_window_reaches_beyond_if_it_begins_before_the_array_ends() {
        let g = Graph::new();
        let counted = |extent, window: Window<1>| {
            let x = g.full([extent], 1.0).avg_pool1d(window.ceil_mode(true), Divisor::Window);
            x.eval().unwrap().into_raw_vec_and_offset().0
        };
        assert_eq!(counted(5, Window::new(2)), [1.0, 1.0, 1.0]);
        assert_eq!(counted(6, Window::new(3).stride(2).padding(1))[3], 0.5);
        // One that would begin in the padding behind is none.
        assert_eq!(counted(2, Window::new(2).stride(3).padding(1)), [0.5]);
        // One alone may be larger than the array.
        assert_eq!(counted(2, Window::new(4)), [1.0]);
    }

    #[test]
    #[should_panic(expected = "the window spans 4 positions of the length, and there are 2")]
    fn a_window_from_which_more_than_a_stride_is_missing_does_not_fit() {
        Graph::new().full([2], 0.0).max_pool1d(Window::new(4).stride(1).ceil_mode(true));
    }

    /// The message of the panic that must come.
    fn refused(record: impl Fn(Var<'_>) -> Var<'_> + std::panic::UnwindSafe) -> String {
        let panic = std::panic::catch_unwind(move || {
            record(Graph::new().full([2, 2], 0.0));
        });
        panic.unwrap_err().downcast_ref::<String>().expect("a message").clone()
    }

    #[test]
    fn the_padding_is_at_most_half_of_the_window() {
        let window = || Window::new([2, 3]).stride(1).padding([1, 2]);
        for (name, told) in [
            ("max_pool2d", refused(|x| x.max_pool2d(window()))),
            ("avg_pool2d", refused(|x| x.avg_pool2d(window(), Divisor::Inside))),
            ("lp_pool2d", refused(|x| x.lp_pool2d(2.0, window()))),
        ] {
            let rule = "the padding must be at most half of the window, and along the width they are 2 and 3: pad less";
            assert!(told.starts_with(&format!("{name}: {rule}")), "{told}");
            assert!(told.contains(&format!("at {}:", file!())), "{told}");
        }
    }

    #[test]
    fn a_window_whose_dilation_leaves_it_padding_alone_has_no_largest_element_and_no_mean() {
        let window = || Window::new([1, 2]).stride(1).padding([0, 1]).dilation([1, 3]);
        let told = refused(|x| x.max_pool2d(window()));
        assert!(told.contains("a window holds padding alone"), "{told}");
        let told = refused(|x| x.avg_pool2d(window(), Divisor::Inside));
        assert!(told.contains("a window holds padding alone"), "{told}");
    }

    #[test]
    fn means_of_what_is_inside_are_numbers_for_all_windows_that_are_accepted() {
        let g = Graph::new();
        for (extent, kernel, stride, padding, dilation, ceil) in windows() {
            let window = Window::new(kernel).stride(stride).padding(padding).dilation(dilation);
            let moves = window.clone().ceil_mode(ceil).moves();
            if moves.pooled(&[extent]).is_ok() {
                let x = g.full([extent], 3.0).avg_pool1d(window.ceil_mode(ceil), Divisor::Inside);
                assert!(x.eval().unwrap().iter().all(|&mean| mean == 3.0), "{moves:?} of {extent}");
            } else if padding <= kernel / 2 && dilation == 1 {
                assert!(moves.counts(&[extent]).is_err(), "{moves:?} of {extent}");
            }
        }
    }

    /// Extents and windows over them: size, stride, padding, dilation, and whether the last reaches beyond.
    fn windows() -> impl Iterator<Item = (usize, usize, usize, usize, usize, bool)> {
        let numbers = |most: usize| 1..most;
        numbers(6).flat_map(move |extent| {
            numbers(5).flat_map(move |kernel| {
                numbers(6).flat_map(move |stride| {
                    (0..3).flat_map(move |padding| {
                        numbers(4).flat_map(move |dilation| {
                            [false, true]
                                .map(|ceil| (extent, kernel, stride, padding, dilation, ceil))
                        })
                    })
                })
            })
        })
    }
}
