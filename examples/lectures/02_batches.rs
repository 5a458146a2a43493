//! Batch, mini-batch and single-sample descent, on the digits.
//!
//! `cargo run --release --example gallery -- batches`

use std::time::Instant;

use cotangent::optim::Sgd;
use cotangent::prelude::Activation;
use lab::{
    Axis, Classifier, Deck, Digits, Experiment, Hue, Lab, Plot, Result, Table, mlp, scientific,
};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Batch, mini-batch and stochastic descent",
    deck: Deck::Optimization,
    slides: "Mini-batch gradient descent; Gradient descent methods; Batch size; Choosing mini-batch size",
    quotes: &[
        "Vectorization provides efficiency.",
        "Batch size=1: Does not use vectorized form and thus not computationally efficient.",
        "e.g., Batch size= 32, 64, 128, 256: Vectorization. Fastest learning (for proper batch size).",
        "Batch size=n (the size of training set): Need to process whole training set for weight update.",
    ],
    formulas: &[
        r"J^{\{t\}} = \frac{1}{m} \sum_{n \in \text{Batch}_t} L\left(\hat{Y}_n^{\{t\}}, Y_n^{\{t\}}\right) + \lambda R(W)",
        r"W^{[l]} \leftarrow W^{[l]} - \alpha\, dW^{[l]}",
    ],
    run,
};

const LAMBDA: f64 = 1e-4;
/// The cost that counts as learned.
const LEARNED: f64 = 0.25;

/// The training of one batch size.
struct Training {
    batch: usize,
    /// The cost on the training set after each epoch, the first before any.
    costs: Vec<f64>,
    /// Seconds of the fastest epoch, which is disturbed the least.
    seconds: f64,
    rate: f64,
    /// The objective on its own batch at every step.
    steps: Vec<f64>,
}

fn classifier(lambda: f64) -> Classifier {
    Classifier::new(0, lambda, |scope| mlp(scope, &[64, 32, 10], Activation::Relu))
}

fn train(digits: &Digits, batch: usize, rate: f64, epochs: usize) -> Result<Training> {
    let mut model = classifier(LAMBDA);
    let mut rng = lab::rng(1);
    let mut sgd = Sgd::new(rate);
    // Record and compile for both sizes of batches, so that no time is taken of that.
    for (x, labels) in digits.train.batches(batch)? {
        if x.nrows() < batch || batch >= digits.train.len() {
            model.forward_backward(&x, &labels)?;
        }
    }
    let mut training = Training {
        batch,
        costs: vec![model.cost(&digits.train)?],
        seconds: f64::INFINITY,
        rate,
        steps: vec![],
    };
    for _ in 0..epochs {
        let start = Instant::now();
        training.steps.extend(model.epoch(&digits.train, batch, &mut rng, &mut sgd)?);
        training.seconds = training.seconds.min(start.elapsed().as_secs_f64());
        training.costs.push(model.cost(&digits.train)?);
    }
    Ok(training)
}

fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let n = digits.train.len();
    let epochs = lab.pick(100, 2);
    let mut trainings = Vec::new();
    for batch in [1, 32, 64, 128, 256, 512, n] {
        // The more samples, the less noise, and the higher a rate is borne, up to a limit.
        let rate = if batch == 1 { 0.02 } else { (batch as f64 / 320.0).min(0.8) };
        trainings.push(train(&digits, batch, rate, epochs)?);
    }
    curves(lab, &trainings);
    numbers(lab, &trainings, n);
    regularised(lab, &digits)
}

fn curves(lab: &mut Lab, trainings: &[Training]) {
    let chosen = [(0, Hue::Orange), (1, Hue::Green), (3, Hue::Vermillion), (6, Hue::Blue)];
    let mut by_epoch = Plot::new(
        "epochs",
        "Loss on the training set against epochs: one epoch is a single pass over all training samples",
        Axis::new("epoch").range(0.0..20.5),
        Axis::log("cross-entropy").range(0.005..3.0),
    );
    let mut by_time = Plot::new(
        "time",
        "The same trainings against the time that they take on this machine",
        Axis::log("time in ms").range(0.3..1000.0),
        Axis::log("cross-entropy").range(0.005..3.0),
    );
    for (i, hue) in chosen {
        let Training { batch, costs, seconds, .. } = &trainings[i];
        let label = format!("batch {batch}");
        let epochs = costs.iter().enumerate().map(|(epoch, &cost)| (epoch as f64, cost));
        by_epoch.line(hue, &label, epochs.collect::<Vec<_>>());
        let times =
            costs.iter().enumerate().map(|(epoch, &cost)| (1e3 * seconds * epoch as f64, cost));
        by_time.line(hue, &label, times.skip(1).collect::<Vec<_>>());
    }
    lab.show(by_epoch);
    lab.show(by_time);
    let mut plot = Plot::new(
        "smooth",
        "The objective that each step sees, over its first 60 steps: full batch and mini-batch",
        Axis::new("step").range(0.0..61.0),
        Axis::new("objective J").range(0.0..3.0),
    );
    for (i, hue, label) in [(1, Hue::Vermillion, "batch 32"), (6, Hue::Blue, "all samples")] {
        let steps = trainings[i].steps.iter().enumerate().map(|(step, &j)| (step as f64, j));
        plot.trace(hue, label, steps.take(61).collect::<Vec<_>>());
    }
    lab.show(plot);
    let ups = |i: usize| {
        let steps = &trainings[i].steps;
        steps.windows(2).filter(|pair| pair[1] > pair[0]).count() as f64 / (steps.len() - 1) as f64
    };
    lab.claim(
        "With the full batch the loss falls at every step; with mini-batches the curve is noisy",
        ups(6) == 0.0 && ups(1) > 0.3,
        format!(
            "steps that go up: {:.0} % for all samples, {:.0} % for 32",
            100.0 * ups(6),
            100.0 * ups(1)
        ),
    );
}

