//! The objective that each step sees.

use cotangent::optim::Sgd;
use lab::{Axis, Classifier, Digits, Hue, Lab, Plot, Result, numbered};

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let (few, all) = (32, digits.train.len());
    let shown = 60;
    let caption = format!(
        "The objective that each step sees, over its first {shown} steps: full batch and mini-batch"
    );
    let (x, y) = (Axis::new("step").range(0.0..shown as f64), Axis::new("objective J"));
    let mut plot = Plot::new("smooth", &caption, x, y.range(0.0..3.0));
    let mut ups = Vec::new();
    for (batch, rate, hue, label) in
        [(few, 0.1, Hue::Vermillion, "batch 32"), (all, 0.8, Hue::Blue, "all samples")]
    {
        let (mut model, mut sgd, mut rng) =
            (Classifier::of_digits(1e-4), Sgd::new(rate), lab::rng(1));
        let mut steps = Vec::new();
        while steps.len() <= lab.pick(100, 2) {
            steps.extend(model.epoch(&digits.train, batch, &mut rng, &mut sgd)?);
        }
        plot.trace(hue, label, numbered(0, &steps[..steps.len().min(shown + 1)]));
        let rising = steps.windows(2).filter(|pair| pair[1] > pair[0]).count();
        ups.push(100.0 * rising as f64 / (steps.len() - 1) as f64);
    }
    lab.show(plot);
    lab.claim(
        "With the full batch the loss falls at every step; with mini-batches the curve is noisy",
        ups[1] == 0.0 && ups[0] > 30.0,
        format!("steps that go up: {:.0} % for all samples, {:.0} % for {few}", ups[1], ups[0]),
    );
    Ok(())
}
