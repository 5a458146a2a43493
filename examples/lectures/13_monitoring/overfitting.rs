//! Few samples: the cost on the training set alone does not show that the run went wrong.

use cotangent::optim::Sgd;
use lab::{Axis, Classifier, Digits, Hue, Lab, Plot, Result, numbered};

/// The number of samples.
const FEW: usize = 100;

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let epochs = lab.pick(200, 2);
    let few = digits.train.select(&(0..FEW).collect::<Vec<_>>())?;
    let mut model = Classifier::of_digits(0.0);
    let (mut sgd, mut rng) = (Sgd::new(0.3), lab::rng(0));
    let (mut train, mut validation) = (Vec::new(), Vec::new());
    for _ in 0..epochs {
        model.epoch(&few, 64, &mut rng, &mut sgd)?;
        train.push(model.cost(&few)?);
        validation.push(model.cost(&digits.validation)?);
    }
    let mut plot = Plot::new(
        "gap",
        &format!("A network on {FEW} digits only: the gap between the two curves is overfitting"),
        Axis::new("epoch").range(0.0..epochs as f64),
        Axis::log("cost"),
    );
    plot.line(Hue::Vermillion, "validation", numbered(1, &validation));
    plot.line(Hue::Blue, "training", numbered(1, &train));
    lab.show(plot);
    let (last_train, last_validation) = (train[epochs - 1], validation[epochs - 1]);
    let least = validation.iter().copied().fold(f64::INFINITY, f64::min);
    lab.claim(
        "A run that overfits shows in the gap between training and validation alone",
        last_train < 0.01 && last_validation > 30.0 * last_train && last_validation > 1.02 * least,
        format!(
            "after {epochs} epochs on {FEW} digits the cost is {last_train:.4} in training and \
             {last_validation:.2} in validation, where it was {least:.2} before"
        ),
    );
    Ok(())
}
