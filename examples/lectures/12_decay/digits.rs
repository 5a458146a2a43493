//! A classifier of digits, with decay and without.

use cotangent::optim::Sgd;
use cotangent::prelude::{Activation, Curve};
use lab::{Axis, Classifier, Digits, Lab, Plot, Result, mean, mlp, numbered};

use crate::decay::{Case, cases};

/// Samples in a batch.
const BATCH: usize = 8;

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let (epochs, rate) = (lab.pick(40, 2), 0.5);
    let mut plot = Plot::new(
        "digits",
        &format!(
            "A linear classifier of the digits, α₀ = {rate}: objective on the whole training set"
        ),
        Axis::new("epoch").range(0.0..epochs as f64),
        Axis::log("objective J"),
    );
    let mut ends = Vec::new();
    for Case { hue, label, schedule, .. } in cases() {
        let mut model = Classifier::new(0, 1e-3, |scope| mlp(scope, &[64, 10], Activation::Relu));
        let mut rng = lab::rng(1);
        let batches = digits.train.len().div_ceil(BATCH) as u64;
        let mut sgd = Sgd::new(rate).schedule(schedule.per(batches));
        let (x, labels) = (digits.train.features(), digits.train.labels());
        let mut objective = vec![model.forward_backward(x, labels)?];
        for _ in 0..epochs {
            model.epoch(&digits.train, BATCH, &mut rng, &mut sgd)?;
            objective.push(model.forward_backward(x, labels)?);
        }
        ends.push(mean(&objective[objective.len().saturating_sub(10)..]));
        plot.line(hue, label, numbered(0, &objective));
    }
    lab.show(plot);
    let worst = ends[1..].iter().copied().fold(0.0, f64::max);
    lab.claim(
        "A classifier of digits ends lower with decay than without",
        worst < 0.8 * ends[0],
        format!(
            "the objective over the last ten epochs: {:.3} without, at most {worst:.3} with",
            ends[0]
        ),
    );
    Ok(())
}
