//! Accuracy after a few epochs, over learning rate and scale of the initial weights.

use cotangent::nn::init::{Kaiming, Nonlinearity};
use cotangent::prelude::Activation;
use lab::{Axis, Digits, Grid, Lab, Network, Plot, Result};

use crate::advantages::{DEEP, NAMES, Training};

/// Five hidden layers, whose weights start at Kaiming’s deviation times a scale.
fn deep(scale: f64, norm: bool) -> Network<'static> {
    let init = Kaiming::normal().gain(scale * Nonlinearity::Relu.gain());
    Network::new(&DEEP, Activation::Relu).init(init).batch_norm(norm)
}

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let (epochs, samples) = (lab.pick(5, 1), &digits.train);
    let rates: Vec<f64> =
        (lab.pick(-6, 0)..=lab.pick(2, 0)).map(|i| 10f64.powf(f64::from(i) / 2.0)).collect();
    let scales: Vec<f64> = (lab.pick(-4, 0)..=lab.pick(4, 0)).map(|i| 2f64.powi(i)).collect();
    let mut found = Vec::new();
    for (_, _, norm) in NAMES {
        let mut grid = Grid::at(rates.clone(), scales.clone(), |_, _| 0.0);
        let mut values = Vec::new();
        for (rate, scale) in grid.points() {
            let network = deep(scale, norm);
            let training = Training { network, samples, batch: 64, rate, seed: 0 };
            values.push(training.run(epochs)?.0.accuracy(&digits.validation)?);
        }
        grid.values = values;
        let which = if norm { "with" } else { "without" };
        let mut plot = Plot::new(
            if norm { "normed" } else { "plain" },
            &format!(
                "Validation accuracy after {epochs} epochs, {which} batch norm; crossed out: a burst to NaN"
            ),
            Axis::log("learning rate α"),
            Axis::log("scale s of the initial weights"),
        );
        plot.heat("accuracy", &grid, 2, 0.0..1.0);
        lab.show(plot);
        found.push(grid);
    }
    let good = |grid: &Grid| -> Vec<(f64, f64)> {
        let pairs = grid.points().zip(&grid.values);
        pairs.filter(|(_, accuracy)| **accuracy >= 0.9).map(|(point, _)| point).collect()
    };
    let [plain, normed] = [good(&found[0]), good(&found[1])];
    let cells = found[0].values.len();
    let fastest = |good: &[(f64, f64)]| good.iter().map(|point| point.0).fold(0.0, f64::max);
    let highest = found[0].xs[found[0].xs.len() - 1];
    if lab.pick(true, false) && fastest(&normed) >= highest {
        return Err("the highest good rate lies at the end of the grid: widen it".into());
    }
    let scales = |good: &[(f64, f64)]| {
        let of = |scale: f64| good.iter().any(|point| point.1 == scale);
        found[0].ys.iter().filter(|&&scale| of(scale)).count()
    };
    lab.claim(
        "Allows for higher learning rates",
        fastest(&normed) > 2.5 * fastest(&plain),
        format!(
            "the highest with 90 % or more is {:.2} with batch normalization and {:.2} without",
            fastest(&normed),
            fastest(&plain)
        ),
    );
    lab.claim(
        "Makes weights easier to initialise",
        scales(&normed) >= scales(&plain) + 2 && normed.len() >= 2 * plain.len(),
        format!(
            "{} of {} scales have a learning rate with 90 % or more, without it {}; of all {cells} pairs {} \
             against {}",
            scales(&normed),
            found[0].ys.len(),
            scales(&plain),
            normed.len(),
            plain.len()
        ),
    );
    Ok(())
}
