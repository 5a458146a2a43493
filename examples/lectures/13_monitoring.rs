//! Monitoring: what loss curves and the ratio of updates to weights tell about a run.
//!
//! `cargo run --release --example gallery -- monitoring`

use cotangent::optim::Sgd;
use cotangent::prelude::{Activation, Dataset};
use lab::{
    Axis, Classifier, Deck, Digits, Experiment, Hue, Lab, Plot, Result, Table, mlp, scientific,
};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Monitoring a run",
    deck: Deck::Optimization,
    slides: "Monitoring loss function during iterations; Track the ratio of weight updates / weight \
             magnitudes",
    quotes: &[
        "Monitoring loss function during iterations.",
        "Track the ratio of weight updates / weight magnitudes.",
        "Ratio between the updates and values: e.g., 0.0002 / 0.02 = 0.01 (about okay). Want this to \
         be somewhere around 0.001 or so.",
    ],
    formulas: &[
        r"\frac{\text{update scale}}{\text{param scale}} = \frac{\lVert -\alpha\, dW \rVert}{\lVert W \rVert}",
    ],
    run,
};

const BATCH: usize = 64;

/// A training, watched at every step.
#[derive(Default)]
struct Watched {
    costs: Vec<f64>,
    /// ‖ΔW‖/‖W‖ of the first layer.
    ratios: Vec<f64>,
    /// How far the update is from −α·dW at most, relative.
    off: f64,
}

fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    four_runs(lab, &digits)?;
    overfitting(lab, &digits)?;
    sweep(lab, &digits)
}

fn classifier() -> Classifier {
    Classifier::new(0, 0.0, |scope| mlp(scope, &[64, 32, 10], Activation::Relu))
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|x| x * x).sum::<f64>().sqrt()
}

fn watch(model: &mut Classifier, samples: &Dataset, rate: f64, epochs: usize) -> Result<Watched> {
    let (mut sgd, mut rng) = (Sgd::new(rate), lab::rng(0));
    let weight = model.params.trainable_entries().find(|param| param.path().ends_with("weight"));
    let range = model.params.range(weight.ok_or("no weight")?.id());
    let mut watched = Watched::default();
    for _ in 0..epochs {
        for (x, labels) in samples.batches(BATCH)?.shuffled(&mut rng) {
            let before = model.params.trainable()[range.clone()].to_vec();
            watched.costs.push(model.learn(&x, &labels, &mut sgd)?);
            let after = &model.params.trainable()[range.clone()];
            let scale = norm(before.iter().map(|&w| f64::from(w)));
            let update = norm(after.iter().zip(&before).map(|(a, b)| f64::from(a - b)));
            let dw = &model.gradients().values()[range.clone()];
            let slide = rate * norm(dw.iter().map(|&g| f64::from(g)));
            watched.ratios.push(update / scale);
            watched.off = watched.off.max((update / slide - 1.0).abs());
        }
    }
    Ok(watched)
}

