//! Products with second derivatives, which are never formed.

use std::panic::Location;

use super::forward::{Linearization, check_tangents};
use crate::gradient::{backpropagate, zeros};
use crate::{Gradient, GradientError, Var};

/// Pulls `vectors` back through `gradients` to `variables`: with gradients g of a scalar, Σ vᵀ∂g/∂x,
/// which is H·v, as H is symmetric. The vectors count as constant, whatever they depend on.
pub(super) fn pull_through<'g>(
    gradients: &[Var<'g>],
    vectors: &[Var<'g>],
    variables: &[Var<'g>],
) -> Vec<Var<'g>> {
    let seeds: Vec<_> = gradients.iter().copied().zip(vectors.iter().copied()).collect();
    let products = backpropagate(&seeds, variables).into_iter().zip(variables);
    products.map(|(product, &variable)| product.unwrap_or_else(|| zeros(variable))).collect()
}

impl<'g> Gradient<'g> {
    /// Records the Hessian-vector products H·v of the output, for the Hessian with respect to all of
    /// `variables` together: one result for each, in its shape. The Hessian is never formed; the cost
    /// is that of a second gradient.
    ///
    /// # Errors
    /// If the gradient cannot be taken ([`with_respect_to`](Self::with_respect_to)), or the vectors
    /// are not of the types of the variables.
    #[track_caller]
    pub fn hvp(
        self,
        variables: &[Var<'g>],
        vectors: &[Var<'g>],
    ) -> Result<Vec<Var<'g>>, GradientError> {
        check_tangents(variables, vectors, Location::caller())?;
        let gradients = self.with_respect_to(variables)?;
        Ok(pull_through(&gradients, vectors, variables))
    }

    /// Records the Gauss–Newton products Jᵀ·H·J·v of the output, a loss ℓ(y) of `prediction` y, with
    /// J = ∂y/∂x and H = ∂²ℓ/∂y². For a convex ℓ the matrix is positive semidefinite, and equals the
    /// Hessian where the residuals vanish.
    ///
    /// ```
    /// use cotangent::{Gradient, Graph};
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let (x, v) = (g.constant(array![1.0, 2.0]), g.constant(array![1.0, 10.0]));
    /// let y = x.square();
    /// let half = 0.5 * y.square().sum();
    /// let product = Gradient::of(half).gauss_newton_product(y, &[x], &[v])?[0];
    /// assert_eq!(product.eval()?, array![4.0, 160.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Errors
    /// If the loss does not depend on the prediction, the prediction not on a variable, or the
    /// vectors are not of the types of the variables.
    #[track_caller]
    pub fn gauss_newton_product(
        self,
        prediction: Var<'g>,
        variables: &[Var<'g>],
        vectors: &[Var<'g>],
    ) -> Result<Vec<Var<'g>>, GradientError> {
        let location = Location::caller();
        check_tangents(variables, vectors, location)?;
        let of_prediction = Gradient { output: prediction, cotangent: None, ..self };
        let moved = Linearization::new(of_prediction, variables, location)?.push(vectors);
        let slope = self.with_respect_to(&[prediction])?;
        let curved = pull_through(&slope, &[moved], &[prediction])[0];
        of_prediction.pull_back(curved, variables, location)
    }
}

impl<'g> Var<'g> {
    /// The Hessian-vector product H·v of this scalar with respect to `x`, without forming H.
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let x = g.constant(array![1.0, 2.0]);
    /// let v = g.constant(array![1.0, 10.0]);
    /// let cubes = (x * x * x).sum();
    /// assert_eq!(cubes.hvp(x, v).eval()?, array![6.0, 120.0].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If this is not a real scalar, does not depend differentiably on `x`, or `v` is not of the
    /// type of `x`.
    #[track_caller]
    pub fn hvp(self, x: Var<'g>, v: Var<'g>) -> Var<'g> {
        match Gradient::of(self).hvp(&[x], &[v]) {
            Ok(products) => products[0],
            Err(error) => panic!("{error}"),
        }
    }

    /// The Gauss–Newton product Jᵀ·H·J·v of this loss of `prediction` with respect to `x`: see
    /// [`Gradient::gauss_newton_product`].
    ///
    /// # Panics
    /// Where that errs.
    #[track_caller]
    pub fn gauss_newton_product(self, prediction: Var<'g>, x: Var<'g>, v: Var<'g>) -> Var<'g> {
        match Gradient::of(self).gauss_newton_product(prediction, &[x], &[v]) {
            Ok(products) => products[0],
            Err(error) => panic!("{error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Gradient, Graph};
    use ndarray::{ArrayD, array};

    fn close(a: ArrayD<f64>, b: ArrayD<f64>) {
        approx::assert_relative_eq!(a, b, max_relative = 1e-13, epsilon = 1e-14);
    }

    #[test]
    fn a_product_over_several_variables_has_the_mixed_blocks() {
        let g = Graph::new();
        let (x, y) = (g.constant(2.0), g.constant(3.0));
        let (v, w) = (g.constant(10.0), g.constant(100.0));
        // f = x²y: H = [[2y, 2x], [2x, 0]].
        let product = Gradient::of(x.square() * y).hvp(&[x, y], &[v, w]).unwrap();
        close(product[0].eval().unwrap(), ArrayD::from_elem(vec![], 460.0));
        close(product[1].eval().unwrap(), ArrayD::from_elem(vec![], 40.0));
    }

    #[test]
    fn the_gauss_newton_matrix_leaves_out_the_curvature_of_the_prediction() {
        let g = Graph::new();
        let w = g.constant(array![[0.3, -0.5], [1.2, 0.4]]);
        let x = g.constant(array![0.6, -0.8]);
        let v = g.constant(array![[1.0, 2.0], [-1.0, 0.5]]);
        let prediction = w.matmul(x).tanh();
        let loss = (prediction - g.constant(array![0.1, 0.9])).square().sum();
        let product = loss.gauss_newton_product(prediction, w, v);
        // ℓ = Σ(y − t)², so that H = 2·I.
        let expected = prediction.vjp(w, 2.0 * prediction.jvp(w, v));
        close(product.eval().unwrap(), expected.eval().unwrap());
        // A prediction that is linear has none to leave out.
        let linear = w.matmul(x);
        let loss = linear.logsumexp();
        let product = loss.gauss_newton_product(linear, w, v);
        close(product.eval().unwrap(), loss.hvp(w, v).eval().unwrap());
    }
}
