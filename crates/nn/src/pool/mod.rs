//! Pooling layers: one number for each window of each channel.
//!
//! | layer | each window's |
//! |---|---|
//! | [`MaxPool1d`], [`MaxPool2d`], [`MaxPool3d`] | largest element |
//! | [`AvgPool1d`], [`AvgPool2d`], [`AvgPool3d`] | mean |
//! | [`AdaptiveMaxPool1d`], [`AdaptiveMaxPool2d`], [`AdaptiveMaxPool3d`] | largest, for a number of windows |
//! | [`AdaptiveAvgPool1d`], [`AdaptiveAvgPool2d`], [`AdaptiveAvgPool3d`] | mean, for a number of windows |
//!
//! `[.., L..]` becomes `[.., M..]`, whatever the axes in front: M = ⌊(L + 2p − d·(k − 1) − 1)/s⌋ + 1 along
//! each axis, for window size k, stride s (by default k), padding p and dilation d (⌈ ⌉ in place of ⌊ ⌋ by
//! `ceil_mode`); or M as it is given.
//! Over all positions, global pooling, goes an adaptive layer of one window. Model code may as well call the
//! methods of [`Var`](graph::Var): `x.max_pool2d(Window::new(2))`.

mod adaptive;
mod windows;

pub use adaptive::{
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveAvgPoolNd, AdaptiveMaxPool1d,
    AdaptiveMaxPool2d, AdaptiveMaxPool3d, AdaptiveMaxPoolNd,
};
pub use windows::{
    AvgPool1d, AvgPool2d, AvgPool3d, AvgPoolNd, MaxPool1d, MaxPool2d, MaxPool3d, MaxPoolNd,
};

/// The layer, told by a field, for one, two and three axes.
macro_rules! of_axes {
    ($($Layer:ident of $field:ident: $One:ident, $Two:ident, $Three:ident;)*) => {$(
        #[doc = concat!("Over the last axis: see [`", stringify!($Layer), "`].")]
        pub type $One = $Layer<1>;

        #[doc = concat!("Over the last two axes: see [`", stringify!($Layer), "`].")]
        pub type $Two = $Layer<2>;

        #[doc = concat!("Over the last three axes: see [`", stringify!($Layer), "`].")]
        pub type $Three = $Layer<3>;

        impl<const N: usize> $crate::Module for $Layer<N> {
            #[track_caller]
            fn forward<'g>(&self, x: graph::Var<'g>, _: $crate::Mode) -> graph::Var<'g> {
                self.forward(x)
            }

            $crate::module::forward_at!();
        }

        $crate::module::layer!([const N: usize] $Layer<N>, match N {
            1 => stringify!($One),
            2 => stringify!($Two),
            3 => stringify!($Three),
            _ => stringify!($Layer),
        }, |layer| layer.$field.to_string());
    )*};
}
use of_axes;
