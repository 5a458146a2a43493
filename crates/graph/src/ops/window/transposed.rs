//! The transpose of a convolution: what a convolution takes back to the image, convolutions again.

use std::panic::Location;

use super::super::registry::{Example, Sample};
use super::{Conv, Convolution, Move, Sizes};
use crate::ops::Embed;
use crate::{Place, Shape, Span, Var, misfit};

/// The adjoint of a convolution with respect to an image of this size.
///
/// Along one axis, position q of the padded image gets Σ v(i)·w(k) over all i·s + k·d = q. Positions
/// q = r + s·t of one phase r see the elements k = r + s·u of the kernel alone, and
/// Σᵤ v(t − u)·w(r + s·u) is the convolution, with stride 1, of v with these elements turned round. (With
/// a dilation beside the stride, v is spread to the distance s first, and there is one phase.)
pub(super) struct Transposed {
    pub conv: Convolution,
    pub image: Shape,
}

/// One phase along one axis.
#[derive(Clone)]
struct Phase {
    /// The elements of the kernel: the first, and the distance.
    kernel: (usize, usize),
    /// How many positions are added to v in front, and how many of it there are in all.
    v: (isize, usize),
    /// The positions of the image: the first, the distance and the number.
    image: (usize, usize, usize),
}

impl Transposed {
    /// The cotangent of the image for the cotangent `v` of the result.
    pub fn of<'g>(&self, v: Var<'g>, w: Var<'g>) -> Var<'g> {
        if self.conv.moves.0.iter().any(|along| along.stride > 1 && along.dilation > 1) {
            let conv = self.conv.dense(|along| along);
            return Transposed { conv, image: self.image.clone() }.of(self.spread(v), w);
        }
        let (batch, channels) = (v.shape()[0], w.shape()[1] * self.conv.groups);
        let whole = Shape::from([&[batch, channels], &self.image[..]].concat());
        let kernels = self.turned(w);
        let (mut parts, mut places) = (Vec::new(), Vec::new());
        for phases in self.phases(&w.shape()[2..]) {
            parts.push(self.part(v, kernels, &phases));
            let along = |place: Place, (axis, phase): (usize, &Phase)| {
                let (first, step, count) = phase.image;
                place.along(2 + axis, first, step as isize, count)
            };
            places.push(phases.iter().enumerate().fold(Place::whole(&whole), along));
        }
        if places.is_empty() {
            return v.graph().full(whole, 0.0);
        }
        v.graph().apply(Embed { name: "embed", shape: whole, places }, &parts)
    }

    /// What the positions of the image in these phases, one for each axis, get.
    fn part<'g>(&self, v: Var<'g>, kernels: Var<'g>, phases: &[Phase]) -> Var<'g> {
        let mut spans = vec![Span::from(..); 2];
        let mut seen = v;
        for (axis, phase) in phases.iter().enumerate() {
            let (first, step) = phase.kernel;
            spans.push(Span::from(first..).step(step as isize));
            seen = shifted(seen, 2 + axis, phase.v);
        }
        let axes: Vec<isize> = (2..2 + phases.len() as isize).collect();
        let part = kernels.slice(&spans).flip(&axes[..]);
        let conv = self.conv.dense(|along| Move { padding: 0, ..along });
        v.graph().apply(conv, &[seen, part])
    }

    /// The phases in which some position of the image is seen, one for each axis, in all combinations.
    fn phases(&self, kernel: &[usize]) -> Vec<Vec<Phase>> {
        let mut combined = vec![Vec::new()];
        for (axis, &kernel) in kernel.iter().enumerate() {
            let along = self.phases_along(axis, kernel);
            let with = |phases: Vec<Phase>| {
                along.iter().map(move |phase| [&phases[..], std::slice::from_ref(phase)].concat())
            };
            combined = combined.into_iter().flat_map(with).collect();
        }
        combined
    }

    /// The phases along an axis in which some position of the image is seen.
    fn phases_along(&self, axis: usize, kernel: usize) -> Vec<Phase> {
        let Move { stride: s, padding: p, dilation: d, .. } = self.conv.moves.0[axis];
        let image = self.image[axis];
        let phase = |r: usize| {
            let elements = kernel.checked_sub(r)?.div_ceil(s);
            // The positions q = r + s·t of the padded image that lie in the image: p ≤ q < p + image.
            let first = p.saturating_sub(r).div_ceil(s);
            let count = (p + image).saturating_sub(r).div_ceil(s).checked_sub(first)?;
            (elements > 0 && count > 0).then(|| Phase {
                kernel: (r, s),
                v: ((d * (elements - 1)) as isize - first as isize, count + d * (elements - 1)),
                image: (r + s * first - p, s, count),
            })
        };
        (0..s).filter_map(phase).collect()
    }

