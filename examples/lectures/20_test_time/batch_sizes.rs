//! Accuracy by the size of test batches: with their own statistics, and with running averages.

use cotangent::data::Dataset;
use cotangent::ndarray::Axis as Along;
use cotangent::prelude::{Function, Mode};
use lab::{Axis, Classifier, Digits, Hue, Lab, Plot, Result, Table, percent, scientific};

use crate::test_time::trained;

/// The logits of a model in a mode, as a function of samples.
fn logits(model: &Classifier, mode: Mode) -> Function<'static, f32, 1> {
    let network = model.model.clone();
    Function::new(move |_, [x]| network.forward(x, mode))
}

/// The share classified right when the samples come in batches of this size, in their order.
fn accuracy(
    logits: &mut Function<'_, f32, 1>,
    model: &Classifier,
    samples: &Dataset,
    batch: usize,
) -> Result<f64> {
    let (mut hits, mut count) = (0, 0);
    for (x, labels) in samples.batches(batch)?.drop_last() {
        let of_batch = logits.run(&model.params, (&x,))?;
        for (row, &label) in of_batch.rows().into_iter().zip(&labels) {
            let greatest = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
            hits += usize::from(greatest.is_some_and(|(class, _)| class as i64 == label));
            count += 1;
        }
    }
    Ok(f64::from(hits as u32) / f64::from(count as u32))
}

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let (samples, model) = (&digits.validation, &mut trained(lab, &digits)?);
    let [mut own, mut running] = [Mode::Train, Mode::Eval].map(|mode| logits(model, mode));
    let mut sorted: Vec<usize> = (0..samples.len()).collect();
    sorted.sort_by_key(|&row| samples.labels()[row]);
    let sorted = samples.select(&sorted)?;
    let right = model.accuracy(samples)?;
    let mut table = Table::new(
        "Validation accuracy by the size of the test batches",
        ["batch", "running averages", "the batch’s own", "own, sorted by class"],
    );
    let (mut mixed_curve, mut sorted_curve, mut steady) = (Vec::new(), Vec::new(), true);
    for batch in [1, 2, 4, 8, 16, 32, 64, 128, 359] {
        let fixed = accuracy(&mut running, model, samples, batch)?;
        if batch <= 2 {
            steady &= (fixed - right).abs() < 0.01;
        }
        if batch == 1 {
            table.row(["1".into(), percent(fixed), "no variance".into(), "no variance".into()]);
            continue;
        }
        let mixed = accuracy(&mut own, model, samples, batch)?;
        let by_class = accuracy(&mut own, model, &sorted, batch)?;
        table.row([format!("{batch}"), percent(fixed), percent(mixed), percent(by_class)]);
        mixed_curve.push((batch as f64, mixed));
        sorted_curve.push((batch as f64, by_class));
    }
    let mut plot = Plot::new(
        "batches",
        "Accuracy by the size of the test batches: their own statistics, or running averages",
        Axis::log("test batch size"),
        Axis::new("validation accuracy").range(0.0..1.02),
    );
    plot.rule_at_y(Hue::Blue, "running averages", right);
    plot.steps(Hue::Orange, "own, mixed", mixed_curve.clone());
    plot.steps(Hue::Purple, "own, by class", sorted_curve.clone());
    lab.show(plot);
    lab.table(table);
    let (pair, all) = (mixed_curve[0].1, mixed_curve[mixed_curve.len() - 1].1);
    let by_class = sorted_curve[..6].iter().map(|point| point.1).fold(0.0, f64::max);
    lab.claim(
        "With a batch’s own statistics, small test batches go wrong; running averages do not care",
        right > 0.95 && pair < 0.7 && all > 0.94 && steady,
        format!(
            "running averages: {:.1} %, also one by one; own statistics: {:.1} % in pairs, {:.1} % in one batch of 359",
            100.0 * right,
            100.0 * pair,
            100.0 * all
        ),
    );
    lab.claim(
        "And large ones do too, unless they are drawn as the training batches were",
        by_class < 0.7,
        format!("sorted by class, at most {:.1} % in batches up to 64", 100.0 * by_class),
    );
    one_alone(lab, samples, &mut own, model)
}

/// A sample alone: it is its own mean. (The layer refuses a batch of one, which has no variance; the
/// same sample twice has the variance 0.)
fn one_alone(
    lab: &mut Lab,
    samples: &Dataset,
    own: &mut Function<'_, f32, 1>,
    model: &Classifier,
) -> Result {
    let mut answers = Vec::new();
    for row in samples.features().rows().into_iter().take(lab.pick(100, 5)) {
        let twice = row.insert_axis(Along(0)).select(Along(0), &[0, 0]);
        answers
            .push(own.run(&model.params, (&twice,))?.mapv(f64::from).into_raw_vec_and_offset().0);
    }
    let spread = answers.iter().flat_map(|answer| answer.iter().zip(&answers[0]));
    let spread = spread.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    lab.claim(
        "A batch of one has no use for its own statistics: z − μ = 0 whatever the sample",
        spread < 1e-3,
        format!(
            "the logits of {} different digits, each alone, differ by {} at most",
            answers.len(),
            scientific(spread, 1)
        ),
    );
    Ok(())
}
