//! How noisy the gradient of a batch is, by its size.

use cotangent::ndarray::Array1;
use lab::{Axis, Classifier, Digits, Hue, Lab, Plot, Result, Table, scientific};

/// A number of samples that every batch size divides.
const SAMPLES: usize = 1408;

/// How far the gradient of a batch is from that of all samples, on the digits.
pub fn run(lab: &mut Lab) -> Result {
    let all: Vec<usize> = (0..SAMPLES).collect();
    let samples = Digits::load()?.train.select(&all)?;
    let mut classifier = Classifier::of_digits(0.0);
    classifier.forward_backward(samples.features(), samples.labels())?;
    let full = Array1::from(classifier.gradients().values().to_vec()).mapv(f64::from);
    let norm = full.dot(&full).sqrt();

    let mut rng = lab::rng(0);
    let mut table = Table::new(
        &format!(
            "Distance of a batch’s gradient from that of all {SAMPLES} samples, in units of the latter’s norm"
        ),
        ["batch", "measured", "predicted", "angle in °", "mean of all batches off by"],
    );
    let (mut measured, mut predicted) = (Vec::new(), Vec::new());
    let (mut variance, mut bias) = (0.0, 0f64);
    for batch in [1, 2, 4, 8, 16, 32, 64, 128] {
        // As many batches of each size, at least a whole pass.
        let passes = (batch / 8).max(1);
        let (mut square, mut cosine, mut count) = (0.0, 0.0, 0.0);
        let mut mean = Array1::<f64>::zeros(full.len());
        for _ in 0..lab.pick(passes, 1) {
            for (x, labels) in samples.batches(batch)?.shuffled(&mut rng) {
                classifier.forward_backward(&x, &labels)?;
                let g = Array1::from(classifier.gradients().values().to_vec()).mapv(f64::from);
                let off = &g - &full;
                square += off.dot(&off);
                cosine += g.dot(&full) / (g.dot(&g).sqrt() * norm);
                count += 1.0;
                mean += &g;
            }
        }
        square /= count;
        if batch == 1 {
            variance = square;
        }
        let (b, n) = (batch as f64, SAMPLES as f64);
        let theory = (variance / b * (n - b) / (n - 1.0)).sqrt() / norm;
        let off = mean / count - &full;
        let off = off.dot(&off).sqrt() / norm;
        bias = bias.max(off);
        measured.push((b, square.sqrt() / norm));
        predicted.push((b, theory));
        table.row([
            format!("{batch}"),
            format!("{:.3}", square.sqrt() / norm),
            format!("{theory:.3}"),
            format!("{:.0}", (cosine / count).acos().to_degrees()),
            scientific(off, 1),
        ]);
    }
    lab.table(table);
    let mut plot = Plot::new(
        "noise",
        "Noise of the gradient on the digits: sixteen times the batch, a quarter of the noise",
        Axis::log("batch size B"),
        Axis::log("noise / norm of the gradient"),
    );
    plot.line(Hue::Grey, "σ/√B, without replacement", predicted.clone());
    plot.points(Hue::Blue, "measured", measured.clone());
    lab.show(plot);

    let pairs = measured.iter().zip(&predicted);
    let worst = pairs.map(|(m, p)| (m.1 / p.1 - 1.0).abs()).fold(0.0, f64::max);
    lab.claim(
        "The gradient is the mean of the samples’ gradients: batches are right on average",
        bias < 1e-5,
        format!(
            "the mean over all batches of a pass is off by {bias} of its norm (single precision)",
            bias = scientific(bias, 1)
        ),
    );
    lab.claim(
        "Gradients from mini-batches are noisy, by 1/√B",
        worst < 0.1 && measured[0].1 > 2.0,
        format!(
            "a single sample is off by {:.1} times the gradient itself, 64 by {:.2}; within {:.0} % of σ/√B",
            measured[0].1,
            measured[6].1,
            100.0 * worst
        ),
    );
    Ok(())
}
