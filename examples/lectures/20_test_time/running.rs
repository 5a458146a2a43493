//! The running mean of a layer, by the layer and by hand.

use cotangent::ndarray::{Array1, Array2};
use cotangent::optim::Sgd;
use cotangent::prelude::{Function, Mode, Sequential};
use lab::{Axis, Classifier, Digits, Hue, Lab, Plot, Result, scientific};

use crate::test_time::{BATCH, BETA, classifier};

/// The mean of what the second normalization gets of these samples.
fn means(
    mean: &mut Function<'_, f32, 1>,
    model: &Classifier,
    x: &Array2<f32>,
) -> Result<Array1<f64>> {
    Ok(mean.run(&model.params, (x,))?.mapv(f64::from).into_dimensionality()?)
}

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let mut model = classifier();
    let id = model.params.id("bn1.running_mean").ok_or("no running mean")?;
    let before: Sequential = model.model.layers()[..4].iter().cloned().collect();
    let mut mean = Function::new(move |_, [x]| before.forward(x, Mode::Train).mean_over(0));
    let (mut sgd, mut rng) = (Sgd::new(0.1), lab::rng(0));
    let mut by_hand = Array1::<f64>::zeros(64);
    let (mut batch_curve, mut running_curve, mut whole_curve) = (vec![], vec![(0.0, 0.0)], vec![]);
    let (mut off, mut noise, mut error, mut count) = (0f64, 0.0, 0.0, 0.0);
    for epoch in 0..lab.pick(10, 1) {
        for (x, labels) in digits.train.batches(BATCH)?.drop_last().shuffled(&mut rng) {
            let batch = means(&mut mean, &model, &x)?;
            let whole = means(&mut mean, &model, digits.train.features())?;
            model.learn(&x, &labels, &mut sgd)?;
            by_hand = BETA * by_hand + (1.0 - BETA) * &batch;
            let by_layer = model.params.get(id).ok_or("no value")?.mapv(f64::from);
            let by_layer: Array1<f64> = by_layer.into_dimensionality()?;
            off = (&by_layer - &by_hand).iter().fold(off, |most, d| d.abs().max(most));
            let step = running_curve.len() as f64;
            batch_curve.push((step, batch[0]));
            running_curve.push((step, by_layer[0]));
            whole_curve.push((step, whole[0]));
            if epoch >= lab.pick(5, 0) {
                let distance = |a: &Array1<f64>| (a - &whole).mapv(|d| d * d).sum();
                noise += distance(&batch);
                error += distance(&by_layer);
                count += 64.0;
            }
        }
    }
    let (noise, error) = ((noise / count).sqrt(), (error / count).sqrt());
    let mut plot = Plot::new(
        "running",
        "Mean of a unit of layer 2 before its normalization, during training",
        Axis::new("step"),
        Axis::new("mean of z"),
    );
    plot.points(Hue::Grey, &format!("batch of {BATCH}"), batch_curve);
    plot.line(Hue::Blue, &format!("running average, β = {BETA}"), running_curve);
    let label = format!("all {} samples", digits.train.len());
    plot.line(Hue::Vermillion, &label, whole_curve);
    lab.show(plot);
    lab.claim(
        "The layer’s running mean is μ ← βμ + (1 − β)·(mean of the batch), from 0",
        off < 1e-5,
        format!("by hand and by the layer differ by {} (single precision)", scientific(off, 1)),
    );
    // Of independent batches an average with β has (1 − β)/(1 + β) of the variance.
    lab.claim(
        "The mean of all training samples can be estimated with running averages",
        1.5 * error < noise,
        format!(
            "off by {error:.4} in the last epochs, a single batch by {noise:.4}: {:.2} of it; if the weights did \
             not move it would be √((1 − β)/(1 + β)) = {:.2}",
            error / noise,
            ((1.0 - BETA) / (1.0 + BETA)).sqrt()
        ),
    );
    Ok(())
}