    /// The kernels by what they take: [channels, outputs of a group, kernel..].
    fn turned<'g>(&self, w: Var<'g>) -> Var<'g> {
        let (shape, groups) = (w.shape(), self.conv.groups);
        let order: Vec<isize> = [0, 2, 1].into_iter().chain(3..1 + shape.rank() as isize).collect();
        let turned = self.conv.grouped(w).permute(order);
        turned.reshape_to([&[groups * shape[1], shape[0] / groups], &shape[2..]].concat())
    }

    /// v with zeros between, at the distance of the stride.
    fn spread<'g>(&self, v: Var<'g>) -> Var<'g> {
        let strides = || self.conv.moves.0.iter().map(|along| along.stride).zip(2..);
        let mut shape = v.shape();
        for (stride, axis) in strides() {
            shape = shape.with(axis, (shape[axis].max(1) - 1) * stride + 1);
        }
        let along = |place: Place, (stride, axis): (usize, usize)| {
            place.along(axis, 0, stride as isize, v.shape()[axis])
        };
        let places = vec![strides().fold(Place::whole(&shape), along)];
        v.graph().apply(Embed { name: "embed", shape, places }, &[v])
    }

    /// The transpose of `conv` for these arguments, as [`Var::conv_transpose2d`] describes it; the error is
    /// the rule that was broken.
    fn new(conv: Convolution, x: Var<'_>, w: Var<'_>, extra: &[usize]) -> Result<Self, String> {
        conv.check_axes(&x.ty(), &w.ty())?;
        let (channels, kernels, groups) = (x.shape()[1], w.shape()[0], conv.groups);
        if groups == 0 || channels != kernels || channels % groups != 0 {
            return Err(format!(
                "the images must have a channel for each of the {kernels} kernels, which {groups} \
                 groups must divide"
            ));
        }
        let image = conv.moves.0.iter().enumerate().map(|(axis, along)| {
            along.transposed(x.shape()[2 + axis], w.shape()[2 + axis], extra[axis])
        });
        Ok(Self { image: image.collect::<Result<_, _>>()?, conv })
    }
}

impl Move {
    /// The extent that windows of a kernel, so many, fill, with `extra` positions at the end that need not
    /// be seen.
    fn transposed(&self, windows: usize, kernel: usize, extra: usize) -> Result<usize, String> {
        let &Self { stride, padding, dilation, .. } = self;
        if [kernel, stride, dilation, windows].contains(&0) {
            return Err("extents, kernel, stride and dilation must be at least 1".to_owned());
        }
        if extra >= stride.max(dilation) {
            return Err(format!(
                "the output padding must be smaller than the stride or the dilation, and is {extra}"
            ));
        }
        let moved = (windows - 1).saturating_mul(stride);
        let span = dilation.saturating_mul(kernel - 1).saturating_add(1 + extra);
        let extent = moved.saturating_add(span).checked_sub(padding.saturating_mul(2));
        extent.filter(|&extent| extent > 0).ok_or_else(|| {
            format!("nothing is left of an axis but for the padding of {padding} at both ends")
        })
    }
}

