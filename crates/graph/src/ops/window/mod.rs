//! Windows that move over the last axes: convolution and pooling, in any number of axes.

mod adaptive;
mod conv;
mod interpolate;
mod moves;
mod pool;
mod transposed;
mod unfold;

pub use conv::{Conv, Convolution};
pub use interpolate::Interpolation;
pub use moves::Sizes;
pub use pool::{Divisor, MaxPool};

use std::fmt;

use super::registry::Example;
use crate::error::expect_kind;
use crate::short::Short;
use crate::{Kind, Shape, Type};
use moves::{Move, Moves};

/// How a window moves over the last `N` axes of an array: over images, their height and width. Everything
/// is given for all of them at once by a number, or for each by a list.
///
/// ```
/// use cotangent::{Graph, ops::Window};
/// let g = Graph::new();
/// let image = g.full([1, 3, 8, 8], 1.0);
/// assert_eq!(image.max_pool2d(Window::new(2)).shape(), [1, 3, 4, 4].into());
/// let window = Window::new([3, 1]).stride(1).padding([1, 0]);
/// assert_eq!(image.max_pool2d(window).shape(), [1, 3, 8, 8].into());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window<const N: usize> {
    kernel: [usize; N],
    stride: [usize; N],
    padding: [usize; N],
    dilation: [usize; N],
    ceil: bool,
}

impl<const N: usize> Window<N> {
    /// A window of this size, by which it moves, too, over the array itself.
    pub fn new(kernel: impl Into<Sizes<N>>) -> Self {
        let Sizes(kernel) = kernel.into();
        Self { kernel, stride: kernel, padding: [0; N], dilation: [1; N], ceil: false }
    }

    /// How far the window moves at a time.
    pub fn stride(self, stride: impl Into<Sizes<N>>) -> Self {
        Self { stride: stride.into().0, ..self }
    }

    /// How many positions are added before and after the array. Of pools, at most half of the size.
    pub fn padding(self, padding: impl Into<Sizes<N>>) -> Self {
        Self { padding: padding.into().0, ..self }
    }

    /// How far the positions of the window are apart.
    pub fn dilation(self, dilation: impl Into<Sizes<N>>) -> Self {
        Self { dilation: dilation.into().0, ..self }
    }

    /// Whether positions that are left over, fewer than the stride, get one more window, which reaches beyond the padding (but
    /// not if it would begin behind the array: PyTorch's `ceil_mode`). What lies beyond is as the padding, and counts in no mean.
    ///
    /// ```
    /// use cotangent::{Graph, ops::Window};
    /// let x = Graph::new().full([5], 1.0).max_pool1d(Window::new(2).ceil_mode(true)).eval()?;
    /// assert_eq!(x.len(), 3);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    pub fn ceil_mode(self, ceil: bool) -> Self {
        Self { ceil, ..self }
    }

    fn moves(&self) -> Moves {
        let along = |axis: usize| Move {
            kernel: self.kernel[axis],
            stride: self.stride[axis],
            padding: self.padding[axis],
            dilation: self.dilation[axis],
            ceil: self.ceil,
        };
        Moves((0..N).map(along).short())
    }
}

/// Its size, and what differs from [`new`](Window::new), as `3×3, stride 2`.
///
/// ```
/// use cotangent::ops::Window;
/// assert_eq!(Window::<2>::new([3, 2]).stride(2).to_string(), "3×2, stride 2");
/// assert_eq!(Window::<2>::new(2).to_string(), "2×2");
/// ```
impl<const N: usize> fmt::Display for Window<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kernel, stride, padding, dilation, ceil } = self;
        write!(f, "{}", Sizes(*kernel))?;
        let sizes = [("padding", padding, 0), ("dilation", dilation, 1)];
        let own = if stride == kernel { Vec::new() } else { moves::told(&[("stride", stride, 0)]) };
        let ceil = ceil.then(|| "ceil mode".to_owned());
        let told = own.into_iter().chain(moves::told(&sizes)).chain(ceil);
        told.into_iter().try_for_each(|said| write!(f, ", {said}"))
    }
}

/// The rule for what windows move over: the axes in front, and as many as they have.
fn split(x: &Type, axes: usize) -> Result<(Shape, Shape), String> {
    expect_kind("the argument", x.kind, Kind::Real)?;
    match x.shape.rank().checked_sub(axes) {
        Some(first) => Ok((x.shape[..first].into(), x.shape[first..].into())),
        None => Err(format!("the argument must have at least {}", moves::listed(axes))),
    }
}

pub(super) fn examples() -> Vec<Example> {
    [
        conv::examples(),
        transposed::examples(),
        pool::examples(),
        adaptive::examples(),
        unfold::examples(),
        interpolate::examples(),
    ]
    .concat()
}
