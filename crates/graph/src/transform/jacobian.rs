//! Jacobians and Hessians as arrays.

use std::panic::Location;

use ndarray::{ArrayD, IxDyn};

use super::forward::Linearization;
use crate::{Gradient, GradientError, Graph, Shape, Value, Var};

/// The `i`-th of the arrays of this shape that are 1 at one position and 0 elsewhere.
fn unit<'g>(graph: &'g Graph, shape: &Shape, i: usize) -> Var<'g> {
    let mut numbers = vec![0.0; shape.size()];
    numbers[i] = 1.0;
    let array = ArrayD::from_shape_vec(IxDyn(shape), numbers).expect("as many as the shape holds");
    graph.constant(Value::<f64>::Real(array))
}

impl<'g> Gradient<'g> {
    /// Records the Jacobian of the output y with respect to `x`, of shape y.shape ++ x.shape: its
    /// element at (i, j) is ∂yᵢ/∂xⱼ. The cotangent is not used.
    ///
    /// It is built by rows in reverse mode or by columns in forward mode, whichever are fewer.
    ///
    /// # Errors
    /// If `x` has no differentiable path to the output.
    #[track_caller]
    pub fn jacobian(self, x: Var<'g>) -> Result<Var<'g>, GradientError> {
        let location = Location::caller();
        let (rows, columns) = (self.output.shape(), x.shape());
        let shape: Shape = rows.iter().chain(columns.iter()).copied().collect();
        let parts = if rows.size() <= columns.size() {
            self.rows(x, location)?
        } else {
            self.columns(x, location)?
        };
        if parts.is_empty() {
            return Ok(x.graph().full(shape, 0.0));
        }
        let axis = if rows.size() <= columns.size() { 0 } else { 1 };
        Ok(x.graph().stack(&parts, axis).reshape_to(shape))
    }

    fn rows(
        self,
        x: Var<'g>,
        location: &'static Location<'static>,
    ) -> Result<Vec<Var<'g>>, GradientError> {
        let shape = self.output.shape();
        let row = |i| Ok(self.pull_back(unit(x.graph(), &shape, i), &[x], location)?[0].flatten());
        (0..shape.size()).map(row).collect()
    }

    fn columns(
        self,
        x: Var<'g>,
        location: &'static Location<'static>,
    ) -> Result<Vec<Var<'g>>, GradientError> {
        let shape = x.shape();
        let linear = Linearization::new(self, &[x], location)?;
        let column = |j| linear.push(&[unit(x.graph(), &shape, j)]).flatten();
        Ok((0..shape.size()).map(column).collect())
    }

    /// Records the Hessian of the scalar output with respect to `x`, of shape x.shape ++ x.shape: its
    /// element at (i, j) is ∂²y/∂xᵢ∂xⱼ.
    ///
    /// # Errors
    /// If the gradient with respect to `x` cannot be taken.
    #[track_caller]
    pub fn hessian(self, x: Var<'g>) -> Result<Var<'g>, GradientError> {
        let gradient = self.with_respect_to(&[x])?[0];
        // Where the gradient is constant, its derivative is 0.
        Gradient::of(gradient).zeros_without_path().jacobian(x)
    }
}

impl<'g> Var<'g> {
    /// The Jacobian of this y with respect to `x`, of shape y.shape ++ x.shape: its element at
    /// (i, j) is ∂yᵢ/∂xⱼ. Built by rows or by columns, whichever are fewer.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, 2.0]);
    /// let y = g.stack(&[x.sum(), x.prod(), x.square().sum()], 0);
    /// let expected = array![[1.0, 1.0], [2.0, 1.0], [2.0, 4.0]];
    /// assert_eq!(y.jacobian(x).eval()?, expected.into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If this variable does not depend differentiably on `x`.
    #[track_caller]
    pub fn jacobian(self, x: Var<'g>) -> Var<'g> {
        match Gradient::of(self).jacobian(x) {
            Ok(jacobian) => jacobian,
            Err(error) => panic!("{error}"),
        }
    }

    /// The Hessian of this scalar with respect to `x`, of shape x.shape ++ x.shape. For products
    /// with it, [`hvp`](Var::hvp) is far cheaper.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, 2.0]);
    /// let cubes = (x * x * x).sum();
    /// assert_eq!(cubes.hessian(x).eval()?, array![[6.0, 0.0], [0.0, 12.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If this is not a real scalar, or does not depend differentiably on `x`.
    #[track_caller]
    pub fn hessian(self, x: Var<'g>) -> Var<'g> {
        match Gradient::of(self).hessian(x) {
            Ok(hessian) => hessian,
            Err(error) => panic!("{error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::array;

    #[test]
    fn rows_and_columns_make_the_same_jacobian() {
        let g = Graph::new();
        let a = g.constant(array![[1.0, -2.0, 0.5], [0.3, 0.7, -1.1]]);
        let (wide, tall) = (g.constant(array![0.2, 0.4, -0.6]), g.constant(array![0.9, -0.3]));
        // 2 outputs of 3 variables by rows; 3 outputs of 2 variables by columns.
        assert_eq!(a.matmul(wide).jacobian(wide).eval().unwrap(), a.eval().unwrap());
        assert_eq!(a.t().matmul(tall).jacobian(tall).eval().unwrap(), a.t().eval().unwrap());
        let matrix = a.square().jacobian(a);
        assert_eq!(matrix.shape(), [2, 3, 2, 3].into());
        assert_eq!(
            matrix.sum_over([2, 3]).eval().unwrap(),
            (2.0 * a).eval().unwrap(),
            "each element depends on itself alone"
        );
    }

    #[test]
    fn hessians_are_symmetric_and_of_linear_functions_zero() {
        let g = Graph::new();
        let x = g.constant(array![0.5, 1.5, -0.5]);
        let h = (x.prod() * x.sum().sin()).hessian(x);
        approx::assert_relative_eq!(h.eval().unwrap(), h.t().eval().unwrap(), epsilon = 1e-15);
        assert_eq!(x.sum().hessian(x).eval().unwrap(), ndarray::ArrayD::<f64>::zeros(vec![3, 3]));
    }

    #[test]
    fn empty_arrays_have_empty_jacobians() {
        let g = Graph::new();
        let x = g.full([0, 2], 1.0);
        assert_eq!(x.exp().jacobian(x).shape(), [0, 2, 0, 2].into());
        assert_eq!(x.sum().jacobian(x).shape(), [0, 2].into());
    }
}
