//! The distribution of one unit’s input over the course of training.

use cotangent::ndarray::Array2;
use lab::{Axis, Hue, Lab, Plot, Result};

use crate::covariate_shift::{LAYER, Record, records};

pub fn run(lab: &mut Lab) -> Result {
    let [plain, normed] = records(lab)?;
    bands(lab, &plain, "plain", "without batch normalization");
    bands(lab, &normed, "normed", "with batch normalization");
    Ok(())
}

fn bands(lab: &mut Lab, record: &Record, name: &str, which: &str) {
    let mut plot = Plot::new(
        name,
        &format!("Input of a sigmoid in hidden layer {LAYER} during training, {which}"),
        Axis::new("step"),
        Axis::new("input z of the first unit").range(-3.5..3.5),
    );
    let quantile = |share: f64| -> Vec<(f64, f64)> {
        let of = |inputs: &Array2<f64>| {
            let mut column = inputs.column(0).to_vec();
            column.sort_by(f64::total_cmp);
            column[(share * (column.len() - 1) as f64).round() as usize]
        };
        record.steps.iter().copied().zip(record.inputs.iter().map(of)).collect()
    };
    let band = |low: f64, high: f64| -> Vec<(f64, f64, f64)> {
        let pairs = quantile(low).into_iter().zip(quantile(high));
        pairs.map(|((step, low), (_, high))| (step, low, high)).collect()
    };
    plot.band(Hue::Sky, "2 % … 98 %", band(0.02, 0.98));
    plot.band(Hue::Blue, "15 % … 85 %", band(0.15, 0.85));
    plot.line(Hue::Ink, "median", quantile(0.5));
    lab.show(plot);
}
