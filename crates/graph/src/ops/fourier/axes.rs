//! Fourier transforms along several axes, one after the other.

use super::super::registry::{Example, Sample, shaped};
use super::Fft;
use crate::shape::resolve_axis;
use crate::{Axes, Shape, Var, misfit};

impl<'g> Var<'g> {
    /// The [`fft`](Var::fft) along each of these axes, of complex numbers of which this holds the real parts (PyTorch's
    /// `fft.fftn`; of the axes `[-2, -1]`, its `fft.fft2`).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 2.0], [3.0, 5.0]]);
    /// let (re, im) = x.fftn(g.full([2, 2], 0.0), [-2, -1]);
    /// assert_eq!(re.eval()?, array![[11.0, -3.0], [-5.0, 1.0]].into_dyn());
    /// assert_eq!(im.eval()?, array![[0.0, 0.0], [0.0, 0.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If they are not real or not of one shape, there are no such axes, or one is listed twice or has no numbers.
    #[track_caller]
    pub fn fftn(self, imaginary: Var<'g>, axes: impl AsRef<[isize]>) -> (Var<'g>, Var<'g>) {
        let axes = resolved("fftn", &[self, imaginary], axes.as_ref());
        transformed([self, imaginary], &axes, Fft::new).into()
    }

    /// The inverse of [`fftn`](Var::fftn), along each of these axes by the factor 1/n of its numbers (PyTorch's `fft.ifftn`).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let re = g.constant(array![[11.0, -3.0], [-5.0, 1.0]]);
    /// let (re, im) = re.ifftn(g.full([2, 2], 0.0), [-2, -1]);
    /// assert_eq!(re.eval()?, array![[1.0, 2.0], [3.0, 5.0]].into_dyn());
    /// assert_eq!(im.eval()?, array![[0.0, 0.0], [0.0, 0.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If they are not real or not of one shape, there are no such axes, or one is listed twice or has no numbers.
    #[track_caller]
    pub fn ifftn(self, imaginary: Var<'g>, axes: impl AsRef<[isize]>) -> (Var<'g>, Var<'g>) {
        let axes = resolved("ifftn", &[self, imaginary], axes.as_ref());
        inverse([self, imaginary], &axes).into()
    }

    /// The Fourier transform of real numbers along each of these axes: [`rfft`](Var::rfft) along the last that is listed,
    /// whose extent becomes ⌊n/2⌋ + 1, and [`fft`](Var::fft) along the others (PyTorch's `fft.rfftn`; of the axes `[-2, -1]`,
    /// its `fft.rfft2`).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]]);
    /// let (re, im) = x.rfftn([-2, -1]);
    /// assert_eq!(re.eval()?, array![[20.0, -4.0, -4.0], [0.0, 0.0, 0.0]].into_dyn());
    /// assert_eq!(im.eval()?, array![[0.0, 4.0, 0.0], [0.0, 0.0, 0.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If this is not real, no axes are listed, there are no such axes, or one is listed twice or has no numbers.
    #[track_caller]
    pub fn rfftn(self, axes: impl AsRef<[isize]>) -> (Var<'g>, Var<'g>) {
        let axes = resolved("rfftn", &[self], axes.as_ref());
        let Some((&halved, others)) = axes.split_last() else {
            misfit("rfftn", "takes an axis to transform along", &[self]);
        };
        let (re, im) = last(self, halved).rfft();
        transformed([last(re, halved), last(im, halved)], others, Fft::new).into()
    }

