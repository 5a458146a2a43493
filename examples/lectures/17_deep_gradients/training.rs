//! Training so many layers, with batch normalization and without.

use cotangent::nn::init::Init;
use cotangent::optim::Sgd;
use cotangent::prelude::Activation;
use lab::{Axis, Classifier, Course, Digits, Hue, Lab, Network, Plot, Result, Table, percent};

use crate::deep_gradients::{DEPTH, starts, widths};

/// The learning rates that are tried. Where the cost is not finite at any of them, there is no best.
const RATES: [f64; 7] = [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0];

/// A learning rate with the cost on the training set by epoch, and the validation accuracy at the end.
type Run = (f64, Vec<(f64, f64)>, f64);

fn train(lab: &Lab, digits: &Digits, init: Init, norm: bool) -> Result<Run> {
    let course = Course { epochs: lab.pick(10, 1), batch: 64, seed: 0 };
    let widths = widths(lab.pick(DEPTH, 4));
    let mut runs = Vec::new();
    for rate in RATES {
        let network = Network::new(&widths, Activation::Relu).init(init).batch_norm(norm);
        let mut model = Classifier::new(0, 0.0, |scope| network.build(scope));
        let curve = model.train(&digits.train, course, &mut Sgd::new(rate))?;
        runs.push((rate, curve, model.accuracy(&digits.validation)?));
    }
    let cost = |run: &Run| run.1[course.epochs].1;
    if runs.iter().all(|run| !cost(run).is_finite()) {
        return Ok(runs.swap_remove(0));
    }
    lab.lowest(runs, cost)
}

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let caption = format!(
        "Training {DEPTH} hidden layers, each at its best learning rate: thick with batch normalization, thin without"
    );
    let mut plot = Plot::new(
        "training",
        &caption,
        Axis::new("epoch"),
        Axis::log("training loss").range(0.2..20.0),
    );
    let mut table = Table::new(
        &format!(
            "Validation accuracy after training, at the best of {} learning rates from 10⁻⁶ to 1",
            RATES.len()
        ),
        ["weights", "without", "α", "with batch norm", "α"],
    );
    let mut found = Vec::new();
    let [large, kaiming, _, small, _] = starts();
    for (name, hue, init, _) in [large, kaiming, small] {
        let [plain, normed] = [false, true].map(|norm| train(lab, &digits, init, norm));
        let (plain, normed) = (plain?, normed?);
        let rate = |run: &Run| if run.2.is_nan() { "any".into() } else { format!("{}", run.0) };
        let cells = [percent(plain.2), rate(&plain), percent(normed.2), rate(&normed)];
        let [a, b, c, d] = cells;
        table.row([name.into(), a, b, c, d]);
        found.push([plain.2, normed.2]);
        plot.trace(hue, "", plain.1);
        plot.line(hue, name, normed.1);
    }
    plot.rule_at_y(Hue::Grey, "guessing, ln 10", 10f64.ln());
    lab.show(plot);
    lab.table(table);
    let [large, kaiming, small] = [found[0], found[1], found[2]];
    let worst = found.iter().map(|pair| pair[1]).fold(1.0, f64::min);
    let fails = |accuracy: f64| accuracy.is_nan() || accuracy < 0.3;
    lab.claim(
        "With batch normalization a very deep network is much more easily trained",
        worst > 0.6 && fails(large[0]) && fails(small[0]),
        format!(
            "with it each initialisation comes to {} or more; without, σ = 0.3 to: {}, Kaiming’s to {}, ±1/√n to {}",
            percent(worst),
            percent(large[0]),
            percent(kaiming[0]),
            percent(small[0])
        ),
    );
    Ok(())
}
