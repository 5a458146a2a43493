//! Adafactor.

use graph::{Shape, Var, keep};
use serde::Serialize;

use crate::convention::sum_of_squares;
use crate::engine::described;
use crate::{At, Moment, Optim, Precision, Rule, Slot, Unit, Updated, hyperparameters};

/// Adafactor: a running mean square kept as one number for each row and column of a matrix.
///
/// With 1 − β₂ₜ = t^κ and Vᵢⱼ = RᵢCⱼ/mean(R), where R and C are running means of g² along rows and
/// along columns (for parameters of one axis or none, V is the running mean of g² itself),
///
/// > u = g/√max(V, ε₁²),  θ ← (1 − αλ)·θ − αₜ·u/max(1, rms(u)/d),
/// > αₜ = max(ε₂, rms(θ))·min(α, 1/√t).
///
/// (Shazeer and Stern, arXiv:1804.04235, in PyTorch's form.) Parameters of three or more axes are
/// stacks of matrices. Defaults are those of PyTorch: κ = −0.8, ε₁ the machine epsilon, ε₂ = 10⁻³,
/// d = 1.
pub type Adafactor<T = f32> = Optim<AdafactorRule, T>;

hyperparameters! {
    /// The hyperparameters of [`Adafactor`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct AdafactorRule {
        /// α: the largest step, relative to the weights.
        pub learning_rate in NonNegative: f64,
        /// κ: how fast the averages get longer; below 0.
        pub beta2_decay in NonPositive: f64 = -0.8,
        /// ε₁: keeps the divisor from zero; the precision's machine epsilon unless given.
        pub epsilon1 in NonNegative: Option<f64> = None,
        /// ε₂: the least size that weights are taken to have.
        pub epsilon2 in NonNegative: f64 = 1e-3,
        /// d: the root mean square above which a direction is shortened.
        pub clip in Positive: f64 = 1.0,
        /// λ: pulls the weights towards zero, beside the step.
        pub weight_decay in NonNegative: f64 = 0.0,
    }
}

impl<T: Precision> Adafactor<T> {
    /// Adafactor with the learning rate α; PyTorch has 0.01.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(AdafactorRule::new(learning_rate))
    }

    /// κ.
    pub fn beta2_decay(self, power: f64) -> Self {
        self.set(|rule| rule.beta2_decay = power)
    }

    /// ε₁.
    pub fn epsilon1(self, epsilon: f64) -> Self {
        self.set(|rule| rule.epsilon1 = Some(epsilon))
    }

    /// ε₂.
    pub fn epsilon2(self, epsilon: f64) -> Self {
        self.set(|rule| rule.epsilon2 = epsilon)
    }

    /// d.
    pub fn clip(self, rms: f64) -> Self {
        self.set(|rule| rule.clip = rms)
    }

    /// λ: pulls the weights towards zero beside the step.
    pub fn weight_decay(self, strength: f64) -> Self {
        self.set(|rule| rule.weight_decay = strength)
    }
}

/// The parameter's shape without its last axis; empty where there is no matrix.
fn rows(shape: &Shape) -> Shape {
    match shape.rank() {
        0 | 1 => Shape::from([0]),
        rank => shape[..rank - 1].into(),
    }
}

/// The parameter's shape without its last axis but one; empty where there is no matrix.
fn columns(shape: &Shape) -> Shape {
    match shape.rank() {
        0 | 1 => Shape::from([0]),
        rank => shape[..rank - 2].iter().chain(&shape[rank - 1..]).copied().collect(),
    }
}

/// The parameter's shape where it is no matrix, and empty where it is.
fn whole(shape: &Shape) -> Shape {
    if shape.rank() < 2 { shape.clone() } else { Shape::from([0]) }
}

impl Rule for AdafactorRule {
    const NAME: &'static str = "adafactor";
    const UNIT: Unit = Unit::Parameter;
    described!();

    fn slots(&self) -> Vec<Slot> {
        vec![
            Slot::shaped("row_square", rows),
            Slot::shaped("column_square", columns),
            Slot::shaped("square", whole),
        ]
    }

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, [rows, columns, square]) = at.arguments();
        let take = at.number(|r, t| (t.step as f64).powf(r.beta2_decay));
        let least = |r: &Self, t: &Moment<'_>| r.epsilon1.unwrap_or(t.machine_epsilon);
        let moved = |mean: Var<'g>, new: Var<'g>| mean + take * (new - mean);
        let (rows, columns, square, estimate) = if w.shape().rank() < 2 {
            let square = moved(square, g.square());
            (rows, columns, square, square)
        } else {
            let rows = moved(rows, g.square().mean_over(-1));
            let columns = moved(columns, g.square().mean_over(-2));
            let mean = rows.mean_over(keep(-1)).maximum(at.number(least));
            let estimate = (rows / mean).unsqueeze(-1) * columns.unsqueeze(-2);
            (rows, columns, square, estimate)
        };
        let smallest = at.number(move |r, t| least(r, t).powi(2));
        let direction = g / estimate.maximum(smallest).sqrt();
        let root = (w.shape().size() as f64).sqrt();
        let size = (sum_of_squares(w).sqrt() / root).maximum(at.number(|r, _| r.epsilon2));
        let excess =
            (sum_of_squares(direction).sqrt() / at.number(move |r, _| root * r.clip)).maximum(1.0);
        let rate = at.number(|r, t| r.learning_rate.min(1.0 / (t.step as f64).sqrt()));
        let w = if self.weight_decay == 0.0 { w } else { w * at.shrink(|r, _| r.weight_decay) };
        Updated::new(w - rate * size / excess * direction, [rows, columns, square])
    }
}
