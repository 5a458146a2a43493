//! Convolution.

use std::fmt;

use smallvec::{SmallVec, smallvec};

use super::super::registry::{Example, Sample};
use super::moves::{self, Move, Moves, Sizes};
use super::transposed::Transposed;
use crate::error::{exactly, expect_kind};
use crate::short::Short;
use crate::{Args, Batch, Cotangents, Kind, Operation, Out, RunResult, Scalar, Shape, Type, Var};

/// How kernels move over the last `N` axes of arrays, and what of the channels they see: the options of
/// [`Var::conv1d`](crate::Var::conv1d), [`conv2d`](crate::Var::conv2d),
/// [`conv3d`](crate::Var::conv3d) and their transposes. A number is for all axes, a list has one for each.
///
/// ```
/// use cotangent::{Graph, ops::Conv};
/// let g = Graph::new();
/// let (signal, kernel) = (g.full([2, 3, 8], 1.0), g.full([16, 3, 3], 1.0));
/// assert_eq!(signal.conv1d(kernel, Conv::new().dilation(2)).shape(), [2, 16, 4].into());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conv<const N: usize> {
    stride: [usize; N],
    padding: [usize; N],
    dilation: [usize; N],
    groups: usize,
}

impl<const N: usize> Default for Conv<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Conv<N> {
    /// Stride 1, no padding, no dilation, one group.
    pub fn new() -> Self {
        Self { stride: [1; N], padding: [0; N], dilation: [1; N], groups: 1 }
    }

    /// How far the kernel moves at a time.
    pub fn stride(self, stride: impl Into<Sizes<N>>) -> Self {
        Self { stride: stride.into().0, ..self }
    }

    /// How many positions of zeros are added before and after.
    pub fn padding(self, padding: impl Into<Sizes<N>>) -> Self {
        Self { padding: padding.into().0, ..self }
    }

    /// How far the elements of the kernel are apart.
    pub fn dilation(self, dilation: impl Into<Sizes<N>>) -> Self {
        Self { dilation: dilation.into().0, ..self }
    }

    /// Into how many parts the channels are divided.
    pub fn groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }

    /// How many parts these are.
    pub fn group_count(&self) -> usize {
        self.groups
    }
}

/// What differs from [`new`](Conv::new), as `stride 2, padding 1`.
///
/// ```
/// use cotangent::ops::Conv;
/// assert_eq!(Conv::<2>::new().stride(2).padding([1, 0]).to_string(), "stride 2, padding 1×0");
/// assert_eq!(Conv::<2>::new().to_string(), "");
/// ```
impl<const N: usize> fmt::Display for Conv<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stride, padding, dilation, groups } = self;
        let sizes = [("stride", stride, 1), ("padding", padding, 0), ("dilation", dilation, 1)];
        let mut said = moves::told(&sizes);
        if *groups > 1 {
            said.push(format!("{groups} groups"));
        }
        f.write_str(&said.join(", "))
    }
}

/// The cross-correlation of images [N, C, L₁, .., Lₐ] with kernels [O, C/groups, K₁, .., Kₐ],
///
/// y(n, o, i₁, ..) = Σ w(o, c, k₁, ..)·x(n, c, i₁·s₁ + k₁·d₁ − p₁, ..)
///
/// over c and k, for strides s, dilations d and paddings p with zeros: what deep learning calls a
/// convolution. With groups, each part of the output channels sees its own part of the input channels.
///
/// It is the contraction of the kernels with all windows of the image, which overlap in its memory:
/// nothing is unfolded. Cotangents: of the kernels, v contracted with the windows; of the image, the
/// convolution of v with the kernels turned round, once for each of the s₁·s₂·.. phases in which the
/// window moves (V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016).
///
/// Recorded by [`Var::conv1d`](crate::Var::conv1d), [`conv2d`](crate::Var::conv2d) and
/// [`conv3d`](crate::Var::conv3d), and made of a [`Conv`].
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    /// For each axis; of the kernels, which are an argument, the size is 0.
    pub(super) moves: Moves,
    pub(super) groups: usize,
}

