//! All optimizers race: in a valley, from a saddle, and on the digits.
//!
//! `cargo run --release --example gallery -- race`

use cotangent::optim::{Adagrad, Adam, Nesterov, Optimizer, RmsProp, Sgd};
use cotangent::prelude::{Activation, Var};
use lab::{
    Axis, Classifier, Deck, Digits, Experiment, Hue, Lab, Path, Plot, Result, Surface, Table, mlp,
    xy,
};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "The race of the optimizers",
    deck: Deck::Optimization,
    slides: "Example (source: cs231n); In practice",
    quotes: &[
        "RMSprop, AdaGrad, and Adam can adaptively tune the update vector size (per parameter). \
         Known also as methods with adaptive learning rates.",
        "Adam is a good default choice in most cases.",
    ],
    formulas: &[
        r"\text{valley (Beale)}\quad f = (1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
        r"\text{saddle}\quad f = x^2 - y^2",
    ],
    run,
};

/// An optimizer in the precision T: name, colour, and how it is made of a learning rate.
type Racer<T> = (&'static str, Hue, fn(f64) -> Box<dyn Optimizer<T>>);

macro_rules! racers {
    () => {
        [
            ("SGD", Hue::Blue, |rate| Box::new(Sgd::new(rate))),
            ("Momentum", Hue::Vermillion, |rate| Box::new(Sgd::new(rate).momentum(0.9))),
            ("Nesterov", Hue::Green, |rate| Box::new(Nesterov::new(rate, 0.9))),
            ("Adagrad", Hue::Purple, |rate| Box::new(Adagrad::new(rate))),
            ("RMSprop", Hue::Orange, |rate| Box::new(RmsProp::new(rate).lecture())),
            ("Adam", Hue::Ink, |rate| Box::new(Adam::new(rate).lecture())),
        ]
    };
}

const ON_SURFACES: [Racer<f64>; 6] = racers!();
const ON_DIGITS: [Racer<f32>; 6] = racers!();

/// 1, 2, 5 times powers of ten.
const RATES: [f64; 13] = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0];

