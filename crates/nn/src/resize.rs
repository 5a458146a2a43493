//! Layers that change the size of images without parameters.

use std::fmt;

use graph::ops::Interpolation;
use graph::{Var, misfit};

use crate::module::{forward_at, layer};
use crate::{Mode, Module};

/// Every axis of `[N, C, L..]` behind the channels so many times as long, or in a given size, by [`Interpolation`]:
/// PyTorch's `Upsample`, with its `scale_factor`, its `size`, and `align_corners` as
/// [`Interpolation::LinearAlignedCorners`].
///
/// ```
/// use cotangent::Graph;
/// use cotangent::nn::Upsample;
/// use cotangent::ops::Interpolation;
/// let g = Graph::new();
/// let x = g.input("x", [8, 3, 10, 12]);
/// assert_eq!(Upsample::new(2).forward(x).shape(), [8, 3, 20, 24].into());
/// assert_eq!(Upsample::new([1.5, 3.0]).forward(x).shape(), [8, 3, 15, 36].into());
/// let sized = Upsample::size([7, 30]).by(Interpolation::LinearAlignedCorners);
/// assert_eq!(sized.forward(x).shape(), [8, 3, 7, 30].into());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Upsample {
    to: To,
    by: Interpolation,
}

/// What the axes become.
#[derive(Clone, Debug, PartialEq)]
enum To {
    Size(Vec<usize>),
    Times(ScaleFactor),
}

/// How many times as long axes become: made of a number for all, or of a list with one for each.
///
/// What an [`Upsample`] is made of; its example shows both.
#[derive(Clone, Debug, PartialEq)]
pub enum ScaleFactor {
    /// The same for all axes.
    All(f64),
    /// One for each axis.
    Each(Vec<f64>),
}

impl From<f64> for ScaleFactor {
    fn from(all: f64) -> Self {
        Self::All(all)
    }
}

impl From<usize> for ScaleFactor {
    fn from(all: usize) -> Self {
        Self::from(all as f64)
    }
}

impl<const N: usize> From<[f64; N]> for ScaleFactor {
    fn from(each: [f64; N]) -> Self {
        Self::Each(each.into())
    }
}

impl<const N: usize> From<[usize; N]> for ScaleFactor {
    fn from(each: [usize; N]) -> Self {
        Self::from(each.map(|factor| factor as f64))
    }
}

layer!([] Upsample, "Upsample", |layer| format!("{}, {:?}", layer.to, layer.by));

/// As `2`, `1.5×3` or `to 7×30`.
impl fmt::Display for To {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            To::Size(size) => write!(f, "to {}", listed(size)),
            To::Times(ScaleFactor::All(factor)) => factor.fmt(f),
            To::Times(ScaleFactor::Each(factors)) => f.write_str(&listed(factors)),
        }
    }
}

fn listed(numbers: &[impl ToString]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")
}

impl Upsample {
    /// So many times as long, by the nearest element. What is not a whole extent is rounded down.
    pub fn new(factors: impl Into<ScaleFactor>) -> Self {
        Self { to: To::Times(factors.into()), by: Interpolation::Nearest }
    }

    /// To these extents, one for each axis behind the channels, by the nearest element.
    pub fn size(extents: impl Into<Vec<usize>>) -> Self {
        Self { to: To::Size(extents.into()), by: Interpolation::Nearest }
    }

    /// By what lies between elements.
    pub fn by(self, by: Interpolation) -> Self {
        Self { by, ..self }
    }

    /// `[N, C, M..]`, for x of shape `[N, C, L..]`: M = ⌊factor·L⌋, or as it is given.
    ///
    /// # Panics
    /// If x has no axis behind the channels, or others than are listed; if one has extent 0, before or after; or a factor is
    /// not positive and finite.
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        let axes = x.rank().saturating_sub(2);
        let listed = match &self.to {
            To::Size(size) => size.len(),
            To::Times(ScaleFactor::All(_)) => axes.max(1),
            To::Times(ScaleFactor::Each(factors)) => factors.len(),
        };
        if axes != listed || axes == 0 {
            let remedy = if axes + 1 == listed {
                ": a single sample gets its axis by `x.unsqueeze(0)`"
            } else {
                ""
            };
            let rule = format!(
                "the input must have axes of samples and channels, and behind them {listed} to be resized{remedy}"
            );
            misfit("upsample", rule, &[x]);
        }
        match &self.to {
            To::Size(size) => x.interpolate(size, self.by),
            To::Times(ScaleFactor::All(factor)) => x.interpolate_by(vec![*factor; axes], self.by),
            To::Times(ScaleFactor::Each(factors)) => x.interpolate_by(factors, self.by),
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
