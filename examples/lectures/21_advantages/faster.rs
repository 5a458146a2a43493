//! Epochs to a small training loss, from two initialisations.

use cotangent::nn::init::{Init, Kaiming};
use cotangent::prelude::Activation;
use lab::{Axis, Digits, Lab, Network, Plot, Result, Table};

use crate::advantages::{DEEP, NAMES, Training};

/// The training loss that counts as small, the learning rates that are tried, and the seeds.
const SMALL: f64 = 0.05;
const RATES: [f64; 6] = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0];
const SEEDS: u64 = 3;

/// How many epochs it takes to a small loss, on average over the seeds; the rate; the curves.
type Run = (f64, f64, Vec<Vec<(f64, f64)>>);

/// The run at the rate that takes fewest epochs.
fn epochs_needed(lab: &Lab, digits: &Digits, network: Network<'_>) -> Result<Run> {
    let epochs = lab.pick(20, 1);
    let mut runs = Vec::new();
    for rate in RATES {
        let mut curves = Vec::new();
        for seed in 0..SEEDS {
            let training = Training { network, samples: &digits.train, batch: 64, rate, seed };
            curves.push(training.run(epochs)?.1);
        }
        // One that does not come there counts as taking twice as long as it was given.
        let needed = |curve: &Vec<(f64, f64)>| {
            curve.iter().position(|point| point.1 < SMALL).unwrap_or(2 * epochs) as f64
        };
        runs.push((curves.iter().map(needed).sum::<f64>() / SEEDS as f64, rate, curves));
    }
    lab.lowest(runs, |run| run.0)
}

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let bound = 1.0 / 32f64.sqrt();
    let mut plot = Plot::new(
        "faster",
        &format!(
            "Training loss, weights uniform on ±1/√n as in PyTorch, each at its best rate; {SEEDS} seeds"
        ),
        Axis::new("epoch"),
        Axis::log("training loss"),
    );
    let mut table = Table::new(
        &format!(
            "Epochs to a training loss of {SMALL}, mean of {SEEDS} seeds, at the best of {} learning rates",
            RATES.len()
        ),
        ["weights", "without", "α", "with batch norm", "α"],
    );
    let mut needed = Vec::new();
    for (start, init) in [
        ("Kaiming", Init::from(Kaiming::normal())),
        ("uniform on ±1/√n", Init::uniform(-bound, bound)),
    ] {
        let mut row = Vec::new();
        for (name, hue, norm) in NAMES {
            let network = Network::new(&DEEP, Activation::Relu).init(init).batch_norm(norm);
            let (epochs, rate, curves) = epochs_needed(lab, &digits, network)?;
            row.push((epochs, rate));
            if start != "Kaiming" {
                for (seed, curve) in curves.into_iter().enumerate() {
                    plot.line(hue, if seed == 0 { name } else { "" }, curve);
                }
            }
        }
        table.row([
            start.into(),
            format!("{:.1}", row[0].0),
            format!("{}", row[0].1),
            format!("{:.1}", row[1].0),
            format!("{}", row[1].1),
        ]);
        needed.push([row[0].0, row[1].0]);
    }
    lab.show(plot);
    lab.table(table);
    let [kaiming, uniform] = [needed[0], needed[1]];
    lab.claim(
        "Networks train faster",
        1.5 * uniform[1] <= uniform[0],
        format!(
            "a training loss of {SMALL} takes {:.1} epochs with batch normalization, {:.1} without; but with \
             Kaiming’s weights {:.1} and {:.1}: a good start takes most of the advantage away",
            uniform[1], uniform[0], kaiming[1], kaiming[0]
        ),
    );
    Ok(())
}
