//! The size of each step where gradients never change.

use lab::{Axis, Lab, Plot, Result, Surface, Table, scientific, xy};

use crate::adaptive::METHODS;

/// On the plane f = 100x + y gradients never change, and the steps are what the formulas predict.
pub fn run(lab: &mut Lab) -> Result {
    let plane = Surface::new(|w| {
        let [x, y] = xy(w);
        100.0 * x + y
    });
    let rate = 0.01;
    let steps: Vec<Vec<[f64; 2]>> = METHODS
        .iter()
        .map(|method| {
            let path = plane.descend(&[0.0, 0.0], 1000, &mut method.2(rate))?;
            let step = |pair: &[cotangent::ndarray::Array1<f64>]| {
                [(pair[0][0] - pair[1][0]) / rate, (pair[0][1] - pair[1][1]) / rate]
            };
            Ok(path.points.windows(2).map(step).collect())
        })
        .collect::<Result<_>>()?;

    let mut plot = Plot::new(
        "steps",
        "The size of each step where the gradient is always the same, in units of the learning rate",
        Axis::log("step t"),
        Axis::log("step size / α"),
    );
    for ((name, hue, _), steps) in METHODS.iter().zip(&steps) {
        let points = steps.iter().enumerate().map(|(i, step)| ((i + 1) as f64, step[1]));
        plot.line(*hue, name, points.collect::<Vec<_>>());
    }
    lab.show(plot);
    let mut table =
        Table::new("Step size / α at constant gradient", ["method", "1", "2", "10", "100", "1000"]);
    for ((name, ..), steps) in METHODS.iter().zip(&steps) {
        let at = |t: usize| format!("{:.3}", steps[t - 1][1]);
        table.row([(*name).into(), at(1), at(2), at(10), at(100), at(1000)]);
    }
    lab.table(table);

    let predicted: [fn(f64) -> f64; 4] = [
        |t| 1.0 / t.sqrt(),
        |t| 1.0 / (1.0 - 0.9f64.powf(t)).sqrt(),
        |t| (1.0 - 0.9f64.powf(t)) / (1.0 - 0.999f64.powf(t)).sqrt(),
        |_| 1.0,
    ];
    let mut worst = 0f64;
    let mut unequal = 0f64;
    for (steps, predicted) in steps.iter().zip(predicted) {
        for (i, [x, y]) in steps.iter().enumerate() {
            worst = worst.max((y / predicted((i + 1) as f64) - 1.0).abs());
            unequal = unequal.max((x / y - 1.0).abs());
        }
    }
    lab.claim(
        "The steps are those of the formulas",
        worst < 1e-5,
        format!(
            "4 methods, 1000 steps, relative difference at most {worst} (ε makes it)",
            worst = scientific(worst, 1)
        ),
    );
    lab.claim(
        "Each direction is divided by its own size: a gradient 100 times as large makes no larger step",
        unequal < 1e-5,
        format!("steps along x and y differ by at most {} of their size", scientific(unequal, 1)),
    );
    lab.claim(
        "Adagrad’s steps become very small",
        steps[0][999][1] < 0.032 && steps[1][999][1] > 0.99,
        format!(
            "{:.3} α after 1000 steps; RMSprop’s stay at {:.3} α",
            steps[0][999][1], steps[1][999][1]
        ),
    );
    let ratio = |t: usize| steps[2][t - 1][1] / steps[3][t - 1][1];
    let peak = (1..=100).map(ratio).fold(0.0, f64::max);
    lab.claim(
        "Adam without bias correction makes very large steps at the beginning",
        (ratio(1) - 0.1 / 0.001f64.sqrt()).abs() < 1e-4 && peak > 6.0,
        format!(
            "{:.4} = (1−β₁)/√(1−β₂) times as large at step 1, and up to {peak:.2} times",
            ratio(1)
        ),
    );
    Ok(())
}
