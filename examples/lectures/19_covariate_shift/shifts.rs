//! How far the inputs of all units of a layer go from where they began.

use cotangent::ndarray::{Array1, Array2};
use lab::{Axis, Hue, Lab, Plot, Result, Table, mean, moments, percent};

use crate::covariate_shift::records;

/// The number of steps over which the loss is averaged, an epoch; the loss that counts as learned.
const WINDOW: usize = 22;
const LEARNED: f64 = 0.3;

/// Mean and standard deviation of each unit’s input.
fn spread_of(inputs: &Array2<f64>) -> (Array1<f64>, Array1<f64>) {
    let (mean, variance) = moments(inputs);
    (mean, variance.mapv(f64::sqrt))
}

pub fn run(lab: &mut Lab) -> Result {
    let records = records(lab)?;
    let mut moved = Plot::new(
        "shift",
        "How far the means of the 100 inputs moved, in deviations at the start",
        Axis::new("step"),
        Axis::new("shift, average over the units"),
    );
    let mut loss = Plot::new(
        "loss",
        &format!("Training loss of the same runs, averaged over {WINDOW} steps"),
        Axis::new("step"),
        Axis::log("loss"),
    );
    let mut table = Table::new(
        "Inputs of hidden layer 3, 64-100-100-100-10 sigmoid, SGD of 0.5 in batches of 64",
        [
            "",
            "greatest shift",
            "greatest spread",
            &format!("steps to loss {LEARNED}"),
            "validation accuracy",
        ],
    );
    let mut found = Vec::new();
    for (record, (name, hue)) in
        records.iter().zip([("without", Hue::Vermillion), ("with batch norm", Hue::Blue)])
    {
        let (start, deviation) = spread_of(&record.inputs[0]);
        let (mut curve, mut spread) = (Vec::new(), 0f64);
        for (step, inputs) in record.steps.iter().zip(&record.inputs) {
            let (middle, std) = spread_of(inputs);
            let shift = ((middle - &start) / &deviation).mapv(f64::abs).mean().ok_or("no units")?;
            curve.push((*step, shift));
            spread = spread.max((std / &deviation).mean().ok_or("no units")?);
        }
        let shift = curve.iter().map(|point| point.1).fold(0.0, f64::max);
        moved.line(hue, name, curve);
        let smooth: Vec<(f64, f64)> = record
            .losses
            .windows(WINDOW)
            .enumerate()
            .map(|(step, window)| ((step + WINDOW / 2) as f64, mean(window)))
            .collect();
        let needed = smooth.iter().find(|point| point.1 < LEARNED).map(|point| point.0);
        loss.line(hue, name, smooth);
        table.row([
            name.into(),
            format!("{shift:.2} σ"),
            format!("{spread:.2} σ"),
            needed.map_or("never".into(), |step| format!("{step:.0}")),
            percent(record.accuracy),
        ]);
        found.push((shift, spread, needed.unwrap_or(f64::INFINITY)));
    }
    lab.show(moved);
    lab.show(loss);
    lab.table(table);
    let [plain, normed] = [found[0], found[1]];
    lab.claim(
        "Without batch normalization the distribution of a layer’s inputs changes while earlier layers learn",
        plain.0 > 1.0 && plain.1 > 2.0,
        format!(
            "the means move by {:.1} of their deviations at the start, which become {:.1} times as large",
            plain.0, plain.1
        ),
    );
    lab.claim(
        "With it the distribution does not change, at least not dramatically",
        3.0 * normed.0 < plain.0 && normed.1 < 0.7 * plain.1,
        format!(
            "the means move by {:.2} deviations, which become {:.2} times as large: that is β and γ learning",
            normed.0, normed.1
        ),
    );
    lab.claim(
        "This speeds up training",
        3.0 * normed.2 < plain.2,
        format!("a loss of {LEARNED} takes {:.0} steps with it, {:.0} without", normed.2, plain.2),
    );
    lab.say(
        "That both happen does not prove that one is the cause of the other: Santurkar et al. (2018) \
         hold that it is the smoother loss, not the steadier inputs, that speeds up training.",
    );
    Ok(())
}
