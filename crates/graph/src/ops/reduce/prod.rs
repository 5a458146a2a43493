//! Products.

use super::{Along, Reduction};
use crate::gradient::zeros;
use crate::ops::registry::{Example, reduction};
use crate::{Axes, FoldWord, Scalar, Var, composed};

/// Π x. Cotangent: v times the product of the other factors.
///
/// That product is not y/x, which fails at 0: the reverse rule writes the product as a balanced
/// tree of multiplications, and differentiates the tree, in O(n log n).
///
/// Recorded by [`Var::prod_over`](crate::Var::prod_over).
#[derive(Clone, Debug, PartialEq)]
pub struct Prod;

impl Reduction for Prod {
    const NAME: &'static str = "prod";
    fn eval<T: Scalar>(&self, lane: &[T]) -> T {
        lane.iter().copied().fold(T::one(), |a, b| a * b)
    }
    fn vjp<'g>(&self, along: &Along<'g>, _: Var<'g>, v: Var<'g>) -> Var<'g> {
        let shape = along.x.shape();
        let axes = along.axes.resolve(shape.rank()).expect("the shape rule checked the axes");
        let tree = |x: &[Var<'g>]| axes.into_iter().fold(x[0], product_tree);
        // No path leads from a product of no factors.
        composed(&[along.x], v, tree)[0].unwrap_or_else(|| zeros(along.x))
    }
    fn word(&self) -> Option<FoldWord> {
        Some(FoldWord::Prod)
    }
}

/// The product along one axis, kept with extent 1, as multiplications of halves.
fn product_tree(x: Var<'_>, axis: usize) -> Var<'_> {
    let extent = x.shape()[axis];
    let part = |from: usize, to: usize| x.slice_axis(axis as isize, from..to);
    match extent {
        0 => x.graph().full(x.shape().with(axis, 1), 1.0),
        1 => x,
        _ => {
            let half = extent / 2;
            let product = part(0, half) * part(half, 2 * half);
            match extent % 2 {
                0 => product_tree(product, axis),
                _ => product_tree(product, axis) * part(extent - 1, extent),
            }
        }
    }
}

impl Prod {
    /// Records it; not generic, and so compiled here.
    #[track_caller]
    fn of(x: Var<'_>, axes: Axes) -> Var<'_> {
        x.fold(Prod, axes)
    }
}

impl<'g> Var<'g> {
    /// The product of all elements; 1 for none.
    ///
    /// Any shape in, a scalar out.
    ///
    /// # Panics
    /// If the elements are not real.
    #[track_caller]
    pub fn prod(self) -> Var<'g> {
        self.fold(Prod, ..)
    }

    /// The product along some axes.
    ///
    /// The axes are dropped from the shape, or stay with extent 1 under [`keep`](crate::keep).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 3.0], [2.0, 2.0]]);
    /// assert_eq!(x.prod_over(1).eval()?, array![3.0, 4.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, or an axis does not exist or is named twice.
    #[track_caller]
    pub fn prod_over(self, axes: impl Into<Axes>) -> Var<'g> {
        Prod::of(self, axes.into())
    }
}

pub(super) fn examples() -> Vec<Example> {
    reduction("prod", 0.5..1.5, |x, axes| x.prod_over(axes))
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn zeros_are_factors_like_others() {
        let g = Graph::new();
        let x = g.constant(array![[2.0, 3.0, 4.0], [2.0, 0.0, 4.0], [0.0, 0.0, 4.0]]);
        let dx = x.prod_over(1).sum().grad(x);
        let expected = array![[12.0, 8.0, 6.0], [0.0, 8.0, 0.0], [0.0, 0.0, 0.0]];
        assert_eq!(dx.eval().unwrap(), expected.into_dyn());
        let second = dx.slice_axis(1, 0..1).sum().grad(x);
        let expected = array![[0.0, 4.0, 3.0], [0.0, 4.0, 0.0], [0.0, 4.0, 0.0]];
        assert_eq!(second.eval().unwrap(), expected.into_dyn());
    }
}
