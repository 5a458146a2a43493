//! A network on the digits, each racer at its best learning rate.

use lab::{Axis, Classifier, Course, Digits, Lab, Plot, Result, Table, percent};

use crate::race::{racers, rates};

/// The validation accuracy of a good rate.
const GOOD: f64 = 0.95;

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let course = Course { epochs: lab.pick(8, 1), batch: 64, seed: 0 };
    let (epochs, rates) = (course.epochs, rates());
    let mut table = Table::new(
        &format!(
            "On the digits after {epochs} epochs, each at the best of {} learning rates from 10⁻⁴ to 50; good \
             rates reach {:.0} %",
            rates.len(),
            100.0 * GOOD
        ),
        ["optimizer", "α", "training loss", "validation accuracy", "good rates"],
    );
    let mut plot = Plot::new(
        "digits",
        "Training loss on the digits, each at its best learning rate",
        Axis::new("epoch"),
        Axis::log("cross-entropy"),
    );
    let mut found = Vec::new();
    for (name, hue, optimizer) in racers() {
        let mut runs = Vec::new();
        for &rate in &rates {
            let mut model = Classifier::of_digits(0.0);
            let curve = model.train(&digits.train, course, &mut optimizer(rate))?;
            runs.push((rate, curve, model.accuracy(&digits.validation)?));
        }
        let good = runs.iter().filter(|run| run.2 >= GOOD).count();
        let (rate, curve, accuracy) = lab.lowest(runs, |run| run.1[epochs].1)?;
        let loss = curve[epochs].1;
        let (rate, good) = (format!("{rate}"), format!("{good}"));
        table.row([name.into(), rate, format!("{loss:.4}"), percent(accuracy), good]);
        found.push((loss, accuracy));
        plot.line(hue, name, curve);
    }
    lab.table(table);
    lab.show(plot);
    let top = found.iter().map(|run| run.1).fold(0.0, f64::max);
    let (sgd, adam) = (found[0], found[5]);
    lab.claim(
        "Adam is a good default choice",
        adam.1 > top - 0.02 && adam.0 < sgd.0,
        format!(
            "validation accuracy {}, the best of all {}; training loss {:.4}, SGD’s {:.4}",
            percent(adam.1),
            percent(top),
            adam.0,
            sgd.0
        ),
    );
    Ok(())
}
