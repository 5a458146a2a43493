//! The cross-entropy of logarithms of class probabilities, under all options: what
//! [`CrossEntropy`](super::CrossEntropy) and [`Nll`](super::Nll) share.

use graph::{Shape, Var, misfit};

use super::labels::Labels;
use super::{Reduction, class_weights};
use crate::HyperparameterError;

/// What may be chosen, for a loss of this name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ClassOptions {
    pub loss: &'static str,
    /// The weight of each class; all 1 unless given.
    pub weights: Option<Vec<f64>>,
    /// The label that stands for no label.
    pub ignored: Option<i64>,
    pub reduction: Reduction,
}

impl ClassOptions {
    pub fn new(loss: &'static str) -> Self {
        Self { loss, weights: None, ignored: None, reduction: Reduction::Mean }
    }

    /// Unless every weight is finite and not negative.
    pub fn check(&self) -> Result<(), HyperparameterError> {
        class_weights::check(self.loss, &self.weights)
    }

    /// The loss of class indices, a share ε of each spread evenly over the C classes:
    /// −(1 − ε)·w_y·x_y − ε/C·Σ w·x.
    #[track_caller]
    pub fn of_labels<'g>(&self, log_p: Var<'g>, labels: Var<'g>, smoothing: f64) -> Var<'g> {
        let axis = class_axis(self.loss, log_p);
        let labels = Labels::new(self.loss, log_p, axis, labels, self.ignored);
        let weights = class_weights::of(self.loss, &self.weights, log_p, axis);
        let weighted = weighted(log_p, axis, weights);
        let mut losses = -labels.pick(weighted);
        if smoothing > 0.0 {
            let even = smoothing / log_p.shape()[axis] as f64;
            losses = (1.0 - smoothing) * losses - even * weighted.sum_over(axis as isize);
        }
        let losses = labels.zero_ignored(losses);
        match (self.reduction, labels.weight(weights)) {
            (Reduction::Mean, Some(weight)) => losses.sum() / weight,
            (reduction, _) => reduction.of(losses),
        }
    }

    /// The loss of class probabilities q, a share ε of each spread evenly over the C classes:
    /// −Σ ((1 − ε)·q + ε/C)·w·x.
    #[track_caller]
    pub fn of_probabilities<'g>(&self, log_p: Var<'g>, q: Var<'g>, smoothing: f64) -> Var<'g> {
        let axis = class_axis(self.loss, log_p);
        if q.shape() != log_p.shape() {
            let rule = "labels are class indices, given as integers; real targets are \
                        probabilities, in the shape of the logits";
            misfit(self.loss, rule, &[log_p, q]);
        }
        if self.ignored.is_some() {
            let rule = "an ignored label is for class indices, not for probabilities";
            misfit(self.loss, rule, &[log_p, q]);
        }
        let weighted =
            weighted(log_p, axis, class_weights::of(self.loss, &self.weights, log_p, axis));
        let q = match smoothing {
            0.0 => q,
            share => (1.0 - share) * q + share / log_p.shape()[axis] as f64,
        };
        self.reduction.of(-q.mul_no_nan(weighted).sum_over(axis as isize))
    }
}

/// The axis of the classes: 1, or the only one.
#[track_caller]
fn class_axis(loss: &str, x: Var<'_>) -> usize {
    match x.rank() {
        0 => misfit(loss, "the input must have an axis of classes", &[x]),
        1 => 0,
        _ => 1,
    }
}

/// w·x along the axis of the classes; exactly 0 where the weight is.
#[track_caller]
fn weighted<'g>(x: Var<'g>, axis: usize, weights: Option<Var<'g>>) -> Var<'g> {
    let Some(weights) = weights else { return x };
    let mut shape = vec![1; x.rank() - axis];
    shape[0] = x.shape()[axis];
    weights.reshape_to(Shape::from(shape)).mul_no_nan(x)
}
