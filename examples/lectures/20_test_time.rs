//! Batch normalization in training and at test time.
//!
//! `cargo run --release --example gallery -- test_time`

use cotangent::data::Dataset;
use cotangent::ndarray::{Array1, Array2, Axis as Along};
use cotangent::nn::batch_norm::Running;
use cotangent::optim::Sgd;
use cotangent::prelude::{Activation, Function, Mode, Sequential};
use lab::{
    Axis, Classifier, Deck, Digits, Experiment, Hue, Lab, Network, Plot, Result, Table, scientific,
};
use rand::RngExt;

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Batch normalization at test time",
    deck: Deck::Optimization,
    slides: "Batch normalization at test time",
    quotes: &[
        "At test time BatchNorm layer functions differently: The mean/std are not computed based on \
         the batch. Instead, a single fixed empirical mean of activations during training is used. \
         (e.g. can be estimated during training with running averages)",
    ],
    formulas: &[
        r"\mu^{[l]} = 0; \quad \mu^{[l]} = \beta \mu^{[l]} + (1 - \beta) \frac{1}{b} \sum_{j=1}^{b} X_j^{\{i\}} \quad \text{for } i = 1 \dots m",
    ],
    run,
};

/// β of the running averages.
const BETA: f64 = 0.9;

fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let mut model = running_averages(lab, &digits)?;
    batch_sizes(lab, &digits.validation, &mut model)?;
    company(lab, &digits.validation, &model)
}

/// The mean of what the second normalization gets of these samples.
fn means(
    mean: &mut Function<'_, f32, 1>,
    model: &Classifier,
    x: &Array2<f32>,
) -> Result<Array1<f64>> {
    Ok(mean.run(&model.params, (x,))?.mapv(f64::from).into_dimensionality()?)
}

/// Trains two hidden layers, and follows the running mean of the second, by the layer and by hand.
fn running_averages(lab: &mut Lab, digits: &Digits) -> Result<Classifier> {
    let running = Running::lecture();
    let network = Network::new(&[64, 64, 64, 10], Activation::Relu).running(running);
    let mut model = Classifier::new(0, 0.0, |scope| network.build(scope));
    let id = model.params.id("bn1.running_mean").ok_or("no running mean")?;
    let before: Sequential = model.model.layers()[..4].iter().cloned().collect();
    let mut mean = Function::new(move |_, [x]| before.forward(x, Mode::Train).mean_over(0));
    let (mut sgd, mut rng) = (Sgd::new(0.1), lab::rng(0));
    let mut by_hand = Array1::<f64>::zeros(64);
    let (mut batch_curve, mut running_curve, mut whole_curve) = (vec![], vec![(0.0, 0.0)], vec![]);
    let (mut off, mut noise, mut error, mut count) = (0f64, 0.0, 0.0, 0.0);
    for epoch in 0..lab.pick(10, 1) {
        for (x, labels) in digits.train.batches(32)?.drop_last().shuffled(&mut rng) {
            let batch = means(&mut mean, &model, &x)?;
            let whole = means(&mut mean, &model, digits.train.features())?;
            model.learn(&x, &labels, &mut sgd)?;
            by_hand = BETA * by_hand + (1.0 - BETA) * &batch;
            let by_layer = model.params.get(id).ok_or("no value")?.mapv(f64::from);
            let by_layer: Array1<f64> = by_layer.into_dimensionality()?;
            off = (&by_layer - &by_hand).iter().fold(off, |most, d| d.abs().max(most));
            let step = running_curve.len() as f64;
            batch_curve.push((step, batch[0]));
            running_curve.push((step, by_layer[0]));
            whole_curve.push((step, whole[0]));
            if epoch >= lab.pick(5, 0) {
                let distance = |a: &Array1<f64>| (a - &whole).mapv(|d| d * d).sum();
                noise += distance(&batch);
                error += distance(&by_layer);
                count += 64.0;
            }
        }
    }
    let (noise, error) = ((noise / count).sqrt(), (error / count).sqrt());
    let mut plot = Plot::new(
        "running",
        "Mean of a unit of layer 2 before its normalization, during training",
        Axis::new("step"),
        Axis::new("mean of z"),
    );
    plot.points(Hue::Grey, "batch of 32", batch_curve);
    plot.line(Hue::Blue, "running average, β = 0.9", running_curve);
    plot.line(Hue::Vermillion, "all 1438 samples", whole_curve);
    lab.show(plot);
    lab.claim(
        "The layer’s running mean is μ ← βμ + (1 − β)·(mean of the batch), from 0",
        off < 1e-5,
        format!("by hand and by the layer differ by {} (single precision)", scientific(off, 1)),
    );
    // Of independent batches an average with β has (1 − β)/(1 + β) of the variance.
    lab.claim(
        "The mean of all training samples can be estimated with running averages",
        1.5 * error < noise,
        format!(
            "off by {error:.4} in the last epochs, a single batch by {noise:.4}, that is {:.2} of it; if the weights did not move it would be √((1 − β)/(1 + β)) = 0.23",
            error / noise
        ),
    );
    Ok(model)
}

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

/// Accuracy by the size of test batches: with their own statistics, and with running averages.
fn batch_sizes(lab: &mut Lab, samples: &Dataset, model: &mut Classifier) -> Result {
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
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
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

/// One sample in the company of others drawn at random: the probability of its class.
fn company(lab: &mut Lab, samples: &Dataset, model: &Classifier) -> Result {
    let [mut own, mut running] = [Mode::Train, Mode::Eval].map(|mode| {
        let network = model.model.clone();
        Function::new(move |_, [x]| network.forward(x, mode).softmax(-1))
    });
    let mut rng = lab::rng(2);
    let class = samples.labels()[0] as usize;
    let (mut points, mut spreads, mut fixed) = (Vec::new(), Vec::new(), (1f64, 0f64));
    let sizes = [2, 4, 8, 16, 32, 64, 128, 256];
    for batch in sizes {
        let mut seen = Vec::new();
        for _ in 0..lab.pick(60, 3) {
            let others = (1..batch).map(|_| rng.random_range(1..samples.len()));
            let rows: Vec<usize> = std::iter::once(0).chain(others).collect();
            let x = samples.features().select(Along(0), &rows);
            seen.push(f64::from(own.run(&model.params, (&x,))?[[0, class]]));
            let same = f64::from(running.run(&model.params, (&x,))?[[0, class]]);
            fixed = (fixed.0.min(same), fixed.1.max(same));
        }
        let (low, high) = seen.iter().fold((1f64, 0f64), |(a, b), &p| (a.min(p), b.max(p)));
        spreads.push(high - low);
        points.extend(seen.into_iter().map(|p| (batch as f64, p)));
    }
    let mut plot = Plot::new(
        "company",
        "One digit among others at random: the probability that the network gives its class",
        Axis::log("test batch size"),
        Axis::new("probability of the right class").range(-0.02..1.02),
    );
    plot.points(Hue::Orange, "the batch’s own statistics, 60 draws each", points);
    plot.rule_at_y(Hue::Blue, "running averages", fixed.1);
    lab.show(plot);
    lab.claim(
        "At test time the answer must not depend on the other samples of the batch",
        fixed.1 - fixed.0 < 1e-5 && spreads[1] > 0.3,
        format!(
            "with running averages the probability varies by {}, with own statistics by {:.2} in batches of 4 and {:.2} in batches of 256",
            scientific(fixed.1 - fixed.0, 1),
            spreads[1],
            spreads[7]
        ),
    );
    Ok(())
}
