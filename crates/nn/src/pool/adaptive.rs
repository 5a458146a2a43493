//! A given number of windows.

use graph::Var;
use graph::ops::Sizes;

use super::of_axes;

/// The means of so many windows along each of the last `N` axes: [`AdaptiveAvgPool1d`],
/// [`AdaptiveAvgPool2d`] and [`AdaptiveAvgPool3d`]. Window i of n along an axis of extent L has the
/// positions from ⌊i·L/n⌋ to before ⌈(i + 1)·L/n⌉.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::nn::AdaptiveAvgPool2d;
/// let g = Graph::new();
/// let global = AdaptiveAvgPool2d::new(1).forward(g.input("x", [8, 64, 7, 9]));
/// assert_eq!(global.shape(), [8, 64, 1, 1].into());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdaptiveAvgPoolNd<const N: usize> {
    windows: Sizes<N>,
}

/// The largest elements of the windows of [`AdaptiveAvgPoolNd`]: [`AdaptiveMaxPool1d`],
/// [`AdaptiveMaxPool2d`] and [`AdaptiveMaxPool3d`].
///
/// ```
/// use cotangent::Graph;
/// use cotangent::nn::AdaptiveMaxPool1d;
/// let g = Graph::new();
/// let y = AdaptiveMaxPool1d::new(3).forward(g.input("x", [8, 64, 10]));
/// assert_eq!(y.shape(), [8, 64, 3].into());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdaptiveMaxPoolNd<const N: usize> {
    windows: Sizes<N>,
}

impl<const N: usize> AdaptiveAvgPoolNd<N> {
    /// So many windows along each axis.
    pub fn new(windows: impl Into<Sizes<N>>) -> Self {
        Self { windows: windows.into() }
    }

    /// Of shape `[.., windows..]` for x of shape `[.., L..]`.
    ///
    /// # Panics
    /// If x has fewer axes, or there is no window or position along one.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        x.adaptive_avg_pool(self.windows.0)
    }
}

impl<const N: usize> AdaptiveMaxPoolNd<N> {
    /// So many windows along each axis.
    pub fn new(windows: impl Into<Sizes<N>>) -> Self {
        Self { windows: windows.into() }
    }

    /// Of shape `[.., windows..]` for x of shape `[.., L..]`.
    ///
    /// # Panics
    /// If x has fewer axes, or there is no window or position along one.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        x.adaptive_max_pool(self.windows.0)
    }
}

of_axes! {
    AdaptiveAvgPoolNd of windows: AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d;
    AdaptiveMaxPoolNd of windows: AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d;
}
