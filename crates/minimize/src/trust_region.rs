//! What the methods of second order share: a quadratic model, trusted within a region.

use nalgebra::{DMatrix, DVector};

use super::error::check_at_start;
use super::minimum::{Evaluations, Iterate};
use super::spectrum::Spectrum;
use super::stopping::{Made, Progress};
use super::vector::{add_scaled, difference, norm};
use super::{MinimizeError, Minimum, Stop, Stopping};

/// What a trust region moves over.
pub(crate) trait Terrain {
    /// The value at a trial point, where everything may still be not finite.
    fn trial(&mut self, x: &[f64]) -> Result<f64, MinimizeError>;

    /// Exchanges the point and the last trial.
    fn exchange(&mut self);

    /// The model at the point; `None` if a derivative is not finite there, or its factors are not found.
    fn model(&mut self, x: &[f64]) -> Result<Option<Model>, MinimizeError>;

    /// What must be small at a minimum, after the model was made.
    fn stationarity(&self) -> f64;

    /// ‖∇f‖∞ at the point, after the model was made.
    fn gradient_norm(&self) -> f64;

    /// How large a change of the value round-off alone may make.
    fn round_off(&self, value: f64) -> f64;

    fn evaluations(&self) -> Evaluations;
}

/// A quadratic model around a point.
pub(crate) struct Model {
    pub spectrum: Spectrum,
    /// The eigenvectors as columns: they lead from the model's coordinates to those of the point.
    pub basis: DMatrix<f64>,
}

impl Model {
    fn place(&self, x: &[f64], coordinates: &[f64]) -> Vec<f64> {
        let mut place = x.to_vec();
        let step = &self.basis * DVector::from_column_slice(coordinates);
        add_scaled(&mut place, 1.0, step.as_slice());
        place
    }
}

/// How far the model is trusted at first.
pub(crate) enum Region {
    /// This far.
    Radius(f64),
    /// As far as this many times its own first step without a boundary, where it is convex.
    Steps(f64),
}

/// A region has become too small to contain a step when its radius is this, relative to x.
const COLLAPSED: f64 = 1e-17;

/// Minimises by steps of a trusted model: Conn, Gould and Toint, *Trust-Region Methods*, 2000,
/// algorithm 6.1.1, with the treatment of round-off of their §17.4.2.
pub(crate) fn descend(
    terrain: &mut impl Terrain,
    x0: &[f64],
    first: Region,
    stopping: &Stopping,
) -> Result<Minimum, MinimizeError> {
    let mut x = x0.to_vec();
    let mut value = terrain.trial(&x)?;
    check_at_start("the objective", &[value])?;
    terrain.exchange();
    let mut model = terrain
        .model(&x)?
        .ok_or(MinimizeError::NotFiniteAtStart { what: "a derivative", value: f64::NAN })?;
    let mut radius = first.radius(&model);
    let mut history = vec![iterate(terrain, value, 0.0)];
    let mut progress = Progress::default();
    let stop = loop {
        if terrain.stationarity() <= stopping.gradient && !model.spectrum.curves_down() {
            break Stop::Gradient;
        }
        if let Some(limit) = stopping.limit(&history, terrain.evaluations().functions) {
            break limit;
        }
        let coordinates = model.spectrum.step(radius);
        let (size, promised) = (norm(&coordinates), -model.spectrum.change(&coordinates));
        let next = model.place(&x, &coordinates);
        let step = norm(&difference(&next, &x));
        if size.is_nan() || next == x || radius <= COLLAPSED * norm(&x).max(f64::MIN_POSITIVE) {
            break Stop::Step;
        }
        let trial = terrain.trial(&next)?;
        let made = Made {
            values: (value, trial),
            promised,
            round_off: terrain.round_off(value),
            length: step,
            size: norm(&next),
            cut_short: size > 0.8 * radius,
        };
        let ratio = if made.is_hidden() { 1.0 } else { (value - trial) / promised };
        let good = trial.is_finite() && ratio > 1e-4;
        let Some(next_model) = (if good { arrive(terrain, &next)? } else { None }) else {
            radius = size * shrink(promised, trial - value, model.spectrum.slope(&coordinates));
            continue;
        };
        if ratio < 0.25 {
            radius = 0.25 * size;
        } else if ratio > 0.75 && made.cut_short {
            radius *= 2.0;
        }
        let last = progress.after(stopping, &made);
        (x, value, model) = (next, trial, next_model);
        history.push(iterate(terrain, value, step));
        if let Some(last) = last
            && terrain.stationarity() > stopping.gradient
        {
            break last;
        }
    };
    Ok(Minimum {
        x,
        value,
        gradient_norm: terrain.gradient_norm(),
        stop,
        evaluations: terrain.evaluations(),
        history,
    })
}

/// The model at the last trial, which becomes the point; if it has none, the point stays.
fn arrive(terrain: &mut impl Terrain, x: &[f64]) -> Result<Option<Model>, MinimizeError> {
    terrain.exchange();
    let model = terrain.model(x)?;
    if model.is_none() {
        terrain.exchange();
    }
    Ok(model)
}

/// By how much the region must shrink after a step that changed the value by so much: to the minimum
/// of the parabola through both values and the slope along the step, kept between a tenth and a half.
fn shrink(promised: f64, change: f64, slope: f64) -> f64 {
    let parabola = -0.5 * slope / (change - slope);
    if parabola.is_finite() && promised.is_finite() { parabola.clamp(0.1, 0.5) } else { 0.1 }
}

impl Region {
    fn radius(&self, model: &Model) -> f64 {
        match *self {
            Self::Radius(radius) => radius,
            Self::Steps(steps) => {
                let natural = norm(&model.spectrum.step(f64::MAX));
                steps * if natural > 0.0 && natural.is_finite() { natural } else { 1.0 }
            }
        }
    }
}

fn iterate(terrain: &impl Terrain, value: f64, step: f64) -> Iterate {
    let gradient_norm = terrain.gradient_norm();
    Iterate { value, gradient_norm, step, functions: terrain.evaluations().functions }
}
