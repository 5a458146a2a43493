//! Choosing the learning rate: too low, right, too high; a range test and a random search.
//!
//! `cargo run --release --example gallery -- learning_rate`

use cotangent::optim::search::{RandomSearch, Space};
use cotangent::optim::{RangePoint, RangeTest, Sgd};
use cotangent::prelude::*;
use lab::{
    Axis, Classifier, Deck, Digits, Experiment, Failure, Hue, Lab, Plot, Result, Table, mlp,
};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Choosing the learning rate",
    deck: Deck::Both,
    slides: "Which one of these learning rates is best to use?; Choosing learning rate parameter; \
             Topics in deep learning",
    quotes: &[
        "Loss not going down: learning rate too low.",
        "Loss exploding: learning rate too high. Cost: NaN almost always means high learning rate…",
        "It is hard to decide which hyperparameter is the most important in a problem as it depends \
         a lot on your problem. Try random values.",
    ],
    formulas: &[r"\alpha = 10^{u}, \quad u \sim U(-4, 1)"],
    run,
};

const WIDTHS: [usize; 3] = [64, 32, 10];

fn classifier() -> Classifier {
    Classifier::new(0, 0.0, |scope| mlp(scope, &WIDTHS, Activation::Relu))
}

fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    four_rates(lab, &digits)?;
    let (low, high) = range_test(lab, &digits)?;
    random_search(lab, &digits, low, high)
}

/// A number as C prints it with %e.
fn as_c(x: f64) -> String {
    let exponent = x.log10().floor() as i32;
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{:.6}e{sign}{:02}", x / 10f64.powi(exponent), exponent.abs())
}

/// Ten epochs at four rates, with the lines that the slide prints.
fn four_rates(lab: &mut Lab, digits: &Digits) -> Result {
    let epochs = lab.pick(10, 2);
    let mut plot = Plot::new(
        "rates",
        "Cost by epoch: too low, right, too high; at 10⁶ it is NaN and cannot be drawn",
        Axis::new("epoch").range(0.5..epochs as f64 + 0.5),
        Axis::new("cost on the training set").range(0.0..3.0),
    );
    let mut outcomes = Vec::new();
    for (rate, hue, label) in [
        (1e-6, Hue::Blue, "α = 10⁻⁶, too low"),
        (0.5, Hue::Green, "α = 0.5, right"),
        (2.2, Hue::Vermillion, "α = 2.2, too high"),
        (1e6, Hue::Grey, ""),
    ] {
        let (mut model, mut sgd, mut rng) = (classifier(), Sgd::new(rate), lab::rng(0));
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
        plot.line(hue, label, curve);
    }
    lab.show(plot);
    let [low, right, high, burst] = [0, 1, 2, 3].map(|i| &outcomes[i * epochs..(i + 1) * epochs]);
    let last = epochs - 1;
    lab.claim(
        "Loss not going down: learning rate too low",
        low[last].0 > 0.99 * low[0].0 && low[last].1 < 0.25,
        format!("at 10⁻⁶ the cost goes from {:.4} to {:.4} in ten epochs", low[0].0, low[last].0),
    );
    lab.claim(
        "The right one learns",
        right[last].0 < 0.1 && right[last].1 > 0.95,
        format!(
            "at 0.5 the cost is {:.4} and the validation accuracy {:.3}",
            right[last].0, right[last].1
        ),
    );
    let mean = |run: &[(f64, f64)]| run.iter().map(|epoch| epoch.0).sum::<f64>() / run.len() as f64;
    lab.claim(
        "With a higher one the cost bursts before it falls, if it does",
        mean(high).is_nan() || mean(high) > 3.0 * mean(right),
        format!(
            "at 2.2 the cost is {:.2} on average over ten epochs, at 0.5 {:.2}",
            mean(high),
            mean(right)
        ),
    );
    lab.claim(
        "Cost NaN: learning rate too high",
        burst.iter().all(|epoch| epoch.0.is_nan() && epoch.1 < 0.15),
        format!("at 10⁶ the cost is {} from the first epoch on", burst[0].0),
    );
    Ok(())
}

