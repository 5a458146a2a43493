//! Windows of a given size.

use graph::Var;
use graph::ops::{Divisor, Sizes, Window};

use super::of_axes;

/// The largest element of each window over the last `N` axes: [`MaxPool1d`], [`MaxPool2d`] and
/// [`MaxPool3d`]. The padding does not count.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::nn::MaxPool2d;
/// let g = Graph::new();
/// let y = MaxPool2d::new(3).stride(2).padding(1).forward(g.input("x", [8, 16, 32, 32]));
/// assert_eq!(y.shape(), [8, 16, 16, 16].into());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaxPoolNd<const N: usize> {
    window: Window<N>,
}

/// The mean of each window over the last `N` axes: [`AvgPool1d`], [`AvgPool2d`] and [`AvgPool3d`]. By
/// default the padding counts as zeros.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::nn::AvgPool2d;
/// let g = Graph::new();
/// let y = AvgPool2d::new([1, 2]).count_include_pad(false).forward(g.input("x", [8, 16, 5, 6]));
/// assert_eq!(y.shape(), [8, 16, 5, 3].into());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvgPoolNd<const N: usize> {
    window: Window<N>,
    divisor: Divisor,
}

/// The options that both have.
macro_rules! options {
    () => {
        /// How far the window moves at a time; by default its size.
        pub fn stride(self, stride: impl Into<Sizes<N>>) -> Self {
            Self { window: self.window.stride(stride), ..self }
        }

        /// How many positions are added at both ends: at most half of the window's size.
        pub fn padding(self, padding: impl Into<Sizes<N>>) -> Self {
            Self { window: self.window.padding(padding), ..self }
        }

        /// Whether positions that are left over get one more window, which reaches beyond the padding; see
        /// [`Window::ceil_mode`].
        pub fn ceil_mode(self, ceil: bool) -> Self {
            Self { window: self.window.ceil_mode(ceil), ..self }
        }
    };
}

#[allow(clippy::needless_update)] // of the one field that the other layer does not have
impl<const N: usize> MaxPoolNd<N> {
    /// Windows of this size, which move by it.
    pub fn new(kernel: impl Into<Sizes<N>>) -> Self {
        Self { window: Window::new(kernel) }
    }

    options!();

    /// How far the elements of a window are apart.
    pub fn dilation(self, dilation: impl Into<Sizes<N>>) -> Self {
        Self { window: self.window.dilation(dilation) }
    }

    /// Of shape `[.., M..]` for x of shape `[.., L..]`: see the [table](crate::pool).
    ///
    /// # Panics
    /// If x has fewer axes, a size is 0, the padding is more than half of the window, or the window is larger
    /// than the padded input, or holds padding alone somewhere.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        x.max_pool(self.window.clone())
    }
}

impl<const N: usize> AvgPoolNd<N> {
    /// Windows of this size, which move by it.
    pub fn new(kernel: impl Into<Sizes<N>>) -> Self {
        Self { window: Window::new(kernel), divisor: Divisor::Window }
    }

    options!();

    /// Whether the padding counts, as zeros.
    pub fn count_include_pad(self, counts: bool) -> Self {
        Self { divisor: if counts { Divisor::Window } else { Divisor::Inside }, ..self }
    }

    /// Of shape `[.., M..]` for x of shape `[.., L..]`: see the [table](crate::pool).
    ///
    /// # Panics
    /// If x has fewer axes, a size is 0, the padding is more than half of the window, or the window is larger
    /// than the padded input.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        x.avg_pool(self.window.clone(), self.divisor)
    }
}

of_axes! {
    MaxPoolNd of window: MaxPool1d, MaxPool2d, MaxPool3d;
    AvgPoolNd of window: AvgPool1d, AvgPool2d, AvgPool3d;
}