fn beale(w: Var<'_>) -> Var<'_> {
    let [x, y] = xy(w);
    let part = |c: f64, power: f64| (c - x + x * y.powf(power)).square();
    part(1.5, 1.0) + part(2.25, 2.0) + part(2.625, 3.0)
}

fn run(lab: &mut Lab) -> Result {
    valley(lab)?;
    saddle(lab)?;
    digits(lab)
}

/// Each with the learning rate, of thirteen, at which it is down first.
fn valley(lab: &mut Lab) -> Result {
    let surface = Surface::new(beale);
    let (start, steps) = ([1.0, 1.5], lab.pick(800, 60));
    let mut table = Table::new(
        "In the valley, each at the best of thirteen learning rates from 10⁻⁴ to 1",
        ["optimizer", "α", "steps to f < 0.01", "length of its path"],
    );
    let mut best: Vec<(f64, usize, Path)> = Vec::new();
    for (name, _, optimizer) in ON_SURFACES {
        let mut runs = Vec::new();
        for rate in RATES {
            let path = surface.descend(&start, steps, &mut optimizer(rate))?;
            runs.push((rate, path.steps_to(0.01).unwrap_or(usize::MAX), path));
        }
        let run = runs.into_iter().min_by_key(|run| run.1).ok_or("no run")?;
        let to_end = &run.2.points[..run.1.min(steps) + 1];
        let legs = to_end.windows(2).map(|pair| (&pair[1] - &pair[0]).mapv(|d| d * d).sum().sqrt());
        table.row([
            name.into(),
            format!("{}", run.0),
            format!("{}", run.1),
            format!("{:.1}", legs.sum::<f64>()),
        ]);
        best.push(run);
    }
    lab.table(table);

    let grid = surface.grid(-0.6..4.4, -1.9..1.8, 121)?;
    let levels: Vec<f64> = (-4..10).map(|i| 2.2f64.powi(i)).collect();
    let mut plot = Plot::new(
        "valley",
        "A long bent valley, animated: each point is a step, the minimum lies at (3, ½)",
        Axis::new("x").range(-0.6..4.4),
        Axis::new("y").range(-1.9..1.8),
    );
    plot.contours(&grid, levels);
    for ((name, hue, _), (_, needed, path)) in ON_SURFACES.iter().zip(&best) {
        let shown = needed.saturating_add(20).min(steps).min(260);
        plot.runner(*hue, name, path.pairs().into_iter().take(shown + 1).collect::<Vec<_>>());
    }
    lab.show(plot);

    // As reals: a racer that does not arrive needs the largest number of steps there is.
    let needed = |i: usize| best[i].1 as f64;
    let racers = ON_SURFACES.iter().zip(&best);
    let counts: Vec<String> = racers.map(|(racer, run)| format!("{} {}", racer.0, run.1)).collect();
    lab.claim(
        "Momentum, Nesterov and Adam are faster than plain SGD in the valley",
        [1, 2, 5].iter().all(|&i| 4.0 * needed(i) <= 3.0 * needed(0)),
        format!("{} steps", counts.join(", ")),
    );
    Ok(())
}

/// Starts beside the ridge of a saddle, all with one learning rate.
fn saddle(lab: &mut Lab) -> Result {
    let surface = Surface::new(|w| {
        let [x, y] = xy(w);
        x.square() - y.square()
    });
    let grid = surface.grid(-1.2..1.2, -1.5..0.5, 81)?;
    let mut plot = Plot::new(
        "saddle",
        "From the ridge of a saddle, animated: all with α = 0.02, from (−1, −10⁻⁴)",
        Axis::new("x").range(-1.2..1.2),
        Axis::new("y").range(-1.5..0.5),
    );
    plot.contours(&grid, (-10..=7).map(|i| 0.2 * f64::from(i)).collect::<Vec<_>>());
    let mut table = Table::new(
        "Steps from the ridge of the saddle, where y = −10⁻⁴",
        ["optimizer", "to y < −0.1", "to y < −1"],
    );
    let mut left = Vec::new();
    for (name, hue, optimizer) in ON_SURFACES {
        let path = surface.descend(&[-1.0, -1e-4], 400, &mut optimizer(0.02))?;
        let steps = |y: f64| path.points.iter().position(|w| w[1] < y).ok_or("still on the saddle");
        let (off, away) = (steps(-0.1)?, steps(-1.0)?);
        plot.runner(hue, name, path.pairs()[..=away].to_vec());
        table.row([name.into(), format!("{off}"), format!("{away}")]);
        left.push(off);
    }
    lab.show(plot);
    lab.table(table);
    let slowest = left[3..].iter().max().ok_or("nobody")?;
    lab.claim(
        "On the saddle’s ridge SGD is stuck for long; adaptive methods enlarge the small direction’s steps",
        4 * slowest < left[0] && 2 * left[1] < left[0],
        format!("SGD needs {} steps, momentum {}, the slowest adaptive one {slowest}", left[0], left[1]),
    );
    Ok(())
}

/// A network of 32 relu units, 8 epochs in batches of 64, each at the best of thirteen rates.
fn digits(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let epochs = lab.pick(8, 1);
    let mut table = Table::new(
        "On the digits after 8 epochs, each at its best learning rate; “good rates” reach 95 %",
        ["optimizer", "α", "training loss", "validation accuracy", "good rates of 13"],
    );
    let mut plot = Plot::new(
        "digits",
        "Training loss on the digits, each at its best learning rate",
        Axis::new("epoch"),
        Axis::log("cross-entropy"),
    );
    let (mut losses, mut accuracies) = (Vec::new(), Vec::new());
    for (name, hue, optimizer) in ON_DIGITS {
        let mut runs = Vec::new();
        for rate in RATES {
            let mut model = Classifier::new(0, 0.0, |p| mlp(p, &[64, 32, 10], Activation::Relu));
            let (mut optimizer, mut rng) = (optimizer(rate), lab::rng(0));
            let mut curve = vec![(0.0, model.cost(&digits.train)?)];
            for epoch in 1..=epochs {
                model.epoch(&digits.train, 64, &mut rng, &mut optimizer)?;
                curve.push((epoch as f64, model.cost(&digits.train)?));
            }
            runs.push((rate, curve, model.accuracy(&digits.validation)?));
        }
        let good = runs.iter().filter(|run| run.2 >= 0.95).count();
        let last = |run: &(f64, Vec<(f64, f64)>, f64)| run.1[epochs].1;
        let finite = runs.into_iter().filter(|run| last(run).is_finite());
        let best =
            finite.min_by(|a, b| last(a).total_cmp(&last(b))).ok_or("no run stayed finite")?;
        table.row([
            name.into(),
            format!("{}", best.0),
            format!("{:.4}", last(&best)),
            format!("{:.1} %", 100.0 * best.2),
            format!("{good}"),
        ]);
        losses.push(last(&best));
        accuracies.push(best.2);
        plot.line(hue, name, best.1);
    }
    lab.table(table);
    lab.show(plot);
    let top = accuracies.iter().copied().fold(0.0, f64::max);
    lab.claim(
        "Adam is a good default choice",
        accuracies[5] > top - 0.02 && losses[5] < losses[0],
        format!(
            "validation accuracy {:.1} %, the best of all {:.1} %; training loss {:.4}, SGD’s {:.4}",
            100.0 * accuracies[5],
            100.0 * top,
            losses[5],
            losses[0]
        ),
    );
    Ok(())
}
