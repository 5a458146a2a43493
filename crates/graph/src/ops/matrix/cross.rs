//! Products of vectors in space.

use super::super::registry::{Example, Sample};
use crate::{Var, misfit};

impl<'g> Var<'g> {
    /// The vector product a × b = (a₂b₃ − a₃b₂, a₃b₁ − a₁b₃, a₁b₂ − a₂b₁) of the vectors along the last axis (PyTorch's
    /// `linalg.cross`). The axes in front broadcast.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let (a, b) = (g.constant(array![1.0, 0.0, 0.0]), g.constant(array![0.0, 2.0, 3.0]));
    /// assert_eq!(a.cross(b).eval()?, array![0.0, -3.0, 2.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If they are not real, the last axes have not extent 3, or the axes in front do not broadcast.
    #[track_caller]
    pub fn cross(self, other: Var<'g>) -> Var<'g> {
        if [self, other].iter().any(|x| x.shape().last() != Some(&3) || !x.is_real()) {
            misfit("cross", "takes vectors of 3 reals along the last axis", &[self, other]);
        }
        // The vectors turned by one place, and by two.
        let turned = |x: Var<'g>| x.roll(-1, -1);
        let (a, b) = (turned(self), turned(other));
        a * turned(b) - turned(a) * b
    }
}

pub(super) fn examples() -> Vec<Example> {
    let samples = [Sample::real([2, 1, 3], -2.0..2.0), Sample::real([2, 3], -2.0..2.0)];
    vec![Example::new("concat", samples, |_, x| x[0].cross(x[1]))]
}
