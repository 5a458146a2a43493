//! Convolution.

use ndarray::Dimension;
use smallvec::smallvec;

use super::super::registry::{Example, Sample};
use super::transposed::Transposed;
use super::{Pair, Window};
use crate::error::{exactly, expect_kind};
use crate::{Args, Batch, Cotangents, Kind, Operation, Out, RunResult, Scalar, Shape, Type, Var};

/// The cross-correlation yₙₒᵢⱼ = Σ w(o, c, k, l)·x(n, c, i·s + k·d − p, j·s + l·d − p) of images
/// [N, C, H, W] with kernels [O, C/groups, height, width], for stride s, dilation d and padding p with
/// zeros: what deep learning calls a convolution. With groups, each part of the output channels sees
/// its own part of the input channels.
///
/// It is the contraction of the kernels with all windows of the image, which overlap in its memory:
/// nothing is unfolded. Cotangents: of the kernels, v contracted with the windows; of the image, the
/// convolution of v with the kernels turned round, once for each of the s² phases in which the window
/// moves (V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016).
///
/// Recorded by [`Var::conv2d`](crate::Var::conv2d).
#[derive(Clone, Debug, PartialEq)]
pub struct Conv2d {
    pub(super) stride: [usize; 2],
    pub(super) padding: [usize; 2],
    pub(super) dilation: [usize; 2],
    pub(super) groups: usize,
}

impl Default for Conv2d {
    fn default() -> Self {
        Self::new()
    }
}

impl Conv2d {
    /// Stride 1, no padding, no dilation, one group.
    pub fn new() -> Self {
        Self { stride: [1; 2], padding: [0; 2], dilation: [1; 2], groups: 1 }
    }

    /// How far the kernel moves at a time, along height and width.
    pub fn stride(self, stride: impl Into<Pair>) -> Self {
        Self { stride: stride.into().0, ..self }
    }

    /// How many positions of zeros are added before and after, along height and width.
    pub fn padding(self, padding: impl Into<Pair>) -> Self {
        Self { padding: padding.into().0, ..self }
    }

    /// How far the elements of the kernel are apart, along height and width.
    pub fn dilation(self, dilation: impl Into<Pair>) -> Self {
        Self { dilation: dilation.into().0, ..self }
    }

    /// Into how many parts the channels are divided.
    pub fn groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }

    fn window(&self, kernel: [usize; 2]) -> Window {
        Window::new(kernel).stride(self.stride).padding(self.padding).dilation(self.dilation)
    }

    /// The windows that each kernel sees, [samples, groups, channels, height, width, rows, columns].
    fn windows<'g>(&self, x: Var<'g>, w: Var<'g>) -> Var<'g> {
        let &[.., height, width] = &*w.shape() else {
            unreachable!("the shape rule checked the axes")
        };
        let windows = x.unfold2d(self.window([height, width]));
        let &[samples, channels, ..] = &*x.shape() else {
            unreachable!("the shape rule checked the axes")
        };
        let grouped = [samples, self.groups, channels / self.groups];
        windows.reshape_to([&grouped, &windows.shape()[2..]].concat())
    }

    /// Kernels, or what has their shape, as [groups, outputs of a group, …].
    pub(super) fn grouped<'g>(&self, w: Var<'g>) -> Var<'g> {
        let shape = w.shape();
        w.reshape_to([&[self.groups, shape[0] / self.groups], &shape[1..]].concat())
    }
}