fn numbers(lab: &mut Lab, trainings: &[Training], n: usize) {
    let mut table = Table::new(
        "Training with each batch size",
        [
            "batch",
            "α",
            "steps per epoch",
            "µs per sample",
            "epochs to 0.25",
            "ms to 0.25",
            "loss after 20 epochs",
        ],
    );
    let mut per_sample = Vec::new();
    let mut times = Vec::new();
    for Training { batch, costs, seconds, rate, .. } in trainings {
        let epoch = *seconds;
        per_sample.push(1e6 * epoch / n as f64);
        let learned = costs.iter().position(|&cost| cost < LEARNED);
        times.push(learned.map_or(f64::INFINITY, |epochs| epoch * epochs as f64));
        let or_never = |value: Option<String>| value.unwrap_or_else(|| "never".to_owned());
        table.row([
            format!("{batch}"),
            format!("{rate:.2}"),
            format!("{}", n.div_ceil(*batch)),
            format!("{:.2}", 1e6 * epoch / n as f64),
            or_never(learned.map(|epochs| format!("{epochs}"))),
            or_never(learned.map(|epochs| format!("{:.1}", 1e3 * epoch * epochs as f64))),
            format!("{:.4}", costs[20.min(costs.len() - 1)]),
        ]);
    }
    lab.table(table);
    lab.claim(
        "Vectorisation provides efficiency",
        per_sample[0] > 3.0 * per_sample[3],
        format!(
            "a sample takes {:.1} µs alone and {:.2} µs in a batch of 128",
            per_sample[0], per_sample[3]
        ),
    );
    let after = |i: usize| trainings[i].costs.get(20).copied().unwrap_or(f64::NAN);
    lab.claim(
        "The full batch needs all samples for one update: far more passes",
        after(6) > 5.0 * after(1) && after(6) > 5.0 * after(2),
        format!(
            "after 20 epochs the loss is {:.3} with all samples, {:.4} with 32",
            after(6),
            after(1)
        ),
    );
    let middle = times[1..6].iter().copied().fold(f64::INFINITY, f64::min);
    lab.claim(
        "A mini-batch of a proper size learns fastest, by the clock too",
        middle < 0.8 * times[0] && middle < 0.8 * times[6],
        format!(
            "to a loss of {LEARNED}: {:.1} ms with the best size, {:.1} ms one by one, {:.1} ms with all",
            1e3 * middle,
            1e3 * times[0],
            1e3 * times[6]
        ),
    );
    lab.say(format!(
        "The slide advises the full batch for n < 2000. Here n = {n}, and mini-batches learn faster all the same."
    ));
}

/// The objective with λR(W) = λ·Σw².
fn regularised(lab: &mut Lab, digits: &Digits) -> Result {
    let lambda = 0.01;
    let (mut plain, mut penalised) = (classifier(0.0), classifier(lambda));
    let (x, labels) = (digits.train.features(), digits.train.labels());
    let without = plain.forward_backward(x, labels)?;
    let with = penalised.forward_backward(x, labels)?;
    let (mut worst, mut squares) = (0f64, 0.0);
    for param in plain.params.trainable_entries() {
        let weight = param.path().ends_with("weight");
        let range = plain.params.range(param.id());
        for i in range {
            let w = f64::from(plain.params.trainable()[i]);
            let [g, h] = [&plain, &penalised].map(|m| f64::from(m.gradients().values()[i]));
            let decay = if weight { 2.0 * lambda * w } else { 0.0 };
            worst = worst.max((h - g - decay).abs());
            squares += if weight { w * w } else { 0.0 };
        }
    }
    let norm = |lambda: f64| -> Result<f64> {
        let mut model = classifier(lambda);
        let (mut sgd, mut rng) = (Sgd::new(0.2), lab::rng(1));
        for _ in 0..lab.pick(20, 1) {
            model.epoch(&digits.train, 64, &mut rng, &mut sgd)?;
        }
        let weights = model.params.trainable().iter().map(|&w| f64::from(w).powi(2));
        Ok(weights.sum::<f64>().sqrt())
    };
    let (free, held) = (norm(0.0)?, norm(lambda)?);
    lab.claim(
        "The objective is the mean loss plus λR(W), and its gradient has 2λW more",
        (with - without - lambda * squares).abs() < 1e-5 && worst < 1e-6 && held < 0.8 * free,
        format!(
            "J is {:.4} larger, λΣw² is {:.4}; gradients agree to {worst}; after 20 epochs the \
             weights’ norm is {held:.2} with λ = {lambda} and {free:.2} without",
            with - without,
            lambda * squares,
            worst = scientific(worst, 1)
        ),
    );
    Ok(())
}
