//! Gradients held within bounds.

use graph::{Var, keep};
use serde::Serialize;

use super::{Call, Part};
use crate::compiled::Operands;
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
        call.apply(clamped, &[self.limit]);
        inner.update(call.weights, call.rewritten);
    }
}

fn clamped(at: &mut Operands<'_>) {
    let ([limit], g) = (at.numbers(), at.gradients);
    // NaN stays NaN, for others to see.
    at.rewritten = g.minimum(limit).maximum(-limit);
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
        call.each(|mut stretch| {
            stretch.apply(scaled, &[shortening(norm(stretch.gradients), self.limit)]);
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
        call.compile(scaled, 1);
        let factor = shortening(call.gradient_norm() + self.epsilon, self.limit);
        if factor == 1.0 {
            return inner.update(call.weights, call.gradients);
        }
        call.apply(scaled, &[factor]);
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
        let formula = if self.last_axis { adapted_along_last_axis } else { adapted };
        call.apply(formula, &[self.limit, self.epsilon]);
        inner.update(call.weights, call.rewritten);
    }
}

fn adapted(at: &mut Operands<'_>) {
    adapt(at, 0);
}

fn adapted_along_last_axis(at: &mut Operands<'_>) {
    adapt(at, at.weights.shape().len().saturating_sub(1));
}

/// Units are counted along this axis, if there is another.
fn adapt<'g>(at: &mut Operands<'g>, counted: usize) {
    let ([limit, epsilon], count) = (at.numbers(), at.weights.shape().len());
    let of_unit = (0..count).filter(|&axis| count < 2 || axis != counted);
    let of_unit: Vec<isize> = of_unit.map(|axis| axis as isize).collect();
    let length = |x: Var<'g>| x.norm_over(keep(&of_unit[..]));
    let (limit, norm) = (limit * length(at.weights).maximum(epsilon), length(at.gradients));
    // As `shortening`, which is 1 for what is no number.
    at.rewritten = norm.gt(limit).select(limit / norm, 1.0) * at.gradients;
}

/// What shortens a vector of this norm to the limit; 1 if it is no longer, or no number.
fn shortening(norm: f64, limit: f64) -> f64 {
    if norm > limit { limit / norm } else { 1.0 }
}

fn scaled(at: &mut Operands<'_>) {
    let [factor] = at.numbers();
    at.rewritten = factor * at.gradients;
}
