//! Layers that change the size of images without parameters.

use graph::ops::Interpolation;
use graph::{Var, misfit};

use crate::module::{forward_at, layer};
use crate::{Mode, Module};

/// Every axis of `[N, C, L..]` behind the channels so many times as long, by [`Interpolation`]: PyTorch's
/// `Upsample` for a whole `scale_factor`. Another size is [`Var::interpolate`].
///
/// ```
/// use cotangent::Graph;
/// use cotangent::nn::Upsample;
/// use cotangent::ops::Interpolation;
/// let g = Graph::new();
/// let x = g.input("x", [8, 3, 10, 12]);
/// assert_eq!(Upsample::new(2).forward(x).shape(), [8, 3, 20, 24].into());
/// assert_eq!(Upsample::new(3).by(Interpolation::Linear).forward(x).shape(), [8, 3, 30, 36].into());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upsample {
    scale: usize,
    by: Interpolation,
}

layer!([] Upsample, "Upsample", |layer| format!("{}, {:?}", layer.scale, layer.by));

impl Upsample {
    /// So many times as long, by the nearest element.
    pub fn new(scale: usize) -> Self {
        Self { scale, by: Interpolation::Nearest }
    }

    /// By what lies between elements.
    pub fn by(self, by: Interpolation) -> Self {
        Self { by, ..self }
    }

    /// `[N, C, scale·L..]`, for x of shape `[N, C, L..]`.
    ///
    /// # Panics
    /// If x has no axis behind the channels, or one of extent 0, or the scale is 0.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        match x.shape().get(2..) {
            Some(extents @ [_, ..]) => {
                let size: Vec<usize> = extents.iter().map(|extent| extent * self.scale).collect();
                x.interpolate(size, self.by)
            }
            _ => misfit("upsample", "the input must have axes behind samples and channels", &[x]),
        }
    }
}

/// [`Var::pixel_shuffle`] as a layer: `[.., C·r², H, W]` becomes `[.., C, r·H, r·W]`.
///
/// ```
/// let g = cotangent::Graph::new();
/// let y = cotangent::nn::PixelShuffle(2).forward(g.input("x", [8, 12, 5, 7]));
/// assert_eq!(y.shape(), [8, 3, 10, 14].into());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelShuffle(
    /// r.
    pub usize,
);

layer!([] PixelShuffle, "PixelShuffle", |layer| layer.0.to_string());

/// [`Var::pixel_unshuffle`] as a layer: `[.., C, r·H, r·W]` becomes `[.., C·r², H, W]`.
///
/// ```
/// let g = cotangent::Graph::new();
/// let y = cotangent::nn::PixelUnshuffle(2).forward(g.input("x", [8, 3, 10, 14]));
/// assert_eq!(y.shape(), [8, 12, 5, 7].into());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelUnshuffle(
    /// r.
    pub usize,
);

layer!([] PixelUnshuffle, "PixelUnshuffle", |layer| layer.0.to_string());

impl PixelShuffle {
    /// Channels as pixels.
    ///
    /// # Panics
    /// If there are fewer than three axes, or r² does not divide the channels.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        x.pixel_shuffle(self.0)
    }
}

impl PixelUnshuffle {
    /// Pixels as channels.
    ///
    /// # Panics
    /// If there are fewer than three axes, or r does not divide the height and the width.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        x.pixel_unshuffle(self.0)
    }
}

/// All as modules.
macro_rules! modules {
    ($($Layer:ident),*) => {$(
        impl Module for $Layer {
            #[track_caller]
            fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
                self.forward(x)
            }

            forward_at!();
        }
    )*};
}
modules!(Upsample, PixelShuffle, PixelUnshuffle);
