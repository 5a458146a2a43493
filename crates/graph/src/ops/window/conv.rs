//! Convolution.

use ndarray::{ArrayViewD, Dimension};
use smallvec::smallvec;

use super::super::registry::{Example, Sample};
use super::{Pair, Window};
use crate::error::{exactly, expect_kind};
use crate::{Args, Cotangents, Kind, Operation, Out, RunResult, Scalar, Type, Var, composed};

/// The cross-correlation yₙₒᵢⱼ = Σ w(o, c, k, l)·x(n, c, i·s + k·d − p, j·s + l·d − p) of images
/// [N, C, H, W] with kernels [O, C/groups, height, width], for stride s, dilation d and padding p: what
/// deep learning calls a convolution. With groups, each part of the output channels sees its own part
/// of the input channels. The padding takes part in no product, so that an infinite number of a kernel
/// says nothing where it looks at padding.
///
/// It is the product of the matrix of kernels with that of all windows (Chellapilla, Puri and Simard,
/// "High performance convolutional neural networks for document processing", 2006): the compiler runs
/// it so, and the reverse rule differentiates that product.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv2d {
    stride: [usize; 2],
    padding: [usize; 2],
    dilation: [usize; 2],
    groups: usize,
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

    /// How many positions are added before and after, along height and width.
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

    /// As a product of matrices.
    fn product<'g>(&self, x: Var<'g>, w: Var<'g>) -> Var<'g> {
        let (shape, kernels) = (x.shape(), w.shape());
        let &[samples, ..] = &*shape else { unreachable!("the shape rule checked the axes") };
        let &[outputs, channels, height, width] = &*kernels else {
            unreachable!("the shape rule checked the axes")
        };
        let depth = channels * height * width;
        let windows = x.unfold2d(self.window([height, width]));
        let &[.., rows, columns] = &*windows.shape() else { unreachable!("windows have six axes") };
        let windows = windows.reshape_to([samples, self.groups, depth, rows * columns]);
        let kernels = w.reshape_to([self.groups, outputs / self.groups, depth]);
        kernels.matmul(windows).reshape_to([samples, outputs, rows, columns])
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
        composed(inputs, v, |inputs| self.product(inputs[0], inputs[1]))
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        self.by_definition(&args.real(0), &args.real(1), out);
        Ok(())
    }
    fn expand<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        let (x, w) = (inputs[0], inputs[1]);
        let product = self.product(x, w);
        if self.padding == [0; 2] {
            return Some(product);
        }
        Some(x.graph().apply(WithoutPadding(self.clone()), &[product, x, w]))
    }
}

impl Conv2d {
    /// The sum of the definition, one number after the other.
    fn by_definition<T: Scalar>(
        &self,
        x: &ArrayViewD<'_, T>,
        w: &ArrayViewD<'_, T>,
        out: &mut Out<'_, T>,
    ) {
        let (shape, kernels) = (x.shape(), w.shape());
        let window = self.window([kernels[2], kernels[3]]);
        let of_group = (kernels[0] / self.groups).max(1);
        for (place, y) in out.real().indexed_iter_mut() {
            let &[n, o, i, j] = place.slice() else { unreachable!("four axes") };
            let first = o / of_group * kernels[1];
            let mut sum = T::zero();
            for k in 0..kernels[2] {
                let Some(row) = window.source(0, shape[2], i, k) else { continue };
                for l in 0..kernels[3] {
                    let Some(column) = window.source(1, shape[3], j, l) else { continue };
                    for c in 0..kernels[1] {
                        sum += w[[o, c, k, l]] * x[[n, first + c, row, column]];
                    }
                }
            }
            *y = sum;
        }
    }
}

/// A convolution from its product of matrices, in which the padding stands as zeros: the same, unless
/// a number of the kernels is not finite, whose product with such a zero would be NaN. The sum of the
/// definition counts then. Inputs: the product, the images and the kernels. The cotangent goes to the
/// product, which is computed from the others.
#[derive(Clone, Debug, PartialEq)]
struct WithoutPadding(Conv2d);

impl Operation for WithoutPadding {
    fn name(&self) -> &'static str {
        "without_padding"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [product, ..] = exactly::<3>(inputs)?;
        Ok(product.clone())
    }
    fn vjp<'g>(&self, _: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        smallvec![Some(v), None, None]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let kernels = args.real(2);
        if kernels.iter().all(|w| w.is_finite()) {
            out.real().assign(&args.real(0));
        } else {
            self.0.by_definition(&args.real(1), &kernels, out);
        }
        Ok(())
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
