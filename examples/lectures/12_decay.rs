//! Learning rate decay: big steps first, small ones near the minimum.
//!
//! `cargo run --release --example gallery -- decay`

use cotangent::ndarray::{Array1, Axis as Along, array};
use cotangent::optim::{Constant, Exponential, Geometric, InverseTime, Schedule, Sgd, StepDecay};
use cotangent::prelude::{Activation, Curve, Optimizer, Params, Step};
use lab::{
    Axis, Classifier, Deck, Digits, Experiment, Grid, Hue, Lab, Plot, Result, Symmetric, Table,
    mlp, scientific,
};
use rand::RngExt;

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Learning rate decay",
    deck: Deck::Optimization,
    slides: "Learning rate decay; Learning rate decay over time; Learning rate",
    quotes: &[
        "Maybe during the initial steps of learning, you could afford to take much bigger steps. But \
         then as learning approaches converges, then having a slower learning rate allows you to \
         take smaller steps.",
        "Mini-batch gradient descent: it won't exactly converge. Slowly reduce learning rate over \
         the time: oscillating in a tighter region around this minimum.",
        "Step decay: decay learning rate by half every few epochs.",
    ],
    formulas: &[
        r"\alpha = \alpha_0\, e^{-\text{decay rate} \times \text{epoch}}",
        r"\alpha = \frac{\alpha_0}{1 + \text{decay rate} \times \text{epoch}}",
        r"\alpha = \alpha_0\, 0.95^{\text{epoch}}",
    ],
    run,
};

/// The learning rate to begin with.
const START: f64 = 0.3;
const EPOCHS: usize = 60;

/// A schedule of the slide, and its formula written out: α/α₀ by epoch.
struct Case {
    hue: Hue,
    label: &'static str,
    schedule: Schedule,
    formula: fn(f64) -> f64,
}

fn cases() -> [Case; 5] {
    let case = |hue, label, schedule, formula| Case { hue, label, schedule, formula };
    let halved: fn(f64) -> f64 = |epoch| 0.5f64.powf((epoch / 10.0).floor());
    [
        case(Hue::Vermillion, "no decay", Constant::new(1.0).into(), |_| 1.0),
        case(Hue::Blue, "half every 10 epochs", StepDecay::halve_every(10).into(), halved),
        case(Hue::Green, "exponential, 0.07", Exponential::new(0.07).into(), |t| (-0.07 * t).exp()),
        case(Hue::Purple, "1/t, rate 1", InverseTime::new(1.0).into(), |t| 1.0 / (1.0 + t)),
        case(Hue::Orange, "0.95^epoch", Geometric::new(0.95).into(), |t| 0.95f64.powf(t)),
    ]
}

fn run(lab: &mut Lab) -> Result {
    let epochs = lab.pick(EPOCHS, 3);
    let line = Line::new();
    let runs = lab.pick(20, 2);
    let walks: Vec<Walk> =
        cases().iter().map(|case| line.fit(&case.schedule, epochs, runs)).collect::<Result<_>>()?;
    rates(lab, &walks, epochs);
    let crawl = line.fit(&Constant::new(1.0 / EPOCHS as f64).into(), epochs, runs)?;
    oscillation(lab, &line, &walks, &crawl);
    digits(lab)
}

