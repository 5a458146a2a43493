//! Newton's method.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

use super::error::{check_setting, check_start};
use super::minimum::Evaluations;
use super::objective::Counted;
use super::spectrum::Spectrum;
use super::stopping::{round_off, stopping_methods};
use super::trust_region::{Model, Region, Terrain, descend};
use super::vector::{all_finite, largest};
use super::{Hessian, MinimizeError, Minimizer, Minimum, Stopping};
use graph::Domain;

/// Newton's method in a trust region: the step that minimises the quadratic model of f, of all that
/// are short enough.
///
/// The step is exact, from the eigenvalues of the Hessian, which may have any signs: along a
/// direction that curves downwards it goes to the boundary of the region, so that a saddle point is
/// left, even one where the gradient is 0. On a convex quadratic it ends after one step. The
/// variables are scaled by the square roots of the Hessian's diagonal, the largest of late. (Moré and
/// Sorensen, SIAM J. Scientific and Statistical Computing 4, 1983.)
///
/// ```
/// use cotangent::minimize::{Minimizer, Newton};
/// // x⁴/4 − x²/2 + y²/2 has a saddle at 0, with minima of −¼ at x = ±1.
/// let f = |x: &[f64], g: &mut [f64]| {
///     (g[0], g[1]) = (x[0].powi(3) - x[0], x[1]);
///     x[0].powi(4) / 4.0 - x[0] * x[0] / 2.0 + x[1] * x[1] / 2.0
/// };
/// let hessian = |x: &[f64], h: &mut [f64]| {
///     h.copy_from_slice(&[3.0 * x[0] * x[0] - 1.0, 0.0, 0.0, 1.0]);
/// };
/// let minimum = Newton::new().minimize(&mut (f, hessian), &[0.0, 1.0])?;
/// assert!((minimum.value + 0.25).abs() < 1e-12);
/// # Ok::<(), cotangent::minimize::MinimizeError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Newton {
    radius: Option<f64>,
    stopping: Stopping,
}

/// The stall tolerance of the methods of second order.
pub(super) const STALL: f64 = 1e-4;

impl Default for Newton {
    fn default() -> Self {
        Self { radius: None, stopping: Stopping::with_stall(STALL) }
    }
}

impl Newton {
    /// Newton's method.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long the first step may be, in scaled variables. Default: as long as the model has it, or
    /// 1 where that curves downwards.
    pub fn radius(self, radius: f64) -> Self {
        Self { radius: Some(radius), ..self }
    }

    stopping_methods!();
}

/// The region to begin with, if the radius is one.
pub(super) fn region(of: &'static str, radius: Option<f64>) -> Result<Region, MinimizeError> {
    let Some(radius) = radius else { return Ok(Region::Steps(1.0)) };
    check_setting(of, "radius", radius, Domain::Positive)?;
    Ok(Region::Radius(radius))
}

impl<O: Hessian + ?Sized> Minimizer<O> for Newton {
    fn minimize(&self, objective: &mut O, x0: &[f64]) -> Result<Minimum, MinimizeError> {
        self.stopping.validate("newton")?;
        let region = region("newton", self.radius)?;
        check_start(x0, objective.dimension())?;
        let gradients = Gradients::new(Counted::new(objective), x0.len());
        let mut terrain = Quadratic { gradients, scale: vec![0.0; x0.len()] };
        descend(&mut terrain, x0, region, &self.stopping)
    }
}

/// An objective with the gradients at the point and at the last trial.
pub(super) struct Gradients<'a, O: ?Sized> {
    pub objective: Counted<'a, O>,
    pub here: Vec<f64>,
    there: Vec<f64>,
}

impl<'a, O: super::Objective + ?Sized> Gradients<'a, O> {
    pub fn new(objective: Counted<'a, O>, variables: usize) -> Self {
        Self { objective, here: vec![0.0; variables], there: vec![0.0; variables] }
    }

    pub fn trial(&mut self, x: &[f64]) -> Result<f64, MinimizeError> {
        let value = self.objective.value_and_gradient(x, &mut self.there)?;
        Ok(if all_finite(&self.there) { value } else { f64::NAN })
    }

    pub fn exchange(&mut self) {
        std::mem::swap(&mut self.here, &mut self.there);
    }
}

struct Quadratic<'a, O: ?Sized> {
    gradients: Gradients<'a, O>,
    /// √|Hᵢᵢ|, the largest of late.
    scale: Vec<f64>,
}

impl<O: Hessian + ?Sized> Terrain for Quadratic<'_, O> {
    fn trial(&mut self, x: &[f64]) -> Result<f64, MinimizeError> {
        self.gradients.trial(x)
    }

    fn exchange(&mut self) {
        self.gradients.exchange();
    }

    fn model(&mut self, x: &[f64]) -> Result<Option<Model>, MinimizeError> {
        let n = x.len();
        let mut hessian = vec![0.0; n * n];
        self.gradients.objective.hessian(x, &mut hessian)?;
        if !all_finite(&hessian) {
            return Ok(None);
        }
        for (i, scale) in self.scale.iter_mut().enumerate() {
            *scale = (FADE * *scale).max(hessian[i * n + i].abs().sqrt());
        }
        let inverse = inverses(&self.scale);
        let scaled = DMatrix::from_fn(n, n, |i, j| {
            0.5 * (hessian[i * n + j] + hessian[j * n + i]) * inverse[i] * inverse[j]
        });
        let SymmetricEigen { eigenvectors, eigenvalues } = SymmetricEigen::new(scaled);
        let slopes = self.gradients.here.iter().zip(&inverse).map(|(g, s)| g * s);
        let slopes = eigenvectors.tr_mul(&DVector::from_iterator(n, slopes));
        let spectrum = Spectrum::new(eigenvalues.as_slice().to_vec(), slopes.as_slice().to_vec());
        let basis = scale_rows(eigenvectors, &inverse);
        Ok(Some(Model { spectrum, basis }))
    }

    fn stationarity(&self) -> f64 {
        largest(&self.gradients.here)
    }

    fn gradient_norm(&self) -> f64 {
        largest(&self.gradients.here)
    }

    fn round_off(&self, value: f64) -> f64 {
        round_off(value)
    }

    fn evaluations(&self) -> Evaluations {
        self.gradients.objective.evaluations
    }
}

/// What is left of the scale of a variable after each step where its curvature has become smaller:
/// steep places far away do not count for ever.
pub(super) const FADE: f64 = 0.8;
/// The smallest scale that counts, relative to the largest.
const NEGLIGIBLE: f64 = 1e-10;

/// 1/dᵢ; a scale that is 0 or next to it is that of the largest, or 1 if all are 0.
pub(super) fn inverses(scale: &[f64]) -> Vec<f64> {
    let most = largest(scale);
    let other = if most > 0.0 { most } else { 1.0 };
    scale.iter().map(|&d| if d > NEGLIGIBLE * most { 1.0 / d } else { 1.0 / other }).collect()
}

pub(super) fn scale_rows(mut matrix: DMatrix<f64>, scale: &[f64]) -> DMatrix<f64> {
    for (mut row, scale) in matrix.row_iter_mut().zip(scale) {
        row *= *scale;
    }
    matrix
}
