//! Windows that move over the last two axes: convolution and pooling.

mod conv;
mod pool;
mod transposed;
mod unfold;

pub use conv::Conv2d;
pub use pool::{Divisor, MaxPool2d};

use super::registry::Example;
use crate::error::expect_kind;
use crate::{Kind, Shape, Type};

/// How a window moves over the last two axes of an array, the height and the width. Everything is
/// given for both at once by a number, or for each by two.
///
/// ```
/// use cotangent::{Graph, ops::Window};
/// let g = Graph::new();
/// let image = g.full([1, 3, 8, 8], 1.0);
/// assert_eq!(image.max_pool2d(Window::new(2)).shape(), [1, 3, 4, 4].into());
/// let window = Window::new([3, 1]).stride(1).padding([1, 0]);
/// assert_eq!(image.max_pool2d(window).shape(), [1, 3, 8, 8].into());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    dilation: [usize; 2],
}

impl Window {
    /// A window of this height and width, which moves by its own size over the array itself.
    pub fn new(kernel: impl Into<Pair>) -> Self {
        let Pair(kernel) = kernel.into();
        Self { kernel, stride: kernel, padding: [0; 2], dilation: [1; 2] }
    }

    /// How far the window moves at a time.
    pub fn stride(self, stride: impl Into<Pair>) -> Self {
        Self { stride: stride.into().0, ..self }
    }

    /// How many positions are added before and after the array.
    pub fn padding(self, padding: impl Into<Pair>) -> Self {
        Self { padding: padding.into().0, ..self }
    }

    /// How far the positions of the window are apart.
    pub fn dilation(self, dilation: impl Into<Pair>) -> Self {
        Self { dilation: dilation.into().0, ..self }
    }

    /// The number of windows along height and width; the error is the rule that was broken.
    fn counts(&self, extents: [usize; 2]) -> Result<[usize; 2], String> {
        Ok([self.count(0, extents[0])?, self.count(1, extents[1])?])
    }

    fn count(&self, axis: usize, extent: usize) -> Result<usize, String> {
        let name = ["height", "width"][axis];
        let sizes = [self.kernel[axis], self.stride[axis], self.dilation[axis]];
        if sizes.contains(&0) {
            let [kernel, stride, dilation] = sizes;
            return Err(format!(
                "kernel, stride and dilation must be at least 1, and along the {name} are {kernel}, \
                 {stride} and {dilation}"
            ));
        }
        // What is too large to be counted has no shape either.
        let span = self.dilation[axis].saturating_mul(self.kernel[axis] - 1).saturating_add(1);
        let padded = self.padding[axis].saturating_mul(2).saturating_add(extent);
        match padded.checked_sub(span) {
            Some(room) => Ok((room / self.stride[axis]).saturating_add(1)),
            None => Err(format!(
                "the window spans {span} positions of the {name}, and there are {padded} with the \
                 padding"
            )),
        }
    }

    /// The position along an axis that element `k` of window `i` looks at; none in the padding.
    fn source(&self, axis: usize, extent: usize, i: usize, k: usize) -> Option<usize> {
        let padded = i * self.stride[axis] + k * self.dilation[axis];
        padded.checked_sub(self.padding[axis]).filter(|&position| position < extent)
    }
}

/// A number for the height and one for the width.
///
/// A [`Window`] is made of pairs; its example shows one number for both, and two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair(pub [usize; 2]);

impl From<usize> for Pair {
    fn from(both: usize) -> Self {
        Self([both; 2])
    }
}

impl From<[usize; 2]> for Pair {
    fn from(each: [usize; 2]) -> Self {
        Self(each)
    }
}

/// The rule for planes: the axes in front, and height and width.
fn plane(x: &Type) -> Result<(Shape, [usize; 2]), String> {
    expect_kind("the argument", x.kind, Kind::Real)?;
    match &*x.shape {
        [batch @ .., height, width] => Ok((batch.into(), [*height, *width])),
        _ => Err("the argument must have at least two axes: height and width".to_owned()),
    }
}

pub(super) fn examples() -> Vec<Example> {
    [conv::examples(), pool::examples(), unfold::examples()].concat()
}
