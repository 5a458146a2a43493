//! Arrays of another size, by what lies between their elements.

use ndarray::{Array1, Array2};

use super::super::registry::{Example, shaped};
use crate::{Var, misfit};

/// What lies between the elements of an array that is made larger or smaller.
///
/// An argument of [`Var::interpolate`](crate::Var::interpolate), whose example shows two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The element at ⌊i·L/n⌋, for position i of n on an axis of extent L (PyTorch's `nearest`). By a factor f, 1/f stands
    /// in place of L/n, here and in the next.
    Nearest,
    /// Linear in each axis: linear, bilinear, trilinear. Elements lie in the middle of cells of equal size,
    /// so that position i of n is at (i + ½)·L/n − ½, and beyond the outer elements is what they are.
    Linear,
    /// The same with the outer elements in the corners (PyTorch's `align_corners=True`): position i of n is
    /// at i·(L − 1)/(n − 1).
    LinearAlignedCorners,
}

impl Interpolation {
    /// The matrix that takes an axis to so many positions; none where elements are taken as they are.
    fn matrix(self, extent: usize, size: usize, factor: Option<f64>) -> Option<Array2<f64>> {
        let (l, n) = (extent as f64, size as f64);
        let passed = |positions: f64| factor.map_or(positions * l / n, |factor| positions / factor);
        let at = |i: f64| match self {
            Interpolation::Nearest => None,
            Interpolation::Linear => Some((passed(i + 0.5) - 0.5).max(0.0)),
            Interpolation::LinearAlignedCorners if size == 1 => Some(0.0),
            Interpolation::LinearAlignedCorners => Some(i * (l - 1.0) / (n - 1.0)),
        };
        at(0.0)?;
        let mut matrix = Array2::zeros([size, extent]);
        for i in 0..size {
            let place = at(i as f64)?;
            let below = (place as usize).min(extent - 1);
            let share = place - below as f64;
            matrix[[i, below]] += 1.0 - share;
            matrix[[i, (below + 1).min(extent - 1)]] += share;
        }
        Some(matrix)
    }
}

