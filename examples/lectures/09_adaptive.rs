//! Learning rates that adapt: Adagrad, RMSprop, Adam without and with bias correction.
//!
//! `cargo run --release --example gallery -- adaptive`

use cotangent::optim::{Adagrad, Adam, Optimizer, RmsProp, Sgd};
use lab::{Axis, Deck, Experiment, Hue, Lab, Path, Plot, Result, Surface, Table, scientific, xy};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Adagrad, RMSprop, Adam",
    deck: Deck::Optimization,
    slides: "RMSprop; Adagrad; Adam (Adaptive Moment Estimation); Adam (full form)",
    quotes: &[
        "Step size will be very small during this algorithm.",
        "Updates in the vertical direction is divided by a much larger number while in the \
         horizontal direction by a smaller number. Thus, you can therefore use a larger learning rate.",
        "Problem: may cause very large steps at the beginning. Solution: Bias correction to prevent first and \
         second moment estimates start at zero.",
    ],
    formulas: &[
        r"\text{Adagrad}\quad S \leftarrow S + dW^2 \qquad W \leftarrow W - \alpha \frac{dW}{\sqrt{S}}",
        r"\text{RMSprop}\quad S \leftarrow \beta S + (1 - \beta)\,dW^2 \qquad W \leftarrow W - \alpha \frac{dW}{\sqrt{S + \epsilon}}",
        r"\text{Adam}\quad V^c = \frac{V}{1 - \beta_1^t} \quad S^c = \frac{S}{1 - \beta_2^t} \qquad W \leftarrow W - \alpha \frac{V^c}{\sqrt{S^c + \epsilon}}",
    ],
    run,
};

type Method = (&'static str, Hue, fn(f64) -> Box<dyn Optimizer<f64>>);

const METHODS: [Method; 4] = [
    ("Adagrad", Hue::Purple, |rate| Box::new(Adagrad::new(rate).lecture())),
    ("RMSprop", Hue::Orange, |rate| Box::new(RmsProp::new(rate).lecture())),
    ("Adam without correction", Hue::Sky, |rate| {
        Box::new(Adam::new(rate).lecture().without_bias_correction())
    }),
    ("Adam", Hue::Ink, |rate| Box::new(Adam::new(rate).lecture())),
];

fn run(lab: &mut Lab) -> Result {
    constant_gradient(lab)?;
    ravine(lab)
}

/// On the plane f = 100x + y gradients never change, and the steps are what the formulas predict.
fn constant_gradient(lab: &mut Lab) -> Result {
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
        format!("steps along x and y differ by at most {unequal} of their size", unequal = scientific(unequal, 1)),
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

/// In the ravine of condition number 100.
fn ravine(lab: &mut Lab) -> Result {
    let surface = Surface::new(|w| {
        let [x, y] = xy(w);
        0.5 * (x.square() + 100.0 * y.square())
    });
    let start = [-4.0, 1.0];
    let rate = 0.4;
    let mut paths: Vec<(&str, Hue, Path)> = Vec::new();
    for (name, hue, method) in METHODS {
        paths.push((name, hue, surface.descend(&start, 400, &mut method(rate))?));
    }
    let grid = surface.grid(-4.6..3.0, -2.4..2.4, 81)?;
    let mut plot = Plot::new(
        "ravine",
        "The first 25 steps in the ravine, all with α = 0.4, at which plain descent diverges",
        Axis::new("shallow direction x").range(-4.6..3.0),
        Axis::new("steep direction y").range(-2.4..2.4),
    );
    plot.contours(&grid, grid.levels(14));
    for (name, hue, path) in &paths {
        plot.steps(*hue, name, path.pairs()[..26].to_vec());
    }
    lab.show(plot);

    let plain = surface.descend(&start, 400, &mut Sgd::new(rate))?;
    let ends: Vec<f64> = paths.iter().map(|(.., path)| path.values[400] / path.values[0]).collect();
    lab.claim(
        "One can use a larger learning rate",
        plain.values.len() < 400 && ends.iter().all(|&end| end < 0.1),
        format!(
            "at twenty times the bound 2/κ plain descent overflows after {} steps; the others bring \
             the loss to {} of its start",
            plain.values.len() - 1,
            ends.iter().map(|&end| scientific(end, 1)).collect::<Vec<_>>().join(", ")
        ),
    );
    let overshoot = |path: &Path| path.points.iter().map(|w| w[0]).fold(0.0, f64::max);
    let (raw, corrected) = (overshoot(&paths[2].2), overshoot(&paths[3].2));
    lab.claim(
        "The correction keeps Adam from being thrown far beyond the minimum",
        raw > 2.0 * corrected,
        format!("from x = −4 it is thrown to {raw:.2} without, and to {corrected:.2} with it"),
    );
    Ok(())
}