fn by_epoch(values: &[f64]) -> Vec<(f64, f64)> {
    (0..).map(f64::from).zip(values.iter().copied()).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The last values, at most so many.
fn last(values: &[f64], count: usize) -> &[f64] {
    &values[values.len().saturating_sub(count)..]
}

fn rates(lab: &mut Lab, walks: &[Walk], epochs: usize) {
    let mut plot = Plot::new(
        "rates",
        "The learning rates that the optimizer used, by epoch, from α₀ = 0.3",
        Axis::new("epoch").range(0.0..epochs as f64),
        Axis::log("learning rate α"),
    );
    let mut worst = 0f64;
    for (Case { hue, label, formula, .. }, walk) in cases().iter().zip(walks) {
        plot.line(*hue, label, by_epoch(&walk.rates));
        for (epoch, rate) in by_epoch(&walk.rates) {
            worst = worst.max((rate / (START * formula(epoch)) - 1.0).abs());
        }
    }
    lab.show(plot);
    lab.claim(
        "The optimizer’s learning rates are those of the slide’s formulas, epoch by epoch",
        worst < 1e-12,
        format!("largest relative difference, over five schedules: {}", scientific(worst, 1)),
    );
}

/// Points near a line, and the line that fits them best.
struct Line {
    x: Array1<f64>,
    y: Array1<f64>,
    best: Array1<f64>,
}

/// Descent with batches of 8, by epoch.
struct Walk {
    rates: Vec<f64>,
    /// The distance from the best line, root mean square over the epoch and several runs.
    distances: Vec<f64>,
    /// The points of the first run.
    path: Vec<(f64, f64)>,
}

const SAMPLES: usize = 256;
const BATCH: usize = 8;

impl Line {
    fn new() -> Self {
        let mut rng = lab::rng(12);
        let x = Array1::from_shape_fn(SAMPLES, |_| rng.random_range(-0.6..0.6));
        let y = x.mapv(|x: f64| 1.5 * x + 0.5 + rng.random_range(-1.0..1.0));
        // The normal equations.
        let [sx, sy] = [x.sum(), y.sum()];
        let normal = array![[x.dot(&x), sx], [sx, SAMPLES as f64]];
        let best = Symmetric::new(&normal).solve(&array![x.dot(&y), sy]);
        Self { x, y, best }
    }

    fn fit(&self, schedule: &Schedule, epochs: usize, runs: usize) -> Result<Walk> {
        let mut walk = Walk { rates: vec![], distances: vec![0.0; epochs], path: vec![] };
        let batches = SAMPLES / BATCH;
        for run in 0..runs {
            let mut params = Params::<f64>::with_seed(0);
            let line = params.root().parameter("line", array![-2.5, 2.0].into_dyn());
            let mut step = Step::new(|g, [x, y]| {
                let [w, b] = lab::xy(g.param(&line));
                (w * x + b - y).square().mean()
            });
            let mut sgd = Sgd::new(START).schedule(schedule.clone().per(batches as u64));
            let mut rng = lab::rng(run as u64);
            for epoch in 0..epochs {
                if run == 0 {
                    walk.rates.push(Optimizer::<f64>::learning_rate(&sgd));
                }
                for _ in 0..batches {
                    let rows: [usize; BATCH] =
                        std::array::from_fn(|_| rng.random_range(0..SAMPLES));
                    let [x, y] = [&self.x, &self.y].map(|all| all.select(Along(0), &rows));
                    step.run(&mut params, (&x, &y))?;
                    sgd.step(&mut params, step.gradients())?;
                    let at = params.trainable();
                    let square = (at[0] - self.best[0]).powi(2) + (at[1] - self.best[1]).powi(2);
                    walk.distances[epoch] += square / (batches * runs) as f64;
                    if run == 0 {
                        walk.path.push((at[0], at[1]));
                    }
                }
            }
        }
        walk.distances.iter_mut().for_each(|square| *square = square.sqrt());
        Ok(walk)
    }
}

fn oscillation(lab: &mut Lab, line: &Line, walks: &[Walk], crawl: &Walk) {
    let (w, b) = (line.best[0], line.best[1]);
    let cost = |w: f64, b: f64| (w * &line.x + b - &line.y).mapv(|e| e * e).sum() / SAMPLES as f64;
    let grid = Grid::of(w - 0.5..w + 0.5, b - 0.4..b + 0.4, 81, cost);
    let mut plot = Plot::new(
        "oscillation",
        "A line fitted with batches of 8: the last 20 epochs, around the minimum",
        Axis::new("slope w").range(w - 0.5..w + 0.5),
        Axis::new("intercept b").range(b - 0.4..b + 0.4),
    );
    plot.contours(&grid, grid.levels(12));
    let end = |walk: &Walk| walk.path[walk.path.len().saturating_sub(640)..].to_vec();
    plot.trace(Hue::Vermillion, "no decay", end(&walks[0]));
    plot.trace(Hue::Blue, "half every 10 epochs", end(&walks[1]));
    lab.show(plot);

    let mut plot = Plot::new(
        "distance",
        "Distance from the best line by epoch, root mean square of 20 runs",
        Axis::new("epoch").range(0.0..walks[0].rates.len() as f64),
        Axis::log("distance from the minimum"),
    );
    let mut table = Table::new(
        "The distance from the best line, by schedule",
        ["schedule", "last α/α₀", "first epoch", "last ten epochs"],
    );
    let mut row = |label: &str, walk: &Walk| {
        table.row([
            label.to_owned(),
            format!("{:.3}", last(&walk.rates, 1)[0] / START),
            format!("{:.3}", walk.distances[0]),
            format!("{:.3}", mean(last(&walk.distances, 10))),
        ]);
    };
    for (Case { hue, label, .. }, walk) in cases().iter().zip(walks) {
        plot.line(*hue, label, by_epoch(&walk.distances));
        row(label, walk);
    }
    plot.line(Hue::Grey, "α₀/60 always", by_epoch(&crawl.distances));
    row("α₀/60 always", crawl);
    lab.show(plot);
    lab.table(table);

    let constant = &walks[0].distances;
    let middle = constant.len() / 3;
    let (before, after) = (mean(&constant[middle..2 * middle]), mean(last(constant, middle)));
    lab.claim(
        "Mini-batch descent with one learning rate won’t exactly converge",
        (0.85..1.15).contains(&(after / before)) && after > 0.1,
        format!("the distance is {before:.3} in epochs 20 to 40 and {after:.3} in 40 to 60"),
    );
    let ends: Vec<f64> = walks.iter().map(|walk| mean(last(&walk.distances, 10))).collect();
    let widest = ends[1..].iter().copied().fold(0.0, f64::max);
    lab.claim(
        "With the rate slowly reduced it oscillates in a tighter region around the minimum",
        widest < ends[0] / 3.0,
        format!("the widest of the four decays ends {widest:.3} away, no decay {:.3}", ends[0]),
    );
    let [small, kept] = [crawl, &walks[0]].map(|walk| mean(&walk.distances[..5.min(middle + 1)]));
    let end = mean(last(&crawl.distances, 10));
    lab.claim(
        "In the initial steps one can afford much bigger steps",
        small > 2.0 * kept && end > 2.0 * widest,
        format!(
            "over five epochs the distance is {kept:.2} with the big rate and {small:.2} with a \
             sixtieth of it, which ends {end:.2} away"
        ),
    );
}

/// The objective of a linear classifier on the digits, by epoch.
fn digits(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let epochs = lab.pick(40, 2);
    let mut plot = Plot::new(
        "digits",
        "A linear classifier of the digits, α₀ = 0.5: objective on the whole training set",
        Axis::new("epoch").range(0.0..epochs as f64),
        Axis::log("objective J"),
    );
    let mut ends = Vec::new();
    for Case { hue, label, schedule, .. } in cases() {
        let mut model = Classifier::new(0, 1e-3, |scope| mlp(scope, &[64, 10], Activation::Relu));
        let mut rng = lab::rng(1);
        let batches = digits.train.len().div_ceil(BATCH) as u64;
        let mut sgd = Sgd::new(0.5).schedule(schedule.per(batches));
        let (x, labels) = (digits.train.features(), digits.train.labels());
        let mut objective = vec![model.forward_backward(x, labels)?];
        for _ in 0..epochs {
            model.epoch(&digits.train, BATCH, &mut rng, &mut sgd)?;
            objective.push(model.forward_backward(x, labels)?);
        }
        ends.push(mean(last(&objective, 10)));
        plot.line(hue, label, by_epoch(&objective));
    }
    lab.show(plot);
    let worst = ends[1..].iter().copied().fold(0.0, f64::max);
    lab.claim(
        "A classifier of digits ends lower with decay than without",
        worst < 0.8 * ends[0],
        format!(
            "the objective over the last ten epochs: {:.3} without, at most {worst:.3} with",
            ends[0]
        ),
    );
    Ok(())
}
