//! The steps until the error is learned, for a first feature on growing scales.

use lab::{Axis, Hue, Lab, Plot, Result, scientific};

use crate::normalising_inputs::{LEARNED, Neuron, neurons, samples};

pub fn run(lab: &mut Lab) -> Result {
    let [_, normalised] = &neurons()?;
    let most = lab.pick(30_000, 50);
    let (mut measured, mut predicted, mut worst) = (Vec::new(), Vec::new(), 0f64);
    for scale in [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0] {
        let (x, y) = samples(scale);
        let neuron = Neuron::new(x, y)?;
        let expected = neuron.predicted();
        predicted.push((scale, expected));
        if expected < most as f64 {
            let path = neuron.descend([0.0; 3], expected as usize + 10)?;
            let steps = path.steps_to(neuron.least + LEARNED).ok_or("more steps than predicted")?;
            measured.push((scale, steps as f64));
            worst = worst.max((steps as f64 - expected).abs());
        }
    }
    let path = normalised.descend([0.0; 3], 20)?;
    let bowl = path.steps_to(normalised.least + LEARNED).ok_or("the bowl takes more steps")? as f64;
    let mut plot = Plot::new(
        "steps",
        &format!(
            "Steps until the error is {LEARNED} above the least, by the scale of the first feature"
        ),
        Axis::log("scale s of the feature in (0, s); the other is in (0, 1)"),
        Axis::log("steps"),
    );
    plot.line(Hue::Grey, "by the eigenvalues", predicted.clone());
    plot.points(Hue::Blue, "measured", measured.clone());
    plot.rule_at_y(Hue::Vermillion, "normalised", bowl);
    lab.show(plot);
    let (scale, slow) = predicted[predicted.len() - 1];
    lab.claim(
        "More steps are needed, and the learning is slow",
        measured.len() >= 4 && worst <= 1.0 && slow > 1e6 && bowl <= 3.0,
        format!(
            "{} at a scale of {scale}, by eigenvalues that predict those measured to {worst} steps; \
             normalised {bowl}",
            scientific(slow, 2)
        ),
    );
    Ok(())
}
