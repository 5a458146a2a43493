//! Gradients held within bounds.

use serde::Serialize;

use super::{Call, Part};
use crate::engine::described;
use crate::norm::norm;
use crate::{Domain, Optimizer, Precision, Unit, Visit};

/// Every number of a gradient held within \[−c, c\].
///
/// ```
/// use cotangent::optim::{ClipValue, Optimizer, Sgd};
/// let sgd = Sgd::<f32>::new(0.1).with(ClipValue::new(0.5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClipValue {
    /// c.
    pub limit: f64,
}

impl ClipValue {
    /// Within \[−c, c\].
    pub fn new(limit: f64) -> Self {
        Self { limit }
    }
}

impl Part for ClipValue {
    const NAME: &'static str = "clip_value";
    const REWRITES: bool = true;
    described!();

    fn hyperparameters(&mut self, visit: &mut Visit<'_>) {
        visit("limit", Domain::NonNegative, &mut self.limit);
    }

    fn update<T: Precision>(&self, inner: &mut dyn Optimizer<T>, mut call: Call<'_, T>) {
        let limit = T::from_f64(self.limit);
        call.each(|stretch| {
            for (to, &g) in stretch.rewritten.iter_mut().zip(stretch.gradients) {
                // Comparisons keep NaN what it is, for others to see.
                *to = if g > limit {
                    limit
                } else if g < -limit {
                    -limit
                } else {
                    g
                };
            }
        });
        inner.update(call.weights, call.rewritten);
    }
}

/// The gradient of each parameter shortened to the norm c where it is longer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClipNorm {
    /// c.
    pub limit: f64,
}

impl ClipNorm {
    /// To the norm c.
    pub fn new(limit: f64) -> Self {
        Self { limit }
    }
}

impl Part for ClipNorm {
    const NAME: &'static str = "clip_norm";
    const UNIT: Unit = Unit::Parameter;
    const REWRITES: bool = true;
    described!();

    fn hyperparameters(&mut self, visit: &mut Visit<'_>) {
        visit("limit", Domain::NonNegative, &mut self.limit);
    }

    fn update<T: Precision>(&self, inner: &mut dyn Optimizer<T>, mut call: Call<'_, T>) {
        call.each(|stretch| {
            let norm = norm(stretch.gradients);
            scale(stretch.gradients, shortening(norm, self.limit), stretch.rewritten);
        });
        inner.update(call.weights, call.rewritten);
    }
}

/// All gradients together shortened to the norm c where they are longer.
///
/// > g ← g·min(1, c/(‖g‖ + ε))
///
/// ε = 10⁻⁶ is PyTorch's (`clip_grad_norm_`); [`exact`](Self::exact) leaves it out, as optax does.
/// Inside of a group it is the norm of the group. (Pascanu, Mikolov and Bengio, arXiv:1211.5063.)
///
/// ```
/// use cotangent::optim::{Adam, ClipGlobalNorm, Optimizer};
/// let adam = Adam::<f32>::new(1e-3).with(ClipGlobalNorm::new(1.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClipGlobalNorm {
    /// c.
    pub limit: f64,
    /// ε.
    pub epsilon: f64,
}

impl ClipGlobalNorm {
    /// To the norm c.
    pub fn new(limit: f64) -> Self {
        Self { limit, epsilon: 1e-6 }
    }

    /// Without ε.
    pub fn exact(self) -> Self {
        Self { epsilon: 0.0, ..self }
    }
}

impl Part for ClipGlobalNorm {
    const NAME: &'static str = "clip_global_norm";
    const REWRITES: bool = true;
    described!();

    fn hyperparameters(&mut self, visit: &mut Visit<'_>) {
        visit("limit", Domain::NonNegative, &mut self.limit);
        visit("epsilon", Domain::NonNegative, &mut self.epsilon);
    }

    fn update<T: Precision>(&self, inner: &mut dyn Optimizer<T>, mut call: Call<'_, T>) {
        let factor = shortening(call.gradient_norm() + self.epsilon, self.limit);
        if factor == 1.0 {
            return inner.update(call.weights, call.gradients);
        }
        call.each(|stretch| scale(stretch.gradients, factor, stretch.rewritten));
        inner.update(call.weights, call.rewritten);
    }
}

/// The gradient of each unit shortened where it is long beside the unit's weights.
///
/// > g ← g·min(1, λ·max(‖w‖, ε)/‖g‖)
///
/// A unit is what lies at one position of the first axis of a parameter of two or more axes (what
/// one output of a layer is computed from, in PyTorch's layout), or of the
/// [last](Self::along_last_axis); a parameter of fewer axes is one unit. (Brock et al.,
/// "High-performance large-scale image recognition without normalization", arXiv:2102.06171: λ =
/// 0.01, ε = 10⁻³.)
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AdaptiveClip {
    /// λ.
    pub limit: f64,
    /// ε.
    pub epsilon: f64,
    /// Units are counted along the last axis, not the first.
    pub last_axis: bool,
}

impl AdaptiveClip {
    /// To λ times the length of the weights.
    pub fn new(limit: f64) -> Self {
        Self { limit, epsilon: 1e-3, last_axis: false }
    }

    /// The least length ε that weights are taken to have.
    pub fn epsilon(self, epsilon: f64) -> Self {
        Self { epsilon, ..self }
    }

    /// Counts units along the last axis, where weights are laid out inputs first.
    pub fn along_last_axis(self) -> Self {
        Self { last_axis: true, ..self }
    }

    /// How many units a parameter has, how many numbers each, and how far those are apart.
    fn units(&self, shape: &[usize]) -> (usize, usize, usize) {
        let size: usize = shape.iter().product();
        match *shape {
            [_, .., last] if self.last_axis => (last, size / last.max(1), last),
            [first, _, ..] => (first, size / first.max(1), 1),
            _ => (1, size, 1),
        }
    }
}

impl Part for AdaptiveClip {
    const NAME: &'static str = "adaptive_clip";
    const UNIT: Unit = Unit::Parameter;
    const REWRITES: bool = true;
    described!();

    fn hyperparameters(&mut self, visit: &mut Visit<'_>) {
        visit("limit", Domain::NonNegative, &mut self.limit);
        visit("epsilon", Domain::NonNegative, &mut self.epsilon);
    }

    fn update<T: Precision>(&self, inner: &mut dyn Optimizer<T>, mut call: Call<'_, T>) {
        call.each(|stretch| {
            let (units, size, stride) = self.units(stretch.shape());
            for unit in 0..units {
                let start = if stride == 1 { unit * size } else { unit };
                let places = || (0..size).map(|i| start + i * stride);
                let length = |x: &[T]| norm(places().map(|i| &x[i]));
                let limit = self.limit * length(stretch.weights).max(self.epsilon);
                let factor = T::from_f64(shortening(length(stretch.gradients), limit));
                places().for_each(|i| stretch.rewritten[i] = stretch.gradients[i] * factor);
            }
        });
        inner.update(call.weights, call.rewritten);
    }
}

/// What shortens a vector of this norm to the limit; 1 if it is no longer, or no number.
fn shortening(norm: f64, limit: f64) -> f64 {
    if norm > limit { limit / norm } else { 1.0 }
}

fn scale<T: Precision>(from: &[T], factor: f64, to: &mut [T]) {
    let factor = T::from_f64(factor);
    to.iter_mut().zip(from).for_each(|(to, &from)| *to = from * factor);
}
