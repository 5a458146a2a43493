//! The range that the slide advises, and where the best rates lie.

use cotangent::prelude::{Adam, Optimizer, Sgd};
use lab::{Axis, Classifier, Course, Digits, Hue, Lab, Plot, Result, Table, percent};

/// The rule of an optimizer, made of a learning rate.
type Rule = fn(f64) -> Box<dyn Optimizer<f32>>;

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let course = Course { epochs: lab.pick(10, 1), batch: 64, seed: 0 };
    // Four rates for each power of ten, from 10⁻⁵ to 10.
    let rates: Vec<f64> = (-20..=4).map(|i| 10f64.powf(f64::from(i) / 4.0)).collect();
    let (low, high) = (1e-5 * 0.999, 1e-3 * 1.001);
    let mut plot = Plot::new(
        "rough",
        &format!("Cost on the training set after {} epochs, by learning rate", course.epochs),
        Axis::log("learning rate α"),
        Axis::log("cross-entropy").range(1e-3..10.0),
    );
    let mut table = Table::new(
        "The best rate of all, and the best of those that the slide would have tried",
        ["optimizer", "best α", "cost", "accuracy", "best α in 10⁻⁵ … 10⁻³", "cost", "accuracy"],
    );
    let mut found = Vec::new();
    let rules: [(&str, Hue, Rule); 2] = [
        ("SGD", Hue::Blue, |rate| Box::new(Sgd::new(rate))),
        ("Adam", Hue::Vermillion, |rate| Box::new(Adam::new(rate))),
    ];
    for (name, hue, rule) in rules {
        let mut runs = Vec::new();
        for &rate in &rates {
            let mut model = Classifier::of_digits(0.0);
            let curve = model.train(&digits.train, course, &mut rule(rate))?;
            runs.push((rate, curve[course.epochs].1, model.accuracy(&digits.validation)?));
        }
        plot.steps(hue, name, runs.iter().map(|run| (run.0, run.1)).collect::<Vec<_>>());
        let advised = runs.iter().copied().filter(|run| (low..high).contains(&run.0));
        let advised = advised.min_by(|a, b| a.1.total_cmp(&b.1)).ok_or("no rate in the range")?;
        let best = lab.lowest(runs, |run| run.1)?;
        let [rate, cost, right] =
            [format!("{:.2e}", best.0), format!("{:.4}", best.1), percent(best.2)];
        let (there, worse) = (format!("{:.2e}", advised.0), format!("{:.4}", advised.1));
        table.row([name.into(), rate, cost, right, there, worse, percent(advised.2)]);
        found.push((best, advised));
    }
    plot.rule_at_x(Hue::Grey, "10⁻⁵ and 10⁻³", 1e-5).rule_at_x(Hue::Grey, "", 1e-3);
    lab.show(plot);
    lab.table(table);
    let [(sgd, of_sgd), (adam, of_adam)] = [found[0], found[1]];
    lab.contradicted(
        "The learning rate to cross-validate is somewhere between 10⁻³ and 10⁻⁵",
        [sgd.0, adam.0].iter().all(|rate| (low..high).contains(rate)),
        format!(
            "this small network learns best at {:.2} with SGD and {:.3} with Adam; within that range SGD comes to \
             a cost of {:.2} instead of {:.3}, Adam of {:.2} instead of {:.4}",
            sgd.0, adam.0, of_sgd.1, sgd.1, of_adam.1, adam.1
        ),
    );
    Ok(())
}
