//! The gap between training and validation, by batch size.

use lab::{Axis, Digits, Hue, Lab, Plot, Result, Table};

use crate::advantages::{EPOCHS, FEW, NAMES, RATE, SEEDS, WRONG, mislabelled, overfit};

pub fn run(lab: &mut Lab) -> Result {
    let digits = &Digits::load()?;
    let samples = &mislabelled(digits)?;
    let wrong = format!("{:.0} %", 100.0 * WRONG);
    let mut plot = Plot::new(
        "gap",
        &format!(
            "Gap between training and validation accuracy: {FEW} digits, {wrong} of them mislabelled"
        ),
        Axis::log("batch size"),
        Axis::new("training − validation accuracy"),
    );
    let mut table = Table::new(
        &format!(
            "{FEW} digits, {wrong} mislabelled, {EPOCHS} epochs of SGD, α = {RATE}, mean of {SEEDS} seeds"
        ),
        ["batch", "training", "validation", "training, batch norm", "validation, batch norm"],
    );
    let batches = [4, 8, 16, 32, 64, 128];
    let mut found = Vec::new();
    for (name, hue, norm) in NAMES {
        let mut runs = Vec::new();
        for batch in batches {
            runs.push(overfit(lab, (samples, digits), (norm, 0.0), batch)?);
        }
        let gap = |(&batch, run): (&usize, &[f64; 2])| (batch as f64, run[0] - run[1]);
        plot.steps(hue, name, batches.iter().zip(&runs).map(gap).collect::<Vec<_>>());
        found.push(runs);
    }
    for (i, batch) in batches.iter().enumerate() {
        let percent = |norm: usize, of: usize| lab::percent(found[norm][i][of]);
        table.row([format!("{batch}"), percent(0, 0), percent(0, 1), percent(1, 0), percent(1, 1)]);
    }
    plot.rule_at_y(Hue::Grey, "", 0.0);
    lab.show(plot);
    lab.table(table);
    let gap = |norm: usize, i: usize| 100.0 * (found[norm][i][0] - found[norm][i][1]);
    let validation = |norm: usize| 100.0 * found[norm][0][1];
    lab.claim(
        "Provides some regularization: the noise of small batches’ statistics keeps from learning by heart",
        gap(1, 0) < gap(0, 0) - 20.0 && validation(1) > validation(0) + 8.0,
        format!(
            "in batches of 4 the gap is {:.0} % with it and {:.0} % without, the validation accuracy {:.1} % and {:.1} %",
            gap(1, 0),
            gap(0, 0),
            validation(1),
            validation(0)
        ),
    );
    lab.claim(
        "The noise fades as batches grow",
        gap(1, 2) > gap(1, 0) + 15.0,
        format!(
            "the gap with batch normalization is {:.0} % at 4, {:.0} % at 8, {:.0} % at 16",
            gap(1, 0),
            gap(1, 1),
            gap(1, 2)
        ),
    );
    let large = [1, 0].map(|norm| gap(norm, 4));
    lab.contradicted(
        "It regularises at large batches too",
        large[0] < large[1],
        format!(
            "at {} the gap is {} % with batch normalization and {} % without: it learns faster there, and so the \
             wrong labels sooner",
            batches[4],
            format!("{:.0}", large[0]).replace('-', "−"),
            format!("{:.0}", large[1]).replace('-', "−")
        ),
    );
    Ok(())
}
