//! What is minimised.

use super::MinimizeError;
use super::minimum::Evaluations;

/// A function f: ℝⁿ → ℝ with its gradient.
///
/// Closures `FnMut(&[f64], &mut [f64]) -> f64`, which write the gradient and answer the value, are
/// objectives; so are pairs of such a closure and one for [second derivatives](Hessian), and
/// functions recorded as graphs: [`Recorded`](crate::Recorded).
///
/// A value or a gradient that is not finite is no error: it says that the point is outside of where
/// the function is defined, and a minimizer takes a shorter step.
pub trait Objective {
    /// The number n of variables, where the objective knows it.
    fn dimension(&self) -> Option<usize> {
        None
    }

    /// The value at `x`; writes the gradient, as long as `x`.
    ///
    /// # Errors
    /// If the function cannot be evaluated at all.
    fn value_and_gradient(&mut self, x: &[f64], gradient: &mut [f64])
    -> Result<f64, MinimizeError>;
}

/// An objective that knows products with its Hessian H.
///
/// A pair of closures is one, if the second is `FnMut(&[f64], &[f64], &mut [f64])` and writes H·v
/// at x from x and v.
///
/// As for the whole [`Hessian`], whose example has one.
pub trait HessianProduct: Objective {
    /// Writes H·v at `x`.
    ///
    /// # Errors
    /// If the product cannot be evaluated at all.
    fn product(&mut self, x: &[f64], v: &[f64], product: &mut [f64]) -> Result<(), MinimizeError>;
}

/// An objective that knows its Hessian.
///
/// A pair of closures is one, if the second is `FnMut(&[f64], &mut [f64])` and writes the Hessian,
/// row after row.
///
/// ```
/// use cotangent::minimize::{Minimizer, Newton};
/// let value = |x: &[f64], g: &mut [f64]| {
///     (g[0], g[1]) = (2.0 * x[0], 20.0 * x[1]);
///     x[0] * x[0] + 10.0 * x[1] * x[1]
/// };
/// let hessian = |_: &[f64], h: &mut [f64]| h.copy_from_slice(&[2.0, 0.0, 0.0, 20.0]);
/// let minimum = Newton::new().minimize(&mut (value, hessian), &[1.0, 1.0])?;
/// assert!(minimum.x.iter().all(|x| x.abs() < 1e-9));
/// # Ok::<(), cotangent::minimize::MinimizeError>(())
/// ```
pub trait Hessian: Objective {
    /// Writes the n×n Hessian at `x`, row after row.
    ///
    /// # Errors
    /// If the Hessian cannot be evaluated at all.
    fn hessian(&mut self, x: &[f64], hessian: &mut [f64]) -> Result<(), MinimizeError>;
}

/// Residuals r: ℝⁿ → ℝᵐ with their Jacobian, of which ½‖r‖² is minimised.
///
/// From closures: [`ResidualFunctions`]; recorded as a graph:
/// [`RecordedResiduals`](crate::RecordedResiduals).
pub trait Residuals {
    /// The number n of variables, where the residuals know it.
    fn dimension(&self) -> Option<usize> {
        None
    }

    /// The number m of residuals.
    fn count(&self) -> usize;

    /// Writes the residuals at `x`.
    ///
    /// # Errors
    /// If they cannot be evaluated at all.
    fn residuals(&mut self, x: &[f64], residuals: &mut [f64]) -> Result<(), MinimizeError>;

    /// Writes the m×n Jacobian ∂rᵢ/∂xⱼ at `x`, row after row.
    ///
    /// # Errors
    /// If it cannot be evaluated at all.
    fn jacobian(&mut self, x: &[f64], jacobian: &mut [f64]) -> Result<(), MinimizeError>;
}

impl<F: FnMut(&[f64], &mut [f64]) -> f64> Objective for F {
    fn value_and_gradient(
        &mut self,
        x: &[f64],
        gradient: &mut [f64],
    ) -> Result<f64, MinimizeError> {
        Ok(self(x, gradient))
    }
}

impl<F: Objective, S> Objective for (F, S) {
    fn dimension(&self) -> Option<usize> {
        self.0.dimension()
    }

    fn value_and_gradient(
        &mut self,
        x: &[f64],
        gradient: &mut [f64],
    ) -> Result<f64, MinimizeError> {
        self.0.value_and_gradient(x, gradient)
    }
}

