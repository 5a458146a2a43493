//! Kronecker products.

use super::super::registry::{Example, Sample};
use super::matrices;
use crate::{Var, misfit};

impl<'g> Var<'g> {
    /// The Kronecker product of each matrix A `[m, n]` over the last two axes with each B `[p, q]`: the matrix
    /// `[m·p, n·q]` of the blocks aᵢⱼ·B. The axes in front broadcast. (PyTorch's `kron` multiplies along all axes.)
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let (a, b) = (g.constant(array![[1.0, 2.0]]), g.constant(array![[1.0], [3.0]]));
    /// assert_eq!(a.kron(b).eval()?, array![[1.0, 2.0], [3.0, 6.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If one has fewer than two axes or elements that are not real, or the axes in front do not broadcast.
    #[track_caller]
    pub fn kron(self, other: Var<'g>) -> Var<'g> {
        let of = |what: &str, x: Var<'g>| match matrices(what, &x.ty()) {
            Ok(extents) => extents,
            Err(rule) => misfit("kron", rule, &[self, other]),
        };
        let (a, rows, columns) = of("the first factor", self);
        let (b, height, width) = of("the second factor", other);
        let Some(batch) = a.broadcast(&b) else {
            misfit("kron", "the axes before the last two do not broadcast", &[self, other])
        };
        let blocks = self.unsqueeze(-1).unsqueeze(-3) * other.unsqueeze(-2).unsqueeze(-4);
        blocks.reshape_to([&batch[..], &[rows * height, columns * width]].concat())
    }
}

pub(super) fn examples() -> Vec<Example> {
    let of = |a: &[usize], b: &[usize]| {
        let samples = [Sample::real(a, -1.0..1.0), Sample::real(b, -1.0..1.0)];
        Example::new("kron", samples, |_, x| x[0].kron(x[1]))
    };
    vec![of(&[2, 3], &[2, 1]), of(&[2, 1, 2, 1], &[3, 2, 2]), of(&[0, 2], &[1, 2])]
}