impl Operation for Conv2d {
    fn name(&self) -> &'static str {
        "conv2d"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x, w] = exactly(inputs)?;
        expect_kind("the image", x.kind, Kind::Real)?;
        expect_kind("the kernel", w.kind, Kind::Real)?;
        let (&[samples, channels, h, v], &[outputs, of_group, height, width]) =
            (&*x.shape, &*w.shape)
        else {
            return Err("the images must be [samples, channels, height, width], and the kernels \
                        [outputs, channels / groups, height, width]"
                .to_owned());
        };
        let groups = self.groups;
        if groups == 0 || outputs % groups != 0 || channels != of_group * groups {
            return Err(format!(
                "{groups} groups must divide the {outputs} outputs and the {channels} channels, of \
                 which a kernel has {of_group}"
            ));
        }
        let [rows, columns] = self.window([height, width]).counts([h, v])?;
        Ok(Type::real([samples, outputs, rows, columns]))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (x, w) = (inputs[0], inputs[1]);
        let (shape, kernels) = (v.shape(), w.shape());
        let grouped = [shape[0], self.groups, shape[1] / self.groups, shape[2], shape[3]];
        let seen = self.windows(x, w);
        // [groups, outputs, channels, height, width], summed over samples, rows and columns.
        let of_w = v.reshape_to(grouped);
        let of_w = of_w.contracted("conv2d", seen, &[(1, 1)], &[(0, 0), (3, 5), (4, 6)]);
        let image = [x.shape()[2], x.shape()[3]];
        let of_x = Transposed { conv: self.clone(), image }.of(v, w);
        smallvec![Some(of_x), Some(of_w.reshape_to(kernels))]
    }
    /// The sum of the definition, one number after the other.
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let (x, w) = (args.real(0), args.real(1));
        let (shape, kernels) = (x.shape(), w.shape());
        let window = self.window([kernels[2], kernels[3]]);
        let of_group = (kernels[0] / self.groups).max(1);
        for (place, y) in out.real().indexed_iter_mut() {
            let &[n, o, i, j] = place.slice() else { unreachable!("four axes") };
            let first = o / of_group * kernels[1];
            let mut sum = T::zero();
            for k in 0..kernels[2] {
                let row = window.source(0, shape[2], i, k);
                for l in 0..kernels[3] {
                    let column = window.source(1, shape[3], j, l);
                    for c in 0..kernels[1] {
                        let seen =
                            row.zip(column).map(|(row, column)| x[[n, first + c, row, column]]);
                        sum += w[[o, c, k, l]] * seen.unwrap_or(T::zero());
                    }
                }
            }
            *y = sum;
        }
        Ok(())
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        let (x, w) = (inputs[0], inputs[1]);
        let (seen, samples, outputs) = (self.windows(x, w), x.shape()[0], w.shape()[0]);
        // [groups, samples, rows, columns, outputs of a group].
        let sums = seen.contracted("conv2d", self.grouped(w), &[(1, 0)], &[(2, 2), (3, 3), (4, 4)]);
        let &[_, _, rows, columns, _] = &*sums.shape() else { unreachable!("five axes") };
        let sums = sums.permute([1, 0, 4, 2, 3]);
        Some(sums.reshape_to([samples, outputs, rows, columns]))
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
    /// The convolution (in mathematics, the cross-correlation) of these images [N, C, H, W] with
    /// kernels [O, C/groups, height, width]: see [`Conv2d`]. A bias b of the O outputs is added as
    /// `b.reshape([-1, 1, 1])`.
    ///
    /// ```
    /// use cotangent::{Graph, ops::Conv2d};
    /// let g = Graph::new();
    /// let (image, kernel) = (g.full([2, 3, 8, 8], 1.0), g.full([16, 3, 3, 3], 1.0));
    /// let y = image.conv2d(kernel, Conv2d::new().stride(2).padding(1));
    /// assert_eq!(y.shape(), [2, 16, 4, 4].into());
    /// ```
    ///
    /// # Panics
    /// If the channels do not fit, or the kernel is larger than the padded image.
    #[track_caller]
    pub fn conv2d(self, kernel: Var<'g>, options: Conv2d) -> Var<'g> {
        self.graph().apply(options, &[self, kernel])
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |x: [usize; 4], w: [usize; 4], conv: Conv2d| {
        let samples = [Sample::real(x, -1.0..1.0), Sample::real(w, -1.0..1.0)];
        Example::new("conv2d", samples, move |_, x| x[0].conv2d(x[1], conv.clone()))
    };
    let uneven = Conv2d::new().stride([2, 1]).padding([1, 2]).dilation([1, 2]);
    vec![
        of([2, 2, 4, 4], [3, 2, 3, 3], Conv2d::new()),
        of([1, 2, 5, 4], [2, 2, 2, 3], uneven),
        of([2, 4, 3, 3], [4, 2, 2, 2], Conv2d::new().groups(2).padding(1)),
        of([1, 3, 2, 2], [6, 1, 1, 1], Conv2d::new().groups(3).stride(2)),
        of([1, 1, 7, 6], [2, 1, 2, 3], Conv2d::new().stride([3, 2]).padding([0, 2])),
        of([1, 2, 7, 7], [1, 2, 2, 2], Conv2d::new().stride(2).dilation(3).padding(1)),
        Example::new("conv2d", [Sample::real([1, 1, 3, 3], -1.0..1.0)], |_, x| {
            x[0].conv2d(x[0], Conv2d::new().padding(1))
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
        g.full([1, 4, 3, 3], 1.0).conv2d(g.full([3, 2, 1, 1], 1.0), Conv2d::new().groups(2));
    }

    #[test]
    #[should_panic(
        expected = "the window spans 5 positions of the height, and there are 4 with the padding"
    )]
    fn the_kernel_must_fit() {
        let g = Graph::new();
        let conv = Conv2d::new().dilation(2).padding([0, 3]);
        g.full([1, 1, 4, 4], 1.0).conv2d(g.full([1, 1, 3, 3], 1.0), conv);
    }
}
