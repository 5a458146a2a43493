//! Many rates: where the ratio lies in the runs that end best.

use lab::{Axis, Classifier, Digits, Hue, Lab, Plot, Result, Table, median, scientific};

use crate::monitoring::watch;

/// A learning rate with the ratio in its first epoch, the median of all, and the cost at the end.
#[derive(Clone, Copy)]
struct Run {
    rate: f64,
    early: f64,
    all: f64,
    cost: f64,
}

pub fn run(lab: &mut Lab) -> Result {
    let (digits, epochs) = (Digits::load()?, lab.pick(40, 1));
    let mut runs = Vec::new();
    for i in 0..lab.pick(13, 2) {
        let rate = 1e-3 * 2f64.powi(i);
        let mut model = Classifier::of_digits(0.0);
        let watched = watch(&mut model, &digits.train, rate, epochs)?;
        let early = median(&watched.ratios[..watched.ratios.len() / epochs]);
        let (all, cost) = (median(&watched.ratios), model.cost(&digits.train)?);
        runs.push(Run { rate, early, all, cost });
    }
    let mut table = Table::new(
        &format!("The same network for {epochs} epochs at many learning rates"),
        ["α", "ratio, first epoch", "ratio, median of all", "cost at the end"],
    );
    for Run { rate, early, all, cost } in &runs {
        table.row([
            format!("{rate}"),
            scientific(*early, 2),
            scientific(*all, 2),
            format!("{cost:.4}"),
        ]);
    }
    lab.table(table);
    let finite: Vec<Run> = runs.iter().copied().filter(|run| run.cost.is_finite()).collect();
    let highest = finite.iter().map(|run| run.rate).fold(0.0, f64::max);
    let mut plot = Plot::new(
        "sweep",
        &format!(
            "The cost after {epochs} epochs against the ratio, at learning rates from 0.001 to {highest:.0}"
        ),
        Axis::log("‖update‖ / ‖W‖"),
        Axis::log("cost on the training set"),
    );
    let points = |of: fn(&Run) -> f64| -> Vec<(f64, f64)> {
        finite.iter().map(|run| (of(run), run.cost)).collect()
    };
    plot.points(Hue::Vermillion, "ratio in the first epoch", points(|run| run.early));
    plot.steps(Hue::Blue, "median of the run", points(|run| run.all));
    plot.rule_at_x(Hue::Green, "0.001", 1e-3);
    lab.show(plot);

    let best = lab.lowest(runs, |run| run.cost)?;
    let good = finite.iter().filter(|run| run.cost < 10.0 * best.cost).map(|run| run.all);
    let (low, high) = good.clone().fold((f64::INFINITY, 0f64), |(a, b), r| (a.min(r), b.max(r)));
    lab.claim(
        "The ratio of a good run is somewhere around 0.001 or so",
        low > 2e-4 && high < 1e-2,
        format!(
            "{} runs end within ten times the lowest cost: their median ratios are {} to {}",
            good.count(),
            scientific(low, 2),
            scientific(high, 2)
        ),
    );
    lab.contradicted(
        "Already in its first epoch",
        (2e-4..1e-2).contains(&best.early),
        format!(
            "the run that ends lowest, at α = {}, has a ratio of {:.2} there: the rule is about a run as a whole",
            best.rate, best.early
        ),
    );
    Ok(())
}
