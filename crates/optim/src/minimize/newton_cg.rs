//! Newton's method with products instead of the Hessian.

use super::error::{check_setting, check_start};
use super::krylov::Krylov;
use super::minimum::Evaluations;
use super::newton::{Gradients, ROUND_OFF, region};
use super::objective::Counted;
use super::stopping::stopping_methods;
use super::trust_region::{Model, Terrain, descend};
use super::vector::{largest, norm};
use super::{HessianProduct, MinimizeError, Minimizer, Minimum, Stopping};
use crate::Domain;

/// Truncated Newton: the trust-region step within the Krylov space of H and ∇f, which
/// Hessian-vector products alone span; H is never formed.
///
/// The space is that of the conjugate gradient method, here built by Lanczos's recurrence with its
/// vectors kept orthogonal, so that round-off takes nothing from it, and the step within it is exact,
/// on the boundary and for negative curvature too. It grows until the model's gradient has fallen to
/// min(½, ‖∇f‖)·‖∇f‖, which makes the convergence quadratic at the end. Where the gradient is small,
/// the curvature along a random direction's Krylov space decides whether it is a minimum. (Gould,
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
        Self { radius: None, products: 100, stopping: Stopping::default() }
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
        let small = self.stopping.gradient;
        let mut terrain = Truncated { gradients, products: self.products, small };
        descend(&mut terrain, x0, region, &self.stopping)
    }
}

struct Truncated<'a, O: ?Sized> {
    gradients: Gradients<'a, O>,
    products: usize,
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
        let size = norm(&gradient);
        let any = no_direction_in_particular(x.len());
        let small = largest(&gradient) <= self.small;
        let mut krylov = Krylov::new(if small { &any } else { &gradient });
        let enough = size * size.min(0.5);
        for _ in 0..self.products.min(x.len()) {
            let mut product = vec![0.0; x.len()];
            self.gradients.objective.product(x, krylov.last(), &mut product)?;
            let Some(grown) = krylov.grow(product) else { return Ok(None) };
            if !grown || !small && krylov.left() <= enough {
                break;
            }
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
        ROUND_OFF * value.abs()
    }

    fn evaluations(&self) -> Evaluations {
        self.gradients.objective.evaluations
    }
}

/// A vector that no structure of a problem is likely to be orthogonal to.
fn no_direction_in_particular(length: usize) -> Vec<f64> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    (1..=length).map(|i| (i as f64 * GOLDEN).fract() - 0.4).collect()
}
