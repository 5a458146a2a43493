//! How much is added at both ends of an axis.

use graph::ops::Sizes;

/// How many positions a convolutional layer adds at both ends of each axis.
///
/// Made of a number for all axes, or of a list with one for each; or one of two names.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::{Conv2d, conv::Padding};
///
/// let mut params = Params::seeded(0);
/// let conv = Conv2d::new(3, 8, [3, 4]).padding(Padding::Same).build(&mut params.root(), "conv1");
/// let g = Graph::new();
/// assert_eq!(conv.forward(g.input("x", [1, 3, 9, 9])).shape(), [1, 8, 9, 9].into());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding<const N: usize> {
    /// So many at each end.
    Of([usize; N]),
    /// As many as leave the extent as it is, with stride 1; where they are odd in number, one more at the
    /// end than at the beginning (PyTorch's `"same"`).
    Same,
    /// None (PyTorch's `"valid"`).
    Valid,
}

impl<const N: usize> From<usize> for Padding<N> {
    fn from(all: usize) -> Self {
        Padding::Of([all; N])
    }
}

impl<const N: usize> From<[usize; N]> for Padding<N> {
    fn from(each: [usize; N]) -> Self {
        Padding::Of(each)
    }
}

impl<const N: usize> From<Sizes<N>> for Padding<N> {
    fn from(Sizes(each): Sizes<N>) -> Self {
        Padding::Of(each)
    }
}

impl<const N: usize> Padding<N> {
    /// The positions before and after each axis.
    pub(super) fn border(self, kernel: [usize; N], dilation: [usize; N]) -> [(usize, usize); N] {
        std::array::from_fn(|axis| match self {
            Padding::Of(padding) => (padding[axis], padding[axis]),
            Padding::Same => {
                let all = dilation[axis].saturating_mul(kernel[axis].saturating_sub(1));
                (all / 2, all - all / 2)
            }
            Padding::Valid => (0, 0),
        })
    }
}