impl<const N: usize> From<Conv<N>> for Convolution {
    fn from(conv: Conv<N>) -> Self {
        let Conv { stride, padding, dilation, groups } = conv;
        let along = |axis: usize| {
            let (stride, padding, dilation) = (stride[axis], padding[axis], dilation[axis]);
            Move { kernel: 0, stride, padding, dilation, ceil: false }
        };
        Self { moves: Moves((0..N).map(along).short()), groups }
    }
}

impl Convolution {
    pub(super) fn axes(&self) -> usize {
        self.moves.axes()
    }

    /// How the windows of kernels of this size move.
    fn of_kernel(&self, kernel: &[usize]) -> Moves {
        let along = self.moves.0.iter().zip(kernel);
        Moves(along.map(|(&along, &kernel)| Move { kernel, ..along }).short())
    }

    /// Each axis with stride 1, and with what else is changed of it.
    pub(super) fn dense(&self, change: impl Fn(Move) -> Move) -> Self {
        let along = self.moves.0.iter().map(|&along| Move { stride: 1, ..change(along) });
        Self { moves: Moves(along.short()), groups: self.groups }
    }

    /// The windows that each kernel sees, [samples, groups, channels, kernel.., windows..].
    fn windows<'g>(&self, x: Var<'g>, w: Var<'g>) -> Var<'g> {
        let windows = x.windows("unfold", &self.of_kernel(&w.shape()[2..]), 0.0);
        let shape = windows.shape();
        let grouped = [shape[0], self.groups, shape[1] / self.groups];
        windows.reshape_to([&grouped, &shape[2..]].concat())
    }

    /// Kernels, or what has their shape, as [groups, outputs of a group, …].
    pub(super) fn grouped<'g>(&self, w: Var<'g>) -> Var<'g> {
        let shape = w.shape();
        w.reshape_to([&[self.groups, shape[0] / self.groups], &shape[1..]].concat())
    }

    /// The rule that images and kernels have the axes they must have.
    pub(super) fn check_axes(&self, x: &Type, w: &Type) -> Result<(), String> {
        expect_kind("the image", x.kind, Kind::Real)?;
        expect_kind("the kernel", w.kind, Kind::Real)?;
        if [x.shape.rank(), w.shape.rank()] == [self.axes() + 2; 2] {
            return Ok(());
        }
        let names: Vec<&str> =
            (0..self.axes()).map(|axis| moves::name(self.axes(), axis)).collect();
        let names = names.join(", ");
        Err(format!(
            "the images must be [samples, channels, {names}], and the kernels \
             [outputs, channels / groups, {names}]"
        ))
    }
}

