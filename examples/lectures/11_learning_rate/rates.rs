//! Ten epochs at four rates, with the lines that the slide prints.

use cotangent::optim::Sgd;
use lab::{Axis, Classifier, Digits, Hue, Lab, Plot, Result, scientific};

const LOW: f64 = 1e-6;
const RIGHT: f64 = 0.5;
const HIGH: f64 = 2.2;
const BURST: f64 = 1e6;

/// A number as C prints it with %e.
fn as_c(x: f64) -> String {
    let exponent = x.log10().floor() as i32;
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{:.6}e{sign}{:02}", x / 10f64.powi(exponent), exponent.abs())
}

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let epochs = lab.pick(10, 2);
    let plain = |rate: f64| (0.01..100.0).contains(&rate);
    let [low, right, high, burst] = [LOW, RIGHT, HIGH, BURST]
        .map(|rate| if plain(rate) { format!("{rate}") } else { scientific(rate, 2) });
    let mut plot = Plot::new(
        "rates",
        &format!(
            "Cost by epoch: too low, right, too high; at {burst} it is NaN and cannot be drawn"
        ),
        Axis::new("epoch").range(0.5..epochs as f64 + 0.5),
        Axis::new("cost on the training set").range(0.0..3.0),
    );
    let mut outcomes = Vec::new();
    for (rate, hue, label) in [
        (LOW, Hue::Blue, format!("α = {low}, too low")),
        (RIGHT, Hue::Green, format!("α = {right}, right")),
        (HIGH, Hue::Vermillion, format!("α = {high}, too high")),
        (BURST, Hue::Grey, String::new()),
    ] {
        let (mut model, mut sgd, mut rng) =
            (Classifier::of_digits(0.0), Sgd::new(rate), lab::rng(0));
        let mut curve = Vec::new();
        for epoch in 1..=epochs {
            let costs = model.epoch(&digits.train, 64, &mut rng, &mut sgd)?;
            let cost = costs.iter().sum::<f64>() / costs.len() as f64;
            let [train, val] =
                [model.accuracy(&digits.train)?, model.accuracy(&digits.validation)?];
            let line = format!(
                "Finished epoch {epoch} / {epochs}: cost {cost:.6}, train: {train:.6}, val {val:.6}"
            );
            lab.say(format!("{}, lr {}", line.replace("NaN", "nan"), as_c(rate)));
            curve.push((epoch as f64, cost));
            outcomes.push((cost, val));
        }
        lab.say("");
        plot.line(hue, &label, curve);
    }
    lab.show(plot);
    let runs = [0, 1, 2, 3].map(|i| &outcomes[i * epochs..(i + 1) * epochs]);
    let last = epochs - 1;
    lab.claim(
        "Loss not going down: learning rate too low",
        runs[0][last].0 > 0.99 * runs[0][0].0 && runs[0][last].1 < 0.25,
        format!(
            "at {low} the cost goes from {:.4} to {:.4} in {epochs} epochs",
            runs[0][0].0, runs[0][last].0
        ),
    );
    lab.claim(
        "The right one learns",
        runs[1][last].0 < 0.1 && runs[1][last].1 > 0.95,
        format!(
            "at {right} the cost is {:.4} and the validation accuracy {:.3}",
            runs[1][last].0, runs[1][last].1
        ),
    );
    let mean = |i: usize| runs[i].iter().map(|epoch| epoch.0).sum::<f64>() / epochs as f64;
    lab.claim(
        "With a higher one the cost bursts before it falls, if it does",
        mean(2).is_nan() || mean(2) > 3.0 * mean(1),
        format!(
            "at {high} the cost is {:.2} on average over {epochs} epochs, at {right} {:.2}",
            mean(2),
            mean(1)
        ),
    );
    lab.claim(
        "Cost NaN: learning rate too high",
        runs[3].iter().all(|epoch| epoch.0.is_nan() && epoch.1.is_nan()),
        format!("at {burst} the cost is {} from the first epoch on", runs[3][0].0),
    );
    Ok(())
}
