//! Differences of neighbours, and integrals of what lies between them.

use super::super::registry::{Example, Sample, shaped};
use crate::shape::resolve_axis;
use crate::{Shape, Var, misfit};

impl<'g> Var<'g> {
    /// The difference of each element to the one before it along an axis, xᵢ₊₁ − xᵢ, of which there is one less (numpy's and
    /// PyTorch's `diff`).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, 4.0, 9.0, 16.0]);
    /// assert_eq!(x.diff(0).eval()?, array![3.0, 5.0, 7.0].into_dyn());
    /// assert_eq!(x.diff(0).diff(0).eval()?, array![2.0, 2.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If this is not real, there is no such axis, or it has no element.
    #[track_caller]
    pub fn diff(self, axis: isize) -> Var<'g> {
        let [before, after] = neighbours("diff", self, axis);
        after - before
    }

    /// The integral along an axis of what is linear between the elements yᵢ at the places xᵢ, Σ (xᵢ₊₁ − xᵢ)·(yᵢ₊₁ + yᵢ)/2: the
    /// trapezoidal rule (numpy's and PyTorch's `trapezoid`). Places broadcast against the elements, of which they lie along
    /// the same axis; of elements a distance h apart, `g.arange(n).to_real() * h`.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let (y, x) = (g.constant(array![0.0, 1.0, 3.0]), g.constant(array![0.0, 1.0, 3.0]));
    /// assert_eq!(y.trapezoid(x, 0).eval()?[[]], 4.5);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If they are not real or do not broadcast, the places broadcast along the axis, there is no such axis, or it has no
    /// element.
    #[track_caller]
    pub fn trapezoid(self, x: Var<'g>, axis: isize) -> Var<'g> {
        let from_last = match resolve_axis(axis, self.rank()) {
            Ok(axis) => axis as isize - self.rank() as isize,
            Err(rule) => misfit("trapezoid", rule, &[self, x]),
        };
        let extent = |of: Var<'g>| {
            let shape: Shape = of.shape();
            shape.rank().checked_add_signed(from_last).map(|axis| shape[axis])
        };
        if extent(self) != extent(x) {
            let rule = "each element along the axis must have a place";
            misfit("trapezoid", rule, &[self, x]);
        }
        let [before, after] = neighbours("trapezoid", self, from_last);
        (x.diff(from_last) * (before + after)).sum_over(from_last) * 0.5
    }
}

/// All elements along an axis but the last, and all but the first.
#[track_caller]
fn neighbours<'g>(name: &str, x: Var<'g>, axis: isize) -> [Var<'g>; 2] {
    let extent = match resolve_axis(axis, x.rank()) {
        Ok(axis) => x.shape()[axis],
        Err(rule) => misfit(name, rule, &[x]),
    };
    if extent == 0 || !x.is_real() {
        misfit(name, "takes reals with an element along the axis", &[x]);
    }
    [x.slice_axis(axis, ..extent - 1), x.slice_axis(axis, 1..)]
}

pub(super) fn examples() -> Vec<Example> {
    let pair = [Sample::real([2, 3], -2.0..2.0), Sample::real([3], -2.0..2.0)];
    vec![
        shaped("slice", [2, 3, 2], |x| x.square().diff(1)),
        shaped("slice", [1], |x| x.diff(0)),
        Example::new("slice", pair, |_, x| x[0].trapezoid(x[1], -1)),
    ]
}