fn by_step(values: &[f64]) -> Vec<(f64, f64)> {
    (1..).map(f64::from).zip(values.iter().copied()).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// A good run and three bad ones, as the loss shows them and as the ratio does.
fn four_runs(lab: &mut Lab, digits: &Digits) -> Result {
    let epochs = lab.pick(10, 1);
    let watched = |rate: f64, scale: f32| {
        let mut model = classifier();
        model.params.trainable_mut().iter_mut().for_each(|w| *w *= scale);
        watch(&mut model, &digits.train, rate, epochs)
    };
    let good = watched(0.3, 1.0)?;
    let low = watched(0.003, 1.0)?;
    let high = watched(2.2, 1.0)?;
    let small = watched(0.3, 0.003)?;
    let steps = good.costs.len();

    let mut plot = Plot::new(
        "losses",
        "The cost of each batch by step: a good run and three bad ones",
        Axis::new("step").range(0.0..steps as f64 + 1.0),
        Axis::new("cost of the batch").range(0.0..4.0),
    );
    plot.trace(Hue::Vermillion, "rate too high", by_step(&high.costs));
    plot.line(Hue::Purple, "bad initialisation", by_step(&small.costs));
    plot.line(Hue::Grey, "rate too low", by_step(&low.costs));
    plot.line(Hue::Blue, "good", by_step(&good.costs));
    lab.show(plot);

    let mut plot = Plot::new(
        "ratios",
        "The ratio of updates to weights of the first layer, in the same runs",
        Axis::new("step").range(0.0..steps as f64 + 1.0),
        Axis::log("‖update‖ / ‖W‖").range(1e-5..10.0),
    );
    plot.trace(Hue::Vermillion, "too high", by_step(&high.ratios));
    plot.trace(Hue::Grey, "too low", by_step(&low.ratios));
    plot.trace(Hue::Blue, "good", by_step(&good.ratios));
    plot.rule_at_y(Hue::Green, "0.001", 1e-3);
    lab.show(plot);

    let mut table = Table::new(
        "The four runs after ten epochs",
        ["run", "cost, first ten steps", "cost, last ten", "median ratio"],
    );
    let ten = steps.min(10);
    let end = |run: &Watched| mean(&run.costs[steps - ten..]);
    let runs = [
        ("good: α = 0.3", &good),
        ("rate too low: α = 0.003", &low),
        ("rate too high: α = 2.2", &high),
        ("bad initialisation: × 0.003", &small),
    ];
    for (label, run) in runs {
        table.row([
            label.to_owned(),
            format!("{:.2}", mean(&run.costs[..ten])),
            format!("{:.3}", end(run)),
            scientific(median(&run.ratios), 2),
        ]);
    }
    lab.table(table);

    let plateau = |run: &Watched| run.costs.iter().take_while(|&&cost| cost > 2.2).count();
    let peak = high.costs.iter().copied().fold(0.0, f64::max);
    lab.claim(
        "The loss tells a good run from bad ones",
        end(&good) < 0.15 && end(&low) > 1.5 && peak > 1.5 * high.costs[0] && plateau(&small) >= 20,
        format!(
            "good: {:.2} after ten epochs; rate too low: {:.2}; too high: up from {:.2} to {peak:.2} \
             first; bad initialisation: {} steps on a plateau, the good run {}",
            end(&good),
            end(&low),
            high.costs[0],
            plateau(&small),
            plateau(&good)
        ),
    );
    lab.claim(
        "The ratio is that of −α·dW to W",
        good.off < 1e-3,
        format!(
            "the updates that were made differ from −α·dW by at most {}",
            scientific(good.off, 1)
        ),
    );
    Ok(())
}

/// Few samples: the cost on the training set alone does not show that the run went wrong.
fn overfitting(lab: &mut Lab, digits: &Digits) -> Result {
    let epochs = lab.pick(200, 2);
    let few = digits.train.select(&(0..100).collect::<Vec<_>>())?;
    let mut model = classifier();
    let (mut sgd, mut rng) = (Sgd::new(0.3), lab::rng(0));
    let (mut train, mut validation) = (Vec::new(), Vec::new());
    for _ in 0..epochs {
        model.epoch(&few, BATCH, &mut rng, &mut sgd)?;
        train.push(model.cost(&few)?);
        validation.push(model.cost(&digits.validation)?);
    }
    let mut plot = Plot::new(
        "gap",
        "A network on 100 digits only: the gap between the two curves is overfitting",
        Axis::new("epoch").range(0.0..epochs as f64),
        Axis::log("cost"),
    );
    plot.line(Hue::Vermillion, "validation", by_step(&validation));
    plot.line(Hue::Blue, "training", by_step(&train));
    lab.show(plot);
    let (last_train, last_validation) = (train[epochs - 1], validation[epochs - 1]);
    let least = validation.iter().copied().fold(f64::INFINITY, f64::min);
    lab.claim(
        "A run that overfits shows in the gap between training and validation alone",
        last_train < 0.01 && last_validation > 30.0 * last_train && last_validation > 1.02 * least,
        format!(
            "after {epochs} epochs on 100 digits the cost is {last_train:.4} in training and \
             {last_validation:.2} in validation, where it was {least:.2} before"
        ),
    );
    Ok(())
}

/// Many rates: where the ratio lies in the runs that end best.
fn sweep(lab: &mut Lab, digits: &Digits) -> Result {
    let epochs = lab.pick(40, 1);
    let mut table = Table::new(
        "The same network for 40 epochs at many learning rates",
        ["α", "ratio, first epoch", "ratio, median of all", "cost at the end"],
    );
    let (mut first, mut all) = (Vec::new(), Vec::new());
    for i in 0..lab.pick(13, 2) {
        let rate = 1e-3 * 2f64.powi(i);
        let mut model = classifier();
        let run = watch(&mut model, &digits.train, rate, epochs)?;
        let cost = model.cost(&digits.train)?;
        let early = median(&run.ratios[..run.ratios.len() / epochs]);
        table.row([
            format!("{rate}"),
            scientific(early, 2),
            scientific(median(&run.ratios), 2),
            if cost.is_finite() { format!("{cost:.4}") } else { format!("{cost}") },
        ]);
        if cost.is_finite() {
            first.push((early, cost));
            all.push((median(&run.ratios), cost));
        }
    }
    lab.table(table);
    let mut plot = Plot::new(
        "sweep",
        "The cost after 40 epochs against the ratio, at learning rates from 0.001 to 2",
        Axis::log("‖update‖ / ‖W‖"),
        Axis::log("cost on the training set"),
    );
    plot.points(Hue::Vermillion, "ratio in the first epoch", first.clone());
    plot.steps(Hue::Blue, "median of the run", all.clone());
    plot.rule_at_x(Hue::Green, "0.001", 1e-3);
    lab.show(plot);
    let lowest = all.iter().map(|run| run.1).fold(f64::INFINITY, f64::min);
    let good: Vec<f64> = all.iter().filter(|run| run.1 < 10.0 * lowest).map(|run| run.0).collect();
    let fastest = first.iter().find(|run| run.1 == lowest).map_or(f64::NAN, |run| run.0);
    lab.say(format!(
        "In its first epoch the run that ends lowest has a ratio of {fastest:.2}: the rule is about a \
         run as a whole."
    ));
    let [low, high] = [
        good.iter().copied().fold(f64::INFINITY, f64::min),
        good.iter().copied().fold(0.0, f64::max),
    ];
    lab.claim(
        "The ratio of a good run is somewhere around 0.001 or so",
        low > 2e-4 && high < 1e-2,
        format!(
            "{} runs end within ten times the lowest cost: their median ratios are {} to {}",
            good.len(),
            scientific(low, 2),
            scientific(high, 2)
        ),
    );
    Ok(())
}