impl<F: Objective, S: FnMut(&[f64], &[f64], &mut [f64])> HessianProduct for (F, S) {
    fn product(&mut self, x: &[f64], v: &[f64], product: &mut [f64]) -> Result<(), MinimizeError> {
        self.1(x, v, product);
        Ok(())
    }
}

impl<F: Objective, S: FnMut(&[f64], &mut [f64])> Hessian for (F, S) {
    fn hessian(&mut self, x: &[f64], hessian: &mut [f64]) -> Result<(), MinimizeError> {
        self.1(x, hessian);
        Ok(())
    }
}

/// Residuals and their Jacobian as closures.
///
/// ```
/// use cotangent::minimize::{LevenbergMarquardt, Minimizer, ResidualFunctions};
/// // y = a·x through (1, 2) and (2, 4).
/// let residuals = |a: &[f64], r: &mut [f64]| (r[0], r[1]) = (a[0] - 2.0, 2.0 * a[0] - 4.0);
/// let jacobian = |_: &[f64], j: &mut [f64]| j.copy_from_slice(&[1.0, 2.0]);
/// let mut line = ResidualFunctions::new(2, residuals, jacobian);
/// let minimum = LevenbergMarquardt::new().minimize(&mut line, &[0.0])?;
/// assert!((minimum.x[0] - 2.0).abs() < 1e-9);
/// # Ok::<(), cotangent::minimize::MinimizeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ResidualFunctions<R, J> {
    count: usize,
    residuals: R,
    jacobian: J,
}

impl<R: FnMut(&[f64], &mut [f64]), J: FnMut(&[f64], &mut [f64])> ResidualFunctions<R, J> {
    /// `count` residuals, which the first closure writes; the second writes their Jacobian, row
    /// after row.
    pub fn new(count: usize, residuals: R, jacobian: J) -> Self {
        Self { count, residuals, jacobian }
    }
}

impl<R: FnMut(&[f64], &mut [f64]), J: FnMut(&[f64], &mut [f64])> Residuals
    for ResidualFunctions<R, J>
{
    fn count(&self) -> usize {
        self.count
    }

    fn residuals(&mut self, x: &[f64], residuals: &mut [f64]) -> Result<(), MinimizeError> {
        (self.residuals)(x, residuals);
        Ok(())
    }

    fn jacobian(&mut self, x: &[f64], jacobian: &mut [f64]) -> Result<(), MinimizeError> {
        (self.jacobian)(x, jacobian);
        Ok(())
    }
}

/// An objective whose evaluations are counted.
#[derive(Debug)]
pub(crate) struct Counted<'a, O: ?Sized> {
    objective: &'a mut O,
    pub evaluations: Evaluations,
}

impl<'a, O: ?Sized> Counted<'a, O> {
    pub fn new(objective: &'a mut O) -> Self {
        Self { objective, evaluations: Evaluations::default() }
    }
}

impl<O: Objective + ?Sized> Counted<'_, O> {
    pub fn value_and_gradient(
        &mut self,
        x: &[f64],
        gradient: &mut [f64],
    ) -> Result<f64, MinimizeError> {
        self.evaluations.functions += 1;
        self.evaluations.gradients += 1;
        self.objective.value_and_gradient(x, gradient)
    }
}

impl<O: HessianProduct + ?Sized> Counted<'_, O> {
    pub fn product(
        &mut self,
        x: &[f64],
        v: &[f64],
        product: &mut [f64],
    ) -> Result<(), MinimizeError> {
        self.evaluations.products += 1;
        self.objective.product(x, v, product)
    }
}

impl<O: Hessian + ?Sized> Counted<'_, O> {
    pub fn hessian(&mut self, x: &[f64], hessian: &mut [f64]) -> Result<(), MinimizeError> {
        self.evaluations.hessians += 1;
        self.objective.hessian(x, hessian)
    }
}

impl<O: Residuals + ?Sized> Counted<'_, O> {
    pub fn count(&self) -> usize {
        self.objective.count()
    }

    pub fn residuals(&mut self, x: &[f64], residuals: &mut [f64]) -> Result<(), MinimizeError> {
        self.evaluations.functions += 1;
        self.objective.residuals(x, residuals)
    }

    pub fn jacobian(&mut self, x: &[f64], jacobian: &mut [f64]) -> Result<(), MinimizeError> {
        self.evaluations.gradients += 1;
        self.objective.jacobian(x, jacobian)
    }
}
