//! Training with each size of batch, at the rate that is best for it.

use lab::{Axis, Digits, Hue, Lab, Plot, Result, Table};

use crate::batches::{LEARNED, Training};

/// After how many epochs rates are compared.
const EPOCHS: usize = 20;

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let n = digits.train.len();
    let mut trainings = Vec::new();
    for batch in (0..11).map(|i| 1 << i).chain([n]) {
        let rates = (0..lab.pick(12, 1)).map(|i| 0.005 * 2f64.powi(i));
        let runs = rates.map(|rate| Training::new(&digits, batch, rate, lab.pick(EPOCHS, 2)));
        trainings.push(lab.lowest(runs.collect::<Result<_>>()?, Training::end)?);
    }
    figures(lab, &trainings);
    let caption = format!(
        "Training with each batch size, at the rate that is best after {EPOCHS} epochs of n = {n}"
    );
    let time_head = format!("ms to {LEARNED}");
    let head = ["batch", "α", "steps per epoch", "µs per sample", &time_head, "loss at the end"];
    let mut table = Table::new(&caption, head);
    let per_sample = |run: &Training| 1e6 * run.seconds / n as f64;
    for run in &trainings {
        table.row([
            format!("{}", run.batch),
            format!("{}", run.rate),
            format!("{}", n.div_ceil(run.batch)),
            format!("{:.2}", per_sample(run)),
            format!("{:.1}", run.time()),
            format!("{:.4}", run.end()),
        ]);
    }
    lab.table(table);
    let of = |batch: usize| trainings.iter().find(|run| run.batch == batch).ok_or("no such batch");
    let (one, small, middle, full) = (of(1)?, of(32)?, of(128)?, of(n)?);
    lab.claim(
        "Vectorisation provides efficiency",
        per_sample(one) > 3.0 * per_sample(middle),
        format!(
            "a sample takes {:.1} µs alone and {:.2} µs in a batch of {}",
            per_sample(one),
            per_sample(middle),
            middle.batch
        ),
    );
    lab.claim(
        "The full batch needs all samples for one update: far more passes",
        full.end() > 5.0 * small.end(),
        format!(
            "after {EPOCHS} epochs the loss is {:.4} with all samples, {:.4} with {}",
            full.end(),
            small.end(),
            small.batch
        ),
    );
    let fastest = |from: usize, to: usize| {
        let some = trainings.iter().filter(|run| (from..=to).contains(&run.batch));
        some.min_by(|a, b| a.time().total_cmp(&b.time())).ok_or("no such batch")
    };
    let best = fastest(2, n - 1)?;
    lab.claim(
        "A mini-batch of a proper size learns fastest, by the clock too",
        best.time() < 0.8 * one.time().min(full.time()),
        format!(
            "to a loss of {LEARNED}: {:.1} ms in batches of {}, {:.1} ms one by one, {:.1} ms with all",
            best.time(),
            best.batch,
            one.time(),
            full.time()
        ),
    );
    let (typical, smaller, larger) = (fastest(64, 512)?, fastest(1, 32)?, fastest(1024, n)?);
    lab.claim(
        "Typical mini-batch sizes are 64 to 512",
        // Neighbours differ by less than a clock tells two machines apart.
        typical.time() <= 1.5 * smaller.time().min(larger.time()),
        format!(
            "of them {} is the fastest with {:.1} ms; below 64 it takes {:.1} ms or more, above 512 {:.1}: \
             a half more would count against them",
            typical.batch,
            typical.time(),
            smaller.time(),
            larger.time()
        ),
    );
    lab.contradicted(
        "For small training sets (n < 2000) use the full batch",
        full.end() <= best.end() || full.time() <= best.time(),
        format!(
            "here n = {n}: after {EPOCHS} epochs the loss is {:.4} with the full batch and {:.4} with {}, \
             and to {LEARNED} it takes {:.1} times as long",
            full.end(),
            best.end(),
            best.batch,
            full.time() / best.time()
        ),
    );
    Ok(())
}

fn figures(lab: &mut Lab, trainings: &[Training]) {
    let cost = || Axis::log("cross-entropy").range(1e-4..3.0);
    let caption = "Loss on the training set against epochs, single passes over all samples, each at its best rate";
    let mut by_epoch = Plot::new("epochs", caption, Axis::new("epoch"), cost());
    let caption = "The same trainings against the time that they take on this machine";
    let mut by_time = Plot::new("time", caption, Axis::log("time in ms"), cost());
    for (i, hue) in [(0, Hue::Orange), (5, Hue::Green), (7, Hue::Vermillion), (11, Hue::Blue)] {
        let Training { batch, costs, seconds, .. } = &trainings[i];
        let label = format!("batch {batch}");
        by_epoch.line(hue, &label, costs.clone());
        let times = costs.iter().skip(1).map(|(epoch, cost)| (1e3 * seconds * epoch, *cost));
        by_time.line(hue, &label, times.collect::<Vec<_>>());
    }
    lab.show(by_epoch);
    lab.show(by_time);
}