impl<'g> Var<'g> {
    /// The transpose of [`conv`](Self::conv), over as many axes as the options are for; see
    /// [`conv_transpose2d`](Self::conv_transpose2d).
    ///
    /// # Panics
    /// If the channels do not fit, the output padding is not smaller than the stride or the dilation, or
    /// nothing is left.
    #[track_caller]
    pub fn conv_transpose<const N: usize>(
        self,
        kernel: Var<'g>,
        options: Conv<N>,
        output_padding: [usize; N],
    ) -> Var<'g> {
        self.convolved_back("conv_transpose", kernel, options.into(), &output_padding)
    }

    /// The transpose of [`conv1d`](Self::conv1d): [`conv_transpose2d`](Self::conv_transpose2d) with one
    /// axis.
    ///
    /// # Panics
    /// If the channels do not fit, the output padding is not smaller than the stride or the dilation, or
    /// nothing is left.
    #[track_caller]
    pub fn conv_transpose1d(
        self,
        kernel: Var<'g>,
        options: Conv<1>,
        output_padding: impl Into<Sizes<1>>,
    ) -> Var<'g> {
        self.convolved_back("conv_transpose1d", kernel, options.into(), &output_padding.into().0)
    }

    /// The transpose of [`conv2d`](Self::conv2d) with these options: its adjoint, which takes what has the
    /// shape of a result, [N, O, rows, columns], to what has that of an image, [N, C, H, W], for kernels
    /// [O, C/groups, height, width]. For stride s, dilation d and padding p, n positions become
    /// (n − 1)·s − 2·p + d·(k − 1) + 1; as several extents of an image have as many windows,
    /// `output_padding` adds to this (PyTorch's `conv_transpose2d`).
    ///
    /// ```
    /// use cotangent::{Graph, ops::Conv};
    /// let g = Graph::new();
    /// let (x, kernel) = (g.full([2, 16, 4, 4], 1.0), g.full([16, 3, 3, 3], 1.0));
    /// let y = x.conv_transpose2d(kernel, Conv::new().stride(2).padding(1), 1);
    /// assert_eq!(y.shape(), [2, 3, 8, 8].into());
    /// ```
    ///
    /// # Panics
    /// If the channels do not fit, the output padding is not smaller than the stride or the dilation, or
    /// nothing is left.
    #[track_caller]
    pub fn conv_transpose2d(
        self,
        kernel: Var<'g>,
        options: Conv<2>,
        output_padding: impl Into<Sizes<2>>,
    ) -> Var<'g> {
        self.convolved_back("conv_transpose2d", kernel, options.into(), &output_padding.into().0)
    }

    /// The transpose of [`conv3d`](Self::conv3d): [`conv_transpose2d`](Self::conv_transpose2d) with three
    /// axes.
    ///
    /// # Panics
    /// If the channels do not fit, the output padding is not smaller than the stride or the dilation, or
    /// nothing is left.
    #[track_caller]
    pub fn conv_transpose3d(
        self,
        kernel: Var<'g>,
        options: Conv<3>,
        output_padding: impl Into<Sizes<3>>,
    ) -> Var<'g> {
        self.convolved_back("conv_transpose3d", kernel, options.into(), &output_padding.into().0)
    }

    #[track_caller]
    fn convolved_back(
        self,
        name: &str,
        kernel: Var<'g>,
        conv: Convolution,
        extra: &[usize],
    ) -> Var<'g> {
        match Transposed::new(conv, self, kernel, extra) {
            Ok(transposed) => self.graph().at(Location::caller(), || transposed.of(self, kernel)),
            Err(rule) => misfit(name, rule, &[self, kernel]),
        }
    }
}

/// `extent` positions along an axis, of which the first are `before` zeros, or from that position on
/// if it is negative; zeros at the end.
fn shifted<'g>(v: Var<'g>, axis: usize, (before, extent): (isize, usize)) -> Var<'g> {
    let own = v.shape()[axis];
    let skipped = before.min(0).unsigned_abs().min(own);
    let before = before.max(0) as usize;
    let kept = (own - skipped).min(extent.saturating_sub(before));
    if kept == own && extent == own {
        return v;
    }
    let part = v.slice_axis(axis as isize, skipped..skipped + kept);
    if kept == extent {
        return part;
    }
    let shape = v.shape().with(axis, extent);
    let places = vec![Place::whole(&shape).along(axis, before.min(extent), 1, kept)];
    v.graph().apply(Embed { name: "pad", shape, places }, &[part])
}

pub(super) fn examples() -> Vec<Example> {
    let samples =
        |x: &[usize], w: &[usize]| [Sample::real(x, -1.0..1.0), Sample::real(w, -1.0..1.0)];
    vec![
        Example::new("conv_transpose1d", samples(&[2, 2, 4], &[2, 3, 3]), |_, x| {
            x[0].conv_transpose1d(x[1], Conv::new().stride(2).padding(1), 1)
        }),
        Example::new("conv_transpose2d", samples(&[1, 4, 2, 3], &[4, 1, 2, 3]), |_, x| {
            x[0].conv_transpose2d(
                x[1],
                Conv::new().groups(2).stride([1, 2]).dilation([2, 2]),
                [1, 0],
            )
        }),
        Example::new("conv_transpose3d", samples(&[1, 1, 2, 1, 2], &[1, 2, 2, 2, 1]), |_, x| {
            x[0].conv_transpose3d(x[1], Conv::new(), 0)
        }),
    ]
}
