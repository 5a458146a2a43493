//! Adafactor.

use graph::Shape;
use serde::Serialize;

use crate::engine::described;
use crate::norm::norm;
use crate::{At, Optim, Precision, Rule, Slot, Slots, Unit, hyperparameters};

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
            Slot::like_weights("direction").scratch(),
        ]
    }

    fn update<T: Precision>(
        &self,
        at: &At<'_>,
        weights: &mut [T],
        gradients: &[T],
        [rows, columns, square, direction, ..]: Slots<'_, T>,
    ) {
        if weights.is_empty() {
            return;
        }
        let take = T::from_f64((at.step as f64).powf(self.beta2_decay));
        let least = T::from_f64(self.epsilon1.unwrap_or(T::MACHINE_EPSILON.to_f64()));
        match at.shape[..] {
            [.., height, width] => {
                let matrices = gradients.chunks_exact(height * width);
                let averages = rows.chunks_exact_mut(height).zip(columns.chunks_exact_mut(width));
                let directions = direction.chunks_exact_mut(height * width);
                for ((g, (r, c)), u) in matrices.zip(averages).zip(directions) {
                    average(g, take, r, c);
                    estimate(r, c, least, u);
                }
            }
            _ => {
                for ((&g, s), u) in gradients.iter().zip(square).zip(direction.iter_mut()) {
                    *s += take * (g * g - *s);
                    *u = *s;
                }
            }
        }
        for (u, &g) in direction.iter_mut().zip(gradients) {
            *u = g / u.max(least * least).sqrt();
        }
        self.apply(at, weights, direction);
    }
}

impl AdafactorRule {
    /// Steps along a direction, shortened to d, by a rate relative to the weights.
    fn apply<T: Precision>(&self, at: &At<'_>, weights: &mut [T], direction: &[T]) {
        let root = (weights.len() as f64).sqrt();
        let rate = self.learning_rate.min(1.0 / (at.step as f64).sqrt());
        let rate = rate * (norm(&*weights) / root).max(self.epsilon2);
        let excess = (norm(direction) / (root * self.clip)).max(1.0);
        let rate = T::from_f64(rate / excess);
        let shrink = T::from_f64(1.0 - self.learning_rate * self.weight_decay);
        for (w, &u) in weights.iter_mut().zip(direction) {
            *w = shrink * *w - rate * u;
        }
    }
}

/// Takes a gradient into the running means of its squares along rows and columns.
fn average<T: Precision>(g: &[T], take: T, rows: &mut [T], columns: &mut [T]) {
    let (height, width) = (rows.len(), columns.len());
    let mean = |sum: T, count: usize| sum / T::from_f64(count as f64);
    for (r, g) in rows.iter_mut().zip(g.chunks_exact(width)) {
        *r += take * (mean(g.iter().map(|&g| g * g).sum(), width) - *r);
    }
    for (j, c) in columns.iter_mut().enumerate() {
        let squares = g[j..].iter().step_by(width).map(|&g| g * g);
        *c += take * (mean(squares.sum(), height) - *c);
    }
}

/// Vᵢⱼ = RᵢCⱼ/mean(R).
fn estimate<T: Precision>(rows: &[T], columns: &[T], least: T, squares: &mut [T]) {
    let mean = rows.iter().copied().sum::<T>() / T::from_f64(rows.len() as f64);
    let scale = T::one() / mean.max(least);
    for (&r, squares) in rows.iter().zip(squares.chunks_exact_mut(columns.len())) {
        for (&c, square) in columns.iter().zip(squares) {
            *square = r * c * scale;
        }
    }
}
