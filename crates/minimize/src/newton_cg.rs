//! Newton's method with products instead of the Hessian.

use super::error::{check_setting, check_start};
use super::krylov::Krylov;
use super::minimum::Evaluations;
use super::newton::{FADE, Gradients, STALL, inverses, region};
use super::objective::Counted;
use super::stopping::{round_off, stopping_methods};
use super::trust_region::{Model, Terrain, descend};
use super::vector::{largest, norm};
use super::{HessianProduct, MinimizeError, Minimizer, Minimum, Stopping};
use graph::Domain;

/// Truncated Newton: the trust-region step within the Krylov space of H and ∇f, which
/// Hessian-vector products alone span; H is never formed.
///
/// The space is that of the conjugate gradient method, here built by Lanczos's recurrence with its
/// vectors kept orthogonal, so that round-off takes nothing from it, and the step within it is exact,
/// on the boundary and for negative curvature too. It grows until the model's gradient has fallen to
/// min(½, ‖∇f‖)·‖∇f‖, which makes the convergence quadratic at the end. Where the gradient is small,
/// the curvature along a random direction's Krylov space decides whether it is a minimum. Where the
/// space was all of ℝⁿ, H's diagonal is known from the products, and scales the variables from then
/// on, as for [`Newton`](super::Newton). (Gould,
/// Lucidi, Roma and Toint, SIAM J. Optimization 9, 1999; Nocedal and Wright, *Numerical
/// Optimization*, 2006, §7.1.)
#[derive(Clone, Debug, PartialEq)]
pub struct NewtonCg {
    radius: Option<f64>,
    products: usize,
    stopping: Stopping,
}

impl Default for NewtonCg {
    fn default() -> Self {
        Self { radius: None, products: 100, stopping: Stopping::with_stall(STALL) }
    }
}

impl NewtonCg {
    /// Truncated Newton with at most 100 products a step.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long the first step may be. Default: as long as the model has it, or 1 where that curves
    /// downwards.
    pub fn radius(self, radius: f64) -> Self {
        Self { radius: Some(radius), ..self }
    }

    /// At most as many products a step; as many vectors are kept.
    pub fn products(self, products: usize) -> Self {
        Self { products, ..self }
    }

    stopping_methods!();
}

impl<O: HessianProduct + ?Sized> Minimizer<O> for NewtonCg {
    fn minimize(&self, objective: &mut O, x0: &[f64]) -> Result<Minimum, MinimizeError> {
        self.stopping.validate("newton-cg")?;
        check_setting("newton-cg", "products", self.products as f64, Domain::AtLeastOne)?;
        let region = region("newton-cg", self.radius)?;
        check_start(x0, objective.dimension())?;
        let gradients = Gradients::new(Counted::new(objective), x0.len());
        let (small, scale) = (self.stopping.gradient, vec![0.0; x0.len()]);
        let mut terrain = Truncated { gradients, products: self.products, scale, small };
        descend(&mut terrain, x0, region, &self.stopping)
    }
}

struct Truncated<'a, O: ?Sized> {
    gradients: Gradients<'a, O>,
    products: usize,
    /// √|Hᵢᵢ|, the largest of late, once a space was the whole space, so that its products say what H
    /// is; 0 before.
    scale: Vec<f64>,
    /// The gradient norm from which on the curvature alone is of interest.
    small: f64,
}

impl<O: HessianProduct + ?Sized> Terrain for Truncated<'_, O> {
    fn trial(&mut self, x: &[f64]) -> Result<f64, MinimizeError> {
        self.gradients.trial(x)
    }

    fn exchange(&mut self) {
        self.gradients.exchange();
    }

    fn model(&mut self, x: &[f64]) -> Result<Option<Model>, MinimizeError> {
        let gradient = self.gradients.here.clone();
        let small = largest(&gradient) <= self.small;
        let start = if small { no_direction_in_particular(x.len()) } else { gradient.clone() };
        let unscaled = largest(&self.scale) == 0.0;
        let Some(mut krylov) = self.explore(x, &start, small)? else { return Ok(None) };
        self.learn(&krylov);
        if unscaled && largest(&self.scale) > 0.0 {
            let Some(scaled) = self.explore(x, &start, small)? else { return Ok(None) };
            krylov = scaled;
        }
        Ok(Some(krylov.model(&gradient)))
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

impl<O: HessianProduct + ?Sized> Truncated<'_, O> {
    /// The Krylov space of a start; `None` if a product is not finite.
    fn explore(
        &mut self,
        x: &[f64],
        start: &[f64],
        small: bool,
    ) -> Result<Option<Krylov>, MinimizeError> {
        let mut krylov = Krylov::new(start, inverses(&self.scale));
        let size = norm(start);
        let enough = krylov.size() * size.min(0.5);
        for _ in 0..self.products.min(x.len()) {
            let mut product = vec![0.0; x.len()];
            self.gradients.objective.product(x, &krylov.last(), &mut product)?;
            let Some(grown) = krylov.grow(&product) else { return Ok(None) };
            if !grown || !small && krylov.left() <= enough {
                break;
            }
        }
        Ok(Some(krylov))
    }

    /// Takes the scale from the Hessian's diagonal, if that is known.
    fn learn(&mut self, krylov: &Krylov) {
        let Some(diagonal) = krylov.diagonal() else { return };
        for (scale, curvature) in self.scale.iter_mut().zip(diagonal) {
            *scale = (FADE * *scale).max(curvature.abs().sqrt());
        }
    }
}

/// A vector that no structure of a problem is likely to be orthogonal to.
fn no_direction_in_particular(length: usize) -> Vec<f64> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    (1..=length).map(|i| (i as f64 * GOLDEN).fract() - 0.4).collect()
}