impl<'g> Var<'g> {
    /// The array in another size along as many of the last axes as are given, [.., H, W] → [.., height,
    /// width] for two (PyTorch's `interpolate` for a `size`). Each axis is taken to its new positions by one
    /// matrix, or by index.
    ///
    /// ```
    /// use cotangent::{Graph, ops::Interpolation};
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[0.0, 3.0]]);
    /// let y = x.interpolate([1, 4], Interpolation::Nearest);
    /// assert_eq!(y.eval()?, array![[0.0, 0.0, 3.0, 3.0]].into_dyn());
    /// let y = x.interpolate([1, 4], Interpolation::LinearAlignedCorners);
    /// assert_eq!(y.eval()?, array![[0.0, 1.0, 2.0, 3.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If there are fewer axes, or no position along one before or after.
    #[track_caller]
    pub fn interpolate(self, size: impl AsRef<[usize]>, by: Interpolation) -> Var<'g> {
        let size = size.as_ref();
        self.interpolated(size, &vec![None; size.len()], by)
    }

    /// The array so many times as long along as many of the last axes as factors are given, each to the whole part of its
    /// extent times the factor (PyTorch's `interpolate` for a `scale_factor`). Where that is not whole, positions are 1/f
    /// apart, and not L/n as for a [size](Self::interpolate), but for aligned corners.
    ///
    /// ```
    /// use cotangent::{Graph, ops::Interpolation};
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[0.0, 1.0, 2.0]]);
    /// let y = x.interpolate_by([2.0, 1.5], Interpolation::Nearest);
    /// assert_eq!(y.eval()?, array![[0.0, 0.0, 1.0, 2.0], [0.0, 0.0, 1.0, 2.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If there are fewer axes, a factor is not positive and finite, or no position is along an axis before or after.
    #[track_caller]
    pub fn interpolate_by(self, factors: impl AsRef<[f64]>, by: Interpolation) -> Var<'g> {
        self.interpolated_by(factors.as_ref(), by)
    }

    #[track_caller]
    fn interpolated_by(self, factors: &[f64], by: Interpolation) -> Var<'g> {
        if let Some(factor) = factors.iter().find(|&&factor| !(factor > 0.0 && factor.is_finite()))
        {
            let rule = format!("a factor must be positive and finite, and is {factor}");
            misfit("interpolate", rule, &[self]);
        }
        let extents = match super::split(&self.ty(), factors.len()) {
            Ok((_, extents)) => extents,
            Err(rule) => misfit("interpolate", rule, &[self]),
        };
        let exact = || extents.iter().zip(factors).map(|(&extent, factor)| extent as f64 * factor);
        let size: Vec<usize> = exact().map(|exact| exact as usize).collect();
        let apart =
            exact().zip(factors).map(|(exact, &factor)| (exact.fract() != 0.0).then_some(factor));
        self.interpolated(&size, &apart.collect::<Vec<_>>(), by)
    }

    /// In another size, along each axis by a factor where that is not told by the sizes.
    #[track_caller]
    fn interpolated(self, size: &[usize], factors: &[Option<f64>], by: Interpolation) -> Var<'g> {
        let first = self.adapted("interpolate", size);
        let mut y = self;
        for ((axis, &size), &factor) in (first..).zip(size).zip(factors) {
            let extent = y.shape()[axis];
            if extent == size && factor.is_none() {
                continue;
            }
            y = match by.matrix(extent, size, factor) {
                Some(matrix) => y.mapped_along(axis, matrix),
                None if size % extent == 0 && factor.is_none() => {
                    y.repeated_along(axis, size / extent)
                }
                None => {
                    let at = |i: usize| match factor {
                        None => i * extent / size,
                        Some(factor) => ((i as f64 / factor) as usize).min(extent - 1),
                    };
                    let index: Array1<i64> = (0..size).map(|i| at(i) as i64).collect();
                    y.take(axis as isize, y.graph().constant(index))
                }
            };
        }
        y
    }

    /// Each position of an axis so many times, one after the other.
    #[track_caller]
    fn repeated_along(self, axis: usize, times: usize) -> Var<'g> {
        let shape = self.shape();
        let repeated = self.reshape_to(shape.inserted(axis + 1, 1));
        let repeated = repeated.broadcast_to(shape.inserted(axis + 1, times));
        repeated.reshape_to(shape.with(axis, shape[axis] * times))
    }

    /// Channels as pixels: [.., C·r², H, W] becomes [.., C, r·H, r·W], for an upscaling r; the r² channels
    /// of one are the pixels of each square, row by row (W. Shi et al., "Real-time single image and video
    /// super-resolution using an efficient sub-pixel convolutional neural network", 2016).
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// assert_eq!(g.input("x", [8, 12, 5, 7]).pixel_shuffle(2).shape(), [8, 3, 10, 14].into());
    /// ```
    ///
    /// # Panics
    /// If there are fewer than three axes, or r² does not divide the channels.
    #[track_caller]
    pub fn pixel_shuffle(self, upscale: usize) -> Var<'g> {
        let square = upscale.saturating_mul(upscale);
        let shape = self.shape();
        let [batch @ .., channels, height, width] = &shape[..] else {
            misfit("pixel_shuffle", "the argument must be [.., channels, height, width]", &[self])
        };
        if square == 0 || channels % square != 0 {
            let rule = format!("{upscale}² must divide the {channels} channels");
            misfit("pixel_shuffle", rule, &[self]);
        }
        let (c, first) = (channels / square, batch.len() as isize);
        let apart = self.reshape_to([batch, &[c, upscale, upscale, *height, *width]].concat());
        let order = (0..=first).chain([3, 1, 4, 2].map(|axis| first + axis)).collect::<Vec<_>>();
        apart.permute(order).reshape_to([batch, &[c, height * upscale, width * upscale]].concat())
    }

    /// Pixels as channels: [.., C, r·H, r·W] becomes [.., C·r², H, W], the inverse of
    /// [`pixel_shuffle`](Self::pixel_shuffle).
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// assert_eq!(g.input("x", [8, 3, 10, 14]).pixel_unshuffle(2).shape(), [8, 12, 5, 7].into());
    /// ```
    ///
    /// # Panics
    /// If there are fewer than three axes, or r does not divide the height and the width.
    #[track_caller]
    pub fn pixel_unshuffle(self, downscale: usize) -> Var<'g> {
        let shape = self.shape();
        let [batch @ .., c, height, width] = &shape[..] else {
            misfit("pixel_unshuffle", "the argument must be [.., channels, height, width]", &[self])
        };
        if downscale == 0 || height % downscale != 0 || width % downscale != 0 {
            let rule = format!("{downscale} must divide the height {height} and the width {width}");
            misfit("pixel_unshuffle", rule, &[self]);
        }
        let (h, w, first) = (height / downscale, width / downscale, batch.len() as isize);
        let apart = self.reshape_to([batch, &[*c, h, downscale, w, downscale]].concat());
        let order = (0..=first).chain([2, 4, 1, 3].map(|axis| first + axis)).collect::<Vec<_>>();
        apart.permute(order).reshape_to([batch, &[c * downscale * downscale, h, w]].concat())
    }
}

pub(super) fn examples() -> Vec<Example> {
    vec![
        shaped("interpolate", [2, 3], |x| x.square().interpolate([5], Interpolation::Nearest)),
        shaped("interpolate", [2, 2, 3], |x| x.square().interpolate([3, 6], Interpolation::Linear)),
        shaped("interpolate", [2, 3], |x| x.square().interpolate([6, 6], Interpolation::Nearest)),
        shaped("interpolate", [2, 2, 1], |x| {
            x.square().interpolate([3, 3, 3], Interpolation::LinearAlignedCorners)
        }),
        shaped("interpolate", [2, 4, 3], |x| {
            x.square().interpolate_by([1.3, 0.7], Interpolation::Linear)
        }),
        shaped("interpolate", [2, 3], |x| x.square().interpolate_by([1.7], Interpolation::Nearest)),
        shaped("pixel_shuffle", [4, 2, 1], |x| x.pixel_shuffle(2).square()),
        shaped("pixel_unshuffle", [1, 2, 4], |x| x.pixel_unshuffle(2).square()),
    ]
}
