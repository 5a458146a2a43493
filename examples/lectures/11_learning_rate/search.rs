//! A range test and a random search.

use cotangent::optim::search::{RandomSearch, Space};
use cotangent::optim::{RangePoint, RangeTest, Sgd};
use cotangent::prelude::*;
use lab::{Axis, Classifier, Digits, Failure, Hue, Lab, Plot, Result, Table, mlp};

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let (low, high) = range_test(lab, &digits)?;
    random_search(lab, &digits, low, high)
}

/// The rate grows by a constant factor from step to step: where the cost falls, and where it bursts.
fn range_test(lab: &mut Lab, digits: &Digits) -> Result<(f64, f64)> {
    let mut params = Params::seeded(0);
    let model = mlp(&mut params.root(), &[64, 32, 10], Activation::Relu);
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
    let (tried, epochs) = (lab.pick(40, 5), 3);
    let search = RandomSearch::maximize(tried).seed(11);
    let trials = search.run(&space, |trial| {
        let mut sgd = Sgd::new(trial.real("rate"));
        let (mut model, mut order) = (Classifier::of_digits(0.0), lab::rng(0));
        for _ in 0..epochs {
            model.epoch(&digits.train, 64, &mut order, &mut sgd)?;
        }
        // A network that has burst is right on nothing.
        Ok::<_, Failure>(model.accuracy(&digits.validation)?.max(0.0))
    })?;
    let tries: Vec<(f64, f64)> = trials
        .outcomes
        .iter()
        .filter_map(|outcome| Some((outcome.trial.real("rate"), outcome.score()?)))
        .collect();
    let mut plot = Plot::new(
        "search",
        &format!("Random search: validation accuracy after {epochs} epochs, {tried} random rates"),
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