    /// The real numbers whose transform along each of these axes has these real parts, and those imaginary parts: the inverse of
    /// [`rfftn`](Var::rfftn), which answers n numbers along the last axis that is listed, like [`irfft`](Var::irfft) (PyTorch's
    /// `fft.irfftn`).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 2.0, 4.0, 0.0], [0.0, 2.0, 3.0, 1.0]]);
    /// let (re, im) = x.rfftn([-2, -1]);
    /// assert_eq!(re.irfftn(im, 4, [-2, -1]).eval()?, x.eval()?);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If they are not real or not of one shape, no axes are listed, there are no such axes, one is listed twice or has no
    /// numbers, or n is 0.
    #[track_caller]
    pub fn irfftn(self, imaginary: Var<'g>, n: usize, axes: impl AsRef<[isize]>) -> Var<'g> {
        let axes = resolved("irfftn", &[self, imaginary], axes.as_ref());
        let Some((&halved, others)) = axes.split_last() else {
            misfit("irfftn", "takes an axis to transform along", &[self, imaginary]);
        };
        let [re, im] = inverse([self, imaginary], others).map(|part| last(part, halved));
        last(re.irfft(im, n), halved)
    }
}

/// The axes, counted from the first and in the order of the list.
#[track_caller]
fn resolved(name: &str, parts: &[Var<'_>], axes: &[isize]) -> Vec<usize> {
    let shape = parts[0].shape();
    let checked = || {
        if parts.iter().any(|part| part.ty() != parts[0].ty()) {
            return Err("takes two arrays of one shape, real and imaginary parts".to_owned());
        }
        Axes::from(axes).resolve(shape.rank())?;
        let each = axes.iter().map(|&axis| resolve_axis(axis, shape.rank()));
        let listed: Vec<usize> = each.collect::<Result<_, _>>()?;
        match listed.iter().find(|&&axis| shape[axis] == 0) {
            Some(axis) => Err(format!("there is nothing to transform along axis {axis}")),
            None => Ok(listed),
        }
    };
    match checked() {
        Ok(axes) => axes,
        Err(rule) => misfit(name, rule, parts),
    }
}

/// The array with this axis exchanged with the last, where it goes and whence it comes back.
#[track_caller]
fn last(x: Var<'_>, axis: usize) -> Var<'_> {
    if axis + 1 == x.rank() { x } else { x.swap_axes(axis as isize, -1) }
}

/// Real and imaginary parts, transformed along each of the axes.
#[track_caller]
fn transformed<'g>(
    parts: [Var<'g>; 2],
    axes: &[usize],
    transform: fn(usize) -> Fft,
) -> [Var<'g>; 2] {
    let graph = parts[0].graph();
    let along = |[re, im]: [Var<'g>; 2], &axis: &usize| {
        let pair = graph.stack(&[last(re, axis), last(im, axis)], -2);
        let pair = graph.apply(transform(parts[0].shape()[axis]), &[pair]);
        [0, 1].map(|row| last(pair.index_axis(-2, row), axis))
    };
    axes.iter().fold(parts, along)
}

/// The inverse along each of the axes, with its factors 1/n.
#[track_caller]
fn inverse<'g>(parts: [Var<'g>; 2], axes: &[usize]) -> [Var<'g>; 2] {
    let shape = parts[0].shape();
    let numbers: Shape = axes.iter().map(|&axis| shape[axis]).collect();
    transformed(parts, axes, Fft::backward).map(|part| part / numbers.size() as f64)
}

pub(super) fn examples() -> Vec<Example> {
    fn mixed<'g>((re, im): (Var<'g>, Var<'g>)) -> Var<'g> {
        re.square() + re * im + im.sin()
    }
    let pair = |shape: [usize; 3]| [Sample::real(shape, -2.0..2.0), Sample::real(shape, -2.0..2.0)];
    vec![
        Example::new("fft", pair([2, 3, 2]), |_, x| mixed(x[0].fftn(x[1], [-1, 0]))),
        Example::new("ifft", pair([2, 1, 3]), |_, x| mixed(x[0].ifftn(x[1], [1, 0]))),
        shaped("rfft", [3, 2, 2], |x| mixed(x.rfftn([-1, 0]))),
        Example::new("irfft", pair([3, 2, 2]), |_, x| x[0].irfftn(x[1], 4, [2, 0]).square()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::{Graph, Var};
    use ndarray::Array3;

    fn close(a: Var<'_>, b: Var<'_>) {
        approx::assert_abs_diff_eq!(a.eval().unwrap(), b.eval().unwrap(), epsilon = 1e-13);
    }

    fn signal(g: &Graph, shift: f64) -> Var<'_> {
        g.constant(Array3::from_shape_fn((3, 4, 5), |(i, j, k)| {
            (1.3 * i as f64 + 2.1 * j as f64 - 0.7 * k as f64 + shift).sin()
        }))
    }

    #[test]
    fn several_axes_are_one_after_the_other_in_any_order() {
        let g = Graph::new();
        let (x, y) = (signal(&g, 0.0), signal(&g, 1.0));
        let (re, im) = x.fftn(y, [0, -1]);
        let (once, turned) = x.fftn(y, [-1]);
        let (twice, also) = once.fftn(turned, [0]);
        close(re, twice);
        close(im, also);
        let (back, imaginary) = re.ifftn(im, [-1, 0]);
        close(back, x);
        close(imaginary, y);
    }

    #[test]
    fn that_of_real_numbers_is_half_of_the_whole_along_the_last_axis_listed() {
        let g = Graph::new();
        let x = signal(&g, 0.0);
        let (re, im) = x.rfftn([2, 0, 1]);
        let (whole, imaginary) = x.fftn(x * 0.0, [0, 1, 2]);
        close(re, whole.slice_axis(1, ..3));
        close(im, imaginary.slice_axis(1, ..3));
        close(re.irfftn(im, 4, [2, 0, 1]), x);
    }

    #[test]
    #[should_panic(expected = "axis 1 is listed twice")]
    fn no_axis_is_listed_twice() {
        let g = Graph::new();
        g.full([2, 3], 1.0).rfftn([1, -1]);
    }

    #[test]
    #[should_panic(expected = "there is nothing to transform along axis 0")]
    fn no_axis_is_empty() {
        let g = Graph::new();
        g.full([0, 3], 1.0).fftn(g.full([0, 3], 1.0), [0]);
    }
}
