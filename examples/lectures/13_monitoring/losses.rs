//! A good run and three bad ones, as the loss shows them and as the ratio does.

use lab::{
    Axis, Classifier, Digits, Hue, Lab, Plot, Result, Table, mean, median, numbered, scientific,
};

use crate::monitoring::{Watched, watch};

/// Learning rates, and a factor of the initial weights that is bad.
const GOOD: f64 = 0.3;
const LOW: f64 = 0.003;
const HIGH: f64 = 2.2;
const SMALL: f32 = 0.003;

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let epochs = lab.pick(10, 1);
    let watched = |rate: f64, scale: f32| {
        let mut model = Classifier::of_digits(0.0);
        model.params.trainable_mut().iter_mut().for_each(|w| *w *= scale);
        watch(&mut model, &digits.train, rate, epochs)
    };
    let good = watched(GOOD, 1.0)?;
    let low = watched(LOW, 1.0)?;
    let high = watched(HIGH, 1.0)?;
    let small = watched(GOOD, SMALL)?;
    let steps = good.costs.len();

    let mut plot = Plot::new(
        "losses",
        "The cost of each batch by step: a good run and three bad ones",
        Axis::new("step").range(0.0..steps as f64 + 1.0),
        Axis::new("cost of the batch").range(0.0..4.0),
    );
    plot.trace(Hue::Vermillion, "rate too high", numbered(1, &high.costs));
    plot.line(Hue::Purple, "bad initialisation", numbered(1, &small.costs));
    plot.line(Hue::Grey, "rate too low", numbered(1, &low.costs));
    plot.line(Hue::Blue, "good", numbered(1, &good.costs));
    lab.show(plot);

    let mut plot = Plot::new(
        "ratios",
        "The ratio of updates to weights of the first layer, in the same runs",
        Axis::new("step").range(0.0..steps as f64 + 1.0),
        Axis::log("‖update‖ / ‖W‖").range(1e-5..10.0),
    );
    plot.trace(Hue::Vermillion, "too high", numbered(1, &high.ratios));
    plot.trace(Hue::Grey, "too low", numbered(1, &low.ratios));
    plot.trace(Hue::Blue, "good", numbered(1, &good.ratios));
    plot.rule_at_y(Hue::Green, "0.001", 1e-3);
    lab.show(plot);

    let mut table = Table::new(
        &format!("The four runs after {epochs} epochs"),
        ["run", "cost, first ten steps", "cost, last ten", "median ratio"],
    );
    let ten = steps.min(10);
    let end = |run: &Watched| mean(&run.costs[steps - ten..]);
    let runs = [
        (format!("good: α = {GOOD}"), &good),
        (format!("rate too low: α = {LOW}"), &low),
        (format!("rate too high: α = {HIGH}"), &high),
        (format!("bad initialisation: × {SMALL}"), &small),
    ];
    for (label, run) in runs {
        table.row([
            label,
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
            "good: {:.2} after {epochs} epochs; rate too low: {:.2}; too high: up from {:.2} to {peak:.2} \
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