impl Operation for Convolution {
    fn name(&self) -> &'static str {
        ["conv1d", "conv2d", "conv3d"].get(self.axes().wrapping_sub(1)).copied().unwrap_or("conv")
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x, w] = exactly(inputs)?;
        self.check_axes(x, w)?;
        let (groups, [channels, outputs, of_group]) =
            (self.groups, [x.shape[1], w.shape[0], w.shape[1]]);
        if groups == 1 && channels != of_group {
            return Err(format!(
                "the images have {channels} channels, and each kernel has {of_group}: they must be as many, but for groups"
            ));
        }
        if groups == 0 || outputs % groups != 0 || channels != of_group * groups {
            return Err(format!(
                "{groups} groups must divide the {outputs} outputs and the {channels} channels, of \
                 which a kernel has {of_group}"
            ));
        }
        let counts = self.of_kernel(&w.shape[2..]).counts(&x.shape[2..])?;
        Ok(Type::real([&[x.shape[0], outputs], &counts[..]].concat()))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (x, w) = (inputs[0], inputs[1]);
        let (shape, axes) = (v.shape(), self.axes());
        let grouped = [shape[0], self.groups, shape[1] / self.groups];
        let seen = self.windows(x, w);
        // [groups, outputs, channels, kernel..], summed over samples and windows.
        let of_w = v.reshape_to([&grouped, &shape[2..]].concat());
        let windows = (0..axes).map(|axis| (3 + axis, 3 + axes + axis));
        let sums: Vec<(usize, usize)> = [(0, 0)].into_iter().chain(windows).collect();
        let of_w = of_w.contracted(self.name(), seen, &[(1, 1)], &sums);
        let image = x.shape()[2..].into();
        let of_x = Transposed { conv: self.clone(), image }.of(v, w);
        smallvec![Some(of_x), Some(of_w.reshape_to(w.shape()))]
    }
    /// The sum of the definition, one number after the other.
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let (x, w) = (args.real(0), args.real(1));
        let (x, w) = (x.as_standard_layout(), w.as_standard_layout());
        let moves = self.of_kernel(&w.shape()[2..]);
        let (channels, outputs, of_group) = (x.shape()[1], w.shape()[0], w.shape()[1]);
        let counts = moves.counts(&x.shape()[2..]).expect("the shape rule checked it");
        let seen = moves.seen(&x.shape()[2..], &counts);
        let (pixels, elements) = (x.shape()[2..].iter().product::<usize>(), moves.kernel().size());
        let (x, w) =
            (x.as_slice().expect("standard layout"), w.as_slice().expect("standard layout"));
        let out = out.real().as_slice_mut().expect("an output is in row-major order");
        for (plane, out) in out.chunks_exact_mut(counts.size().max(1)).enumerate() {
            let (sample, output) = (plane / outputs, plane % outputs);
            let first = sample * channels + output / (outputs / self.groups) * of_group;
            for (y, seen) in out.iter_mut().zip(seen.chunks_exact(elements)) {
                *y = T::zero();
                for (k, c) in (0..elements).flat_map(|k| (0..of_group).map(move |c| (k, c))) {
                    let x = seen[k].map_or(T::zero(), |number| x[(first + c) * pixels + number]);
                    *y += w[(output * of_group + c) * elements + k] * x;
                }
            }
        }
        Ok(())
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        let (x, w) = (inputs[0], inputs[1]);
        let (seen, samples, outputs) = (self.windows(x, w), x.shape()[0], w.shape()[0]);
        let sums: Vec<(usize, usize)> = (2..3 + self.axes()).map(|axis| (axis, axis)).collect();
        // [groups, samples, windows.., outputs of a group].
        let sums = seen.contracted(self.name(), self.grouped(w), &[(1, 0)], &sums);
        let shape = sums.shape();
        let (windows, last) = (&shape[2..shape.rank() - 1], shape.rank() as isize - 1);
        let order: SmallVec<[isize; 6]> = [1, 0, last].into_iter().chain(2..last).short();
        Some(sums.permute(order).reshape_to([&[samples, outputs], windows].concat()))
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        // The same kernels for all see more images; kernels of their own are a contraction.
        if batch.is_sampled(1) {
            return None;
        }
        let (x, w) = (batch.given(0), batch.given(1));
        let merged = |shape: &Shape| Shape::from([&[shape[0] * shape[1]], &shape[2..]].concat());
        let y = x.graph().apply(self.clone(), &[x.reshape_to(merged(&x.shape())), w]);
        let shape = [&x.shape()[..2], &y.shape()[1..]].concat();
        Some(y.reshape_to(shape))
    }
}