/// The rate grows by a constant factor from step to step: where the cost falls, and where it bursts.
fn range_test(lab: &mut Lab, digits: &Digits) -> Result<(f64, f64)> {
    let mut params = Params::seeded(0);
    let model = mlp(&mut params.root(), &WIDTHS, Activation::Relu);
    let mut step = Step::new(|_, [x, y]| model.forward(x, Mode::Train).cross_entropy(y));
    let mut batches = digits.train.epochs(64)?.drop_last()?.shuffled(5);
    let test = RangeTest::new(1e-5, 10.0, 160);
    let curve = test.run(&mut params, &mut Sgd::new(0.1), |params, sgd| {
        let (x, labels) = batches.next().expect("epochs have no end");
        let cost = step.run(params, (&x, &labels))?;
        sgd.step(params, step.gradients())?;
        Ok::<_, Failure>(f64::from(cost))
    })?;
    let low = curve.falls_from().ok_or("never falls")?;
    let high = curve.bursts_at().ok_or("never bursts")?;
    let suggestion = curve.suggestion().ok_or("never falls")?;
    let mut plot = Plot::new(
        "range",
        "Range test: the rate grows at every step; choose one where the cost falls steeply",
        Axis::log("learning rate α"),
        Axis::new("cost of the batch").range(0.0..3.5),
    );
    let of = |y: fn(&RangePoint) -> f64| -> Vec<(f64, f64)> {
        curve.points.iter().map(|point| (point.rate, y(point))).collect()
    };
    plot.points(Hue::Grey, "one batch", of(|point| point.loss));
    plot.line(Hue::Blue, "average, bias corrected", of(|point| point.smoothed));
    plot.rule_at_x(Hue::Green, "begins to fall", low);
    plot.rule_at_x(Hue::Vermillion, "bursts", high);
    lab.show(plot);
    lab.claim(
        "One sweep shows the range of learning rates that work",
        low > 1e-4 && high > 10.0 * low && (low..high).contains(&suggestion),
        format!(
            "the cost begins to fall at α = {low:.4}, falls most steeply at {suggestion:.3} and \
             bursts at {high:.2}"
        ),
    );
    Ok((low, high))
}

/// Rates drawn evenly on a logarithmic scale, three epochs each.
fn random_search(lab: &mut Lab, digits: &Digits, low: f64, high: f64) -> Result {
    let space = Space::new().log_uniform("rate", 1e-4, 10.0);
    let search = RandomSearch::maximize(lab.pick(40, 5)).seed(11);
    let trials = search.run(&space, |trial| {
        let mut sgd = Sgd::new(trial.real("rate"));
        let (mut model, mut order) = (classifier(), lab::rng(0));
        for _ in 0..3 {
            model.epoch(&digits.train, 64, &mut order, &mut sgd)?;
        }
        model.accuracy(&digits.validation)
    })?;
    let tries: Vec<(f64, f64)> = trials
        .outcomes
        .iter()
        .filter_map(|outcome| Some((outcome.trial.real("rate"), outcome.score()?)))
        .collect();
    let mut plot = Plot::new(
        "search",
        "Random search: validation accuracy after three epochs, 40 random rates",
        Axis::log("learning rate α").range(1e-4..10.0),
        Axis::new("validation accuracy").range(-0.02..1.02),
    );
    plot.points(Hue::Blue, "one try", tries.clone());
    plot.rule_at_x(Hue::Green, "begins to fall", low);
    plot.rule_at_x(Hue::Vermillion, "bursts", high);
    lab.show(plot);
    let mut table = Table::new("The best five of the random search", ["α", "validation accuracy"]);
    for (rate, accuracy) in tries.iter().take(5) {
        table.row([format!("{rate:.4}"), format!("{accuracy:.4}")]);
    }
    lab.table(table);
    let within = tries.iter().take(5).all(|(rate, _)| (low..high).contains(rate));
    lab.claim(
        "Try random values: the best lie where the range test says",
        within && tries[0].1 > 0.93,
        format!(
            "α = {:.3} is right on {:.1} %; the best five lie in {low:.4} … {high:.2}",
            tries[0].0,
            100.0 * tries[0].1
        ),
    );
    Ok(())
}
