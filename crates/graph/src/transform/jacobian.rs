//! Jacobians, Hessians and Gauss–Newton matrices as arrays: linear maps applied to every unit vector, all at once.

use std::panic::Location;

use super::forward::Linearization;
use super::linear::Linear;
use super::product::pull_through;
use crate::{Gradient, GradientError, Shape, Var};

impl<'g> Gradient<'g> {
    /// Lets Jacobians, Hessians and Gauss–Newton matrices be computed so many rows (or columns, in forward mode) at a
    /// time: what stands in between has the size of so many gradients. By default all are computed at once.
    ///
    /// # Panics
    /// If it is 0.
    #[track_caller]
    pub fn chunk(self, rows: usize) -> Self {
        assert!(rows > 0, "chunk: at least one row is computed at a time, and 0 were asked for");
        Self { chunk: Some(rows), ..self }
    }

    /// Records the Jacobian of the output y with respect to `x`, of shape y.shape ++ x.shape: its
    /// element at (i, j) is ∂yᵢ/∂xⱼ. The cotangent is not used.
    ///
    /// # Errors
    /// If `x` has no differentiable path to the output.
    #[track_caller]
    pub fn jacobian(self, x: Var<'g>) -> Result<Var<'g>, GradientError> {
        let shape: Shape = self.output.shape().iter().chain(x.shape().iter()).copied().collect();
        Ok(self.jacobian_matrix(&[x])?.reshape_to(shape))
    }

    /// Records the Jacobian of the output y with respect to several variables: a matrix with a row for each element of y,
    /// and a column for each of the variables, one after the other, in row-major order. The cotangent is not used.
    ///
    /// It is built by rows in reverse mode or by columns in forward mode, whichever are fewer: one sweep over arrays of
    /// [all of them](Self::chunk) at once.
    ///
    /// ```
    /// use cotangent::{Gradient, Graph};
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let (w, b) = (g.constant(array![[1.0, 2.0]]), g.constant(array![0.5]));
    /// let y = w.matmul(g.constant(array![3.0, 4.0])) * b;
    /// let jacobian = Gradient::of(y).jacobian_matrix(&[w, b])?;
    /// assert_eq!(jacobian.eval()?, array![[1.5, 2.0, 11.0]].into_dyn());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If a variable has no differentiable path to the output.
    ///
    /// # Panics
    /// If no variable is given.
    #[track_caller]
    pub fn jacobian_matrix(self, variables: &[Var<'g>]) -> Result<Var<'g>, GradientError> {
        let location = Location::caller();
        let columns = variables.iter().map(|x| x.shape().size()).fold(0, usize::saturating_add);
        if self.output.shape().size() <= columns {
            let pull = |v: &[Var<'g>]| self.pull_back(v[0], variables, location);
            return Ok(Linear::of(&[self.output], &pull)?.matrix(self.chunk));
        }
        let linear = Linearization::new(self, variables, location)?;
        Ok(Linear::of(variables, &|t| Ok(vec![linear.push(t)]))?.matrix(self.chunk).t())
    }

    /// Records the Hessian of the scalar output with respect to `x`, of shape x.shape ++ x.shape: its
    /// element at (i, j) is ∂²y/∂xᵢ∂xⱼ.
    ///
    /// # Errors
    /// If the gradient with respect to `x` cannot be taken.
    #[track_caller]
    pub fn hessian(self, x: Var<'g>) -> Result<Var<'g>, GradientError> {
        let shape: Shape = x.shape().iter().chain(x.shape().iter()).copied().collect();
        Ok(self.hessian_matrix(&[x])?.reshape_to(shape))
    }

    /// Records the Hessian of the scalar output with respect to several variables together: a symmetric matrix with a row
    /// and a column for each of their elements, one variable after the other, in row-major order.
    ///
    /// ```
    /// use cotangent::{Gradient, Graph};
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let (x, y) = (g.constant(2.0), g.constant(array![3.0, 5.0]));
    /// let hessian = Gradient::of((x.square() * y).sum()).hessian_matrix(&[x, y])?;
    /// let expected = array![[16.0, 4.0, 4.0], [4.0, 0.0, 0.0], [4.0, 0.0, 0.0]];
    /// assert_eq!(hessian.eval()?, expected.into_dyn());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the gradient with respect to them cannot be taken.
    ///
    /// # Panics
    /// If no variable is given.
    #[track_caller]
    pub fn hessian_matrix(self, variables: &[Var<'g>]) -> Result<Var<'g>, GradientError> {
        let gradients = self.with_respect_to(variables)?;
        let product = |v: &[Var<'g>]| Ok(pull_through(&gradients, v, variables));
        Ok(Linear::of(variables, &product)?.matrix(self.chunk))
    }

    /// Records the Gauss–Newton matrix Jᵀ·H·J of the output, a loss of `prediction`, with respect to several variables
    /// together, laid out as [`hessian_matrix`](Self::hessian_matrix): see
    /// [`gauss_newton_product`](Self::gauss_newton_product), which applies it without forming it.
    ///
    /// # Errors
    /// If the loss does not depend on the prediction, or the prediction not on a variable.
    ///
    /// # Panics
    /// If no variable is given.
    #[track_caller]
    pub fn gauss_newton_matrix(
        self,
        prediction: Var<'g>,
        variables: &[Var<'g>],
    ) -> Result<Var<'g>, GradientError> {
        let product = |v: &[Var<'g>]| self.gauss_newton_product(prediction, variables, v);
        Ok(Linear::of(variables, &product)?.matrix(self.chunk))
    }
}

impl<'g> Var<'g> {
    /// The Jacobian of this y with respect to `x`, of shape y.shape ++ x.shape: its element at
    /// (i, j) is ∂yᵢ/∂xⱼ. Built by rows or by columns, whichever are fewer, all at once. For several variables see
    /// [`Gradient::jacobian_matrix`].
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
    use crate::{Gradient, Graph};
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
    fn matrices_of_several_variables_have_all_blocks_however_they_are_chunked() {
        let g = Graph::new();
        let w = g.constant(array![[0.3, -0.5, 0.1], [1.2, 0.4, -0.7]]);
        let b = g.constant(array![0.2, -0.1]);
        let x = g.constant(array![[1.0, 2.0], [-0.3, 0.8], [0.4, -1.1], [0.9, 0.5]]);
        let y = (x.matmul(w).tanh().sum_over(1).unsqueeze(1) * b).sin();
        let jacobian = Gradient::of(y).jacobian_matrix(&[w, b]).unwrap();
        let parts = [y.jacobian(w).reshape([8, 6]), y.jacobian(b).reshape([8, 2])];
        close(jacobian, g.concat(&parts, 1));
        let loss = Gradient::of(y.square().sum());
        let whole = loss.hessian_matrix(&[w, b]).unwrap();
        close(
            whole.slice_axis(0, 0..6).slice_axis(1, 0..6),
            y.square().sum().hessian(w).reshape([6, 6]),
        );
        close(whole, whole.t());
        // ℓ = Σ y², so that the Gauss–Newton matrix is 2·JᵀJ.
        let curved = loss.gauss_newton_matrix(y, &[w, b]).unwrap();
        close(curved, 2.0 * jacobian.t().matmul(jacobian));
        for rows in [1, 3, 8, 100] {
            let chunked = loss.chunk(rows).hessian_matrix(&[w, b]).unwrap();
            close(chunked, whole);
            close(Gradient::of(y).chunk(rows).jacobian_matrix(&[w, b]).unwrap(), jacobian);
        }
    }

    fn close(a: crate::Var<'_>, b: crate::Var<'_>) {
        approx::assert_relative_eq!(
            a.eval().unwrap(),
            b.eval().unwrap(),
            max_relative = 1e-12,
            epsilon = 1e-14
        );
    }

    #[test]
    fn empty_arrays_have_empty_jacobians() {
        let g = Graph::new();
        let x = g.full([0, 2], 1.0);
        assert_eq!(x.exp().jacobian(x).shape(), [0, 2, 0, 2].into());
        assert_eq!(x.sum().jacobian(x).shape(), [0, 2].into());
    }
}