impl<'g> Var<'g> {
    /// The convolution over as many axes as the options are for; see [`conv2d`](Self::conv2d).
    ///
    /// # Panics
    /// If the channels do not fit, or the kernel is larger than the padded array.
    #[track_caller]
    pub fn conv<const N: usize>(self, kernel: Var<'g>, options: Conv<N>) -> Var<'g> {
        self.convolved(options.into(), kernel)
    }

    #[track_caller]
    fn convolved(self, convolution: Convolution, kernel: Var<'g>) -> Var<'g> {
        self.graph().apply(convolution, &[self, kernel])
    }

    /// The convolution of these signals [N, C, L] with kernels [O, C/groups, K]: [`conv2d`](Self::conv2d)
    /// with one axis.
    ///
    /// # Panics
    /// If the channels do not fit, or the kernel is larger than the padded signal.
    #[track_caller]
    pub fn conv1d(self, kernel: Var<'g>, options: Conv<1>) -> Var<'g> {
        self.convolved(options.into(), kernel)
    }

    /// The convolution (in mathematics, the cross-correlation) of these images [N, C, H, W] with
    /// kernels [O, C/groups, height, width]: see [`Convolution`]. A bias b of the O outputs is added as
    /// `b.reshape([-1, 1, 1])`.
    ///
    /// ```
    /// use cotangent::{Graph, ops::Conv};
    /// let g = Graph::new();
    /// let (image, kernel) = (g.full([2, 3, 8, 8], 1.0), g.full([16, 3, 3, 3], 1.0));
    /// let y = image.conv2d(kernel, Conv::new().stride(2).padding(1));
    /// assert_eq!(y.shape(), [2, 16, 4, 4].into());
    /// ```
    ///
    /// # Panics
    /// If the channels do not fit, or the kernel is larger than the padded image.
    #[track_caller]
    pub fn conv2d(self, kernel: Var<'g>, options: Conv<2>) -> Var<'g> {
        self.convolved(options.into(), kernel)
    }

    /// The convolution of these volumes [N, C, D, H, W] with kernels [O, C/groups, depth, height, width]:
    /// [`conv2d`](Self::conv2d) with three axes.
    ///
    /// # Panics
    /// If the channels do not fit, or the kernel is larger than the padded volume.
    #[track_caller]
    pub fn conv3d(self, kernel: Var<'g>, options: Conv<3>) -> Var<'g> {
        self.convolved(options.into(), kernel)
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |x: [usize; 4], w: [usize; 4], conv: Conv<2>| {
        let samples = [Sample::real(x, -1.0..1.0), Sample::real(w, -1.0..1.0)];
        Example::new("conv2d", samples, move |_, x| x[0].conv2d(x[1], conv.clone()))
    };
    let uneven = Conv::new().stride([2, 1]).padding([1, 2]).dilation([1, 2]);
    let signals = [Sample::real([2, 2, 7], -1.0..1.0), Sample::real([4, 1, 3], -1.0..1.0)];
    let volumes =
        [Sample::real([1, 2, 3, 2, 4], -1.0..1.0), Sample::real([2, 2, 2, 1, 3], -1.0..1.0)];
    vec![
        of([2, 2, 4, 4], [3, 2, 3, 3], Conv::new()),
        of([1, 2, 5, 4], [2, 2, 2, 3], uneven),
        of([2, 4, 3, 3], [4, 2, 2, 2], Conv::new().groups(2).padding(1)),
        of([1, 3, 2, 2], [6, 1, 1, 1], Conv::new().groups(3).stride(2)),
        of([1, 1, 7, 6], [2, 1, 2, 3], Conv::new().stride([3, 2]).padding([0, 2])),
        of([1, 2, 7, 7], [1, 2, 2, 2], Conv::new().stride(2).dilation(3).padding(1)),
        Example::new("conv2d", [Sample::real([1, 1, 3, 3], -1.0..1.0)], |_, x| {
            x[0].conv2d(x[0], Conv::new().padding(1))
        }),
        Example::new("conv1d", signals, |_, x| {
            x[0].conv1d(x[1], Conv::new().groups(2).stride(2).padding(1))
        }),
        Example::new("conv3d", volumes, |_, x| {
            x[0].conv3d(x[1], Conv::new().stride([1, 2, 2]).padding([0, 1, 1]))
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Graph;

    #[test]
    #[should_panic(expected = "2 groups must divide the 3 outputs and the 4 channels")]
    fn groups_divide_the_channels() {
        let g = Graph::new();
        g.full([1, 4, 3, 3], 1.0).conv2d(g.full([3, 2, 1, 1], 1.0), Conv::new().groups(2));
    }

    #[test]
    #[should_panic(
        expected = "the window spans 5 positions of the height, and there are 4 with the padding"
    )]
    fn the_kernel_must_fit() {
        let g = Graph::new();
        let conv = Conv::new().dilation(2).padding([0, 3]);
        g.full([1, 1, 4, 4], 1.0).conv2d(g.full([1, 1, 3, 3], 1.0), conv);
    }

    #[test]
    #[should_panic(
        expected = "conv3d: the images must be [samples, channels, depth, height, width]"
    )]
    fn volumes_have_three_axes() {
        let g = Graph::new();
        g.full([1, 1, 4, 4], 1.0).conv3d(g.full([1, 1, 3, 3], 1.0), Conv::new());
    }
}
